/* SPDX-License-Identifier: Apache-2.0 */
/* One request as libcurl's options. */
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/fetch_address.h"
#include "http/fetch_inner.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Registries on object stores check and move for minutes before they say that a blob is stored. */
#define COMMIT_PATIENCE 10

#define BRIEF_MS 10000

/* A number of TLS extension types kept for private use. */
#define NEWLINE_EXTENSION 0xff5a

/*
 * Gives the TLS greeting a line of its own. A server that speaks HTTP without TLS then sees a
 * complete, malformed request and answers at once; without it some wait for the line's end.
 */
static int newline_extension(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
                             size_t *out_size, X509 *x509, size_t chain, int *alert, void *user)
{
    static const unsigned char line_end[] = {'\r', '\n', '\r', '\n'};

    (void)ssl, (void)type, (void)context, (void)x509, (void)chain, (void)alert, (void)user;
    *out = line_end;
    *out_size = sizeof(line_end);
    return 1;
}

static CURLcode on_tls_context(CURL *easy, void *context, void *user)
{
    const zreg__fetch_exchange *exchange = user;

    (void)easy;
    if (exchange->trust != NULL && !zreg__fetch_trust_apply(exchange->trust, context)) {
        return CURLE_OUT_OF_MEMORY;
    }
    if (exchange->secret) {
        SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    }
    if (exchange->maybe_plain &&
        SSL_CTX_add_custom_ext(context, NEWLINE_EXTENSION, SSL_EXT_CLIENT_HELLO, newline_extension,
                               NULL, NULL, NULL, NULL) != 1) {
        return CURLE_OUT_OF_MEMORY;
    }
    return CURLE_OK;
}

/* Called with each address that the name led to, before anything is sent there. */
static curl_socket_t on_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    zreg__fetch_exchange *exchange = user;

    (void)purpose;
    /* A proxy was chosen by the user. */
    if (exchange->public_peer_only && exchange->lane->proxy == NULL &&
        zreg__fetch_address_is_private(&address->addr)) {
        exchange->refused_private = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Called when a request is about to be sent. */
static int on_connected(void *user, char *peer, char *local, int peer_port, int local_port)
{
    zreg__fetch_exchange *exchange = user;

    (void)local, (void)local_port, (void)peer_port;
    exchange->connected = true;
    exchange->sends++;
    exchange->moved++;
    if (exchange->counters != NULL) {
        atomic_fetch_add(&exchange->counters->requests, 1);
    }
    if (exchange->hops == 0) {
        if (exchange->tally != NULL) {
            atomic_fetch_add(exchange->tally, 1);
        }
        exchange->peer_is_private =
            exchange->lane->proxy == NULL && zreg__fetch_address_text_is_private(peer);
    }
    return CURL_PREREQFUNC_OK;
}

/* Hands over bytes of the writer that waits. */
static size_t on_send(char *to, size_t size, size_t count, void *user)
{
    zreg__fetch_exchange *exchange = user;
    size_t room = size * count;
    size_t take = exchange->from_size < room ? exchange->from_size : room;

    if (take == 0 && !exchange->from_end) {
        exchange->out_paused = true;
        return CURL_READFUNC_PAUSE;
    }
    if (take > 0) {
        memcpy(to, exchange->from, take);
        exchange->from += take;
        exchange->from_size -= take;
        exchange->moved++;
    }
    return take;
}

static zreg_status add_header(zreg__fetch_exchange *exchange, const char *text, zreg_error *err)
{
    struct curl_slist *longer = curl_slist_append(exchange->headers, text);

    if (longer == NULL) {
        return zreg__fail_nomem(err);
    }
    exchange->headers = longer;
    return ZREG_OK;
}

static bool has_header(const zreg__fetch_request *request, const char *prefix)
{
    for (const char *const *at = request->headers; at != NULL && *at != NULL; at++) {
        if (strncasecmp(*at, prefix, strlen(prefix)) == 0) {
            return true;
        }
    }
    return false;
}

void zreg__fetch_headers_wipe(zreg__fetch_exchange *exchange)
{
    for (struct curl_slist *at = exchange->headers; at != NULL; at = at->next) {
        explicit_bzero(at->data, strlen(at->data));
    }
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
}

static zreg_status set_headers(zreg__fetch_exchange *exchange, const zreg__fetch_request *request,
                               zreg_error *err)
{
    zreg__fetch_headers_wipe(exchange);
    for (const char *const *at = request->headers; at != NULL && *at != NULL; at++) {
        ZREG__TRY(add_header(exchange, *at, err));
    }
    for (const char *const *at = request->own_headers; at != NULL && *at != NULL; at++) {
        ZREG__TRY(exchange->foreign ? ZREG_OK : add_header(exchange, *at, err));
    }
    if (request->authorization != NULL && !exchange->foreign) {
        ZREG__AUTO_SECRET char *line = zreg__concat("Authorization: ", request->authorization, "");

        if (line == NULL) {
            return zreg__fail_nomem(err);
        }
        ZREG__TRY(add_header(exchange, line, err));
    }
    /* libcurl's own ideas: a second's wait for "100 Continue", and forms. */
    ZREG__TRY(add_header(exchange, "Expect:", err));
    if (!has_header(request, "Content-Type:")) {
        ZREG__TRY(add_header(exchange, "Content-Type:", err));
    }
    curl_easy_setopt(exchange->lane->easy, CURLOPT_HTTPHEADER, exchange->headers);
    return ZREG_OK;
}

/* Other answers than those to GET are short, and TLS gives a record of 16 KiB at a time. */
static size_t buffer_bytes(const zreg__fetch_exchange *exchange, const zreg__fetch_request *request)
{
    if (strcmp(request->method, "GET") != 0) {
        return ZREG__FETCH_SHORT_BYTES;
    }
    return exchange->url.tls ? CURL_MAX_WRITE_SIZE : ZREG__FETCH_BUFFER_BYTES;
}

/* Under TLS a head is copied there before it is sent, and a body goes in records of 16 KiB. */
static size_t upload_bytes(const zreg__fetch_exchange *exchange, const zreg__fetch_request *request)
{
    return request->stream && !exchange->url.tls ? ZREG__FETCH_BUFFER_BYTES : CURL_MAX_WRITE_SIZE;
}

static void set_method(zreg__fetch_exchange *exchange, const zreg__fetch_request *request)
{
    CURL *easy = exchange->lane->easy;
    bool sends = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0 ||
                 strcmp(request->method, "PATCH") == 0;

    exchange->step_bytes = buffer_bytes(exchange, request);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)exchange->step_bytes);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)upload_bytes(exchange, request));
    if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request->stream) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                         request->stream_bytes == UINT64_MAX ? (curl_off_t)-1
                                                             : (curl_off_t)request->stream_bytes);
    } else if (sends) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static CURLcode set_blob(CURL *easy, CURLoption option, const char *pem)
{
    struct curl_blob blob = {(void *)(uintptr_t)pem, pem != NULL ? strlen(pem) : 0, CURL_BLOB_COPY};

    return pem == NULL ? CURLE_OK : curl_easy_setopt(easy, option, &blob);
}

static zreg_status set_trust(zreg__fetch_exchange *exchange, const zreg__fetch_tls *tls,
                             zreg_error *err)
{
    CURL *easy = exchange->lane->easy;

    /* The authorities come with on_tls_context. */
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, exchange);
    curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
    if (set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->client_cert_pem) != CURLE_OK ||
        set_blob(easy, CURLOPT_SSLKEY_BLOB, tls->client_key_pem) != CURLE_OK) {
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

/* For what is asked elsewhere next. */
static uint64_t brief(uint32_t usual_ms)
{
    return usual_ms / 3 < BRIEF_MS ? usual_ms / 3 : BRIEF_MS;
}

void zreg__fetch_set_patience(zreg__fetch_exchange *exchange, const zreg__fetch_request *request)
{
    uint32_t connect_ms = exchange->fetch->connect_timeout_ms;
    uint32_t idle_ms = exchange->fetch->idle_timeout_ms;

    exchange->until_ms = request->limit_ms == 0 ? UINT64_MAX : zreg__clock_ms() + request->limit_ms;
    exchange->connect_ms = request->is_brief ? brief(connect_ms) : connect_ms;
    exchange->answer_ms = request->is_brief  ? brief(idle_ms)
                          : request->commits ? idle_ms * (uint64_t)COMMIT_PATIENCE
                                             : idle_ms;
}

/* What does not depend on the request. */
static void set_transport(zreg__fetch_exchange *exchange)
{
    CURL *easy = exchange->lane->easy;
    const zreg__fetch *fetch = exchange->fetch;

    curl_easy_setopt(easy, CURLOPT_SHARE,
                     exchange->trust != NULL ? zreg__fetch_trust_share(exchange->trust)
                                             : fetch->share);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error_text);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    /* A proxy's answer to CONNECT is not the answer. */
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, fetch->user_agent);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long)(exchange->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)exchange->connect_ms);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, zreg__fetch_answer_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, zreg__fetch_answer_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A cancelled request does not wait for the name lookup that it began. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
}

/* libcurl is told, and looks for no proxy by itself. */
static zreg_status set_proxy(zreg__fetch_exchange *exchange, zreg_error *err)
{
    CURL *easy = exchange->lane->easy;
    const zreg__proxy *proxy = NULL;

    ZREG__TRY(zreg__proxies_choose(&proxy, &exchange->fetch->proxies, &exchange->url, err));
    exchange->lane->proxy = proxy;
    if (curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy->url : "") != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "") != CURLE_OK) {
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

zreg_status zreg__fetch_setup(zreg__fetch_exchange *exchange, const zreg__fetch_request *request,
                              zreg_error *err)
{
    static const zreg__fetch_tls usual = {0};
    ZREG__AUTO_FREE char *url = zreg__fetch_url_text(&exchange->url);

    if (url == NULL || curl_easy_setopt(exchange->lane->easy, CURLOPT_URL, url) != CURLE_OK) {
        return zreg__fail_nomem(err);
    }
    exchange->sends = 0;
    exchange->secret = request->secret_body;
    set_transport(exchange);
    ZREG__TRY(set_proxy(exchange, err));
    set_method(exchange, request);
    ZREG__TRY(set_headers(exchange, request, err));
    return set_trust(exchange, request->tls != NULL && !exchange->foreign ? request->tls : &usual,
                     err);
}
