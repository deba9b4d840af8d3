/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives: heads into a map, bodies to the reader, failures into words. */
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/fetch_inner.h"

#include <string.h>

/* Joining many fields of one name would take quadratic time. */
#define MAX_FIELDS 1000

zreg_status zreg__fetch_answer_reset(zreg__fetch_exchange *exchange, zreg_error *err)
{
    zreg__map_free(exchange->answer);
    exchange->answer = NULL;
    exchange->status = 0;
    exchange->head_done = false;
    exchange->done = false;
    exchange->connected = false;
    exchange->stash_at = 0;
    zreg__buf_finish(&exchange->stash);
    exchange->received = 0;
    exchange->in_paused = false;
    return zreg__map_new(&exchange->answer, free, err);
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static int status_of(zreg__span line)
{
    uint64_t status = 0;

    zreg__span_cut(&line, ' ');
    line = zreg__span_trim(line);
    line.size = line.size > 3 ? 3 : line.size;
    return zreg__span_u64(line, &status) && status >= 100 ? (int)status : 0;
}

/* Adds a field; a second value of the same name is joined to the first (RFC 9110 section 5.3). */
static zreg_status add_field(zreg__fetch_exchange *exchange, zreg__span name, zreg__span value)
{
    zreg_error *err = &exchange->refusal;
    ZREG__AUTO_FREE char *key = zreg__strndup(name.text, name.size);
    ZREG__AUTO_FREE char *text = NULL;
    const char *before = NULL;

    if (key == NULL) {
        return zreg__fail_nomem(err);
    }
    for (char *c = key; *c != '\0'; c++) {
        *c = zreg__to_lower(*c);
    }
    before = zreg__map_get(exchange->answer, key);
    text = zreg__asprintf("%s%s%.*s", before != NULL ? before : "", before != NULL ? ", " : "",
                          (int)value.size, value.size > 0 ? value.text : "");
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_set(exchange->answer, key, text, err));
    text = NULL;
    return ZREG_OK;
}

/* A proxy that does not know us. */
static zreg_status fail_unknown(const zreg__proxy *proxy, zreg_error *err)
{
    zreg__fail(err, ZREG_DENIED,
               "the proxy %s wants a user and a password (407): write them into %s as "
               "http://USER:PASSWORD@HOST:PORT, percent-encoded",
               proxy->shown, proxy->variable);
    if (err != NULL) {
        err->http_status = 407;
    }
    return ZREG_DENIED;
}

/* The end of a head; those of 1xx answers are followed by the real one. */
static zreg_status end_head(zreg__fetch_exchange *exchange)
{
    const char *coding = zreg__fetch_header(exchange, "content-encoding");

    if (exchange->status == 407 && exchange->lane->proxy != NULL) {
        return fail_unknown(exchange->lane->proxy, &exchange->refusal); /* no answer of the host */
    }
    exchange->head_done = exchange->status >= 200;
    if (exchange->head_done && !zreg__str_empty(coding) &&
        !zreg__str_equal_nocase(coding, "identity")) {
        return zreg__fail(&exchange->refusal, ZREG_PROTO,
                          "%s: answered in content coding \"%.32s\", which was not asked for",
                          exchange->url.host, coding);
    }
    return ZREG_OK;
}

static zreg_status take_line(zreg__fetch_exchange *exchange, zreg__span line)
{
    zreg__span name;

    while (line.size > 0 &&
           (line.text[line.size - 1] == '\n' || line.text[line.size - 1] == '\r')) {
        line.size--;
    }
    if (line.size == 0) {
        return end_head(exchange);
    }
    if (line.size > 5 && memcmp(line.text, "HTTP/", 5) == 0) {
        ZREG__TRY(zreg__fetch_answer_reset(exchange, &exchange->refusal));
        exchange->connected = true;
        exchange->status = status_of(line);
        return ZREG_OK;
    }
    name = zreg__span_cut(&line, ':');
    return add_field(exchange, zreg__span_trim(name), zreg__span_trim(line));
}

size_t zreg__fetch_answer_header(char *line, size_t size, size_t count, void *user)
{
    zreg__fetch_exchange *exchange = user;
    size_t total = size * count;

    exchange->moved++;
    exchange->header_bytes += total;
    exchange->header_lines++;
    if (exchange->header_bytes > ZREG__MAX_HEADER_BYTES || exchange->header_lines > MAX_FIELDS) {
        zreg__fail(&exchange->refusal, ZREG_LIMIT,
                   "%s: its headers are longer than %zu bytes or %d lines", exchange->url.host,
                   ZREG__MAX_HEADER_BYTES, MAX_FIELDS);
        return 0;
    }
    /* Trailers of a chunked body come here too, and mean nothing to us. */
    if (!exchange->head_done && take_line(exchange, (zreg__span){line, total}) != ZREG_OK) {
        return 0;
    }
    return total;
}

/* libcurl receives while bytes come. It is stopped before there may be no room for what it receives at
 * once: what it could not get rid of, it would copy twice. (A stream of HTTP/2 has its window closed and
 * opened each time, which is worse.) */
static void stop_in_time(zreg__fetch_exchange *exchange, size_t room)
{
    if (exchange->in_paused || exchange->http2 || room >= 2 * exchange->step_bytes) {
        return;
    }
    exchange->in_paused =
        curl_easy_pause(exchange->lane->easy,
                        CURLPAUSE_RECV | (exchange->out_paused ? CURLPAUSE_SEND : 0)) == CURLE_OK;
}

size_t zreg__fetch_answer_body(char *bytes, size_t size, size_t count, void *user)
{
    zreg__fetch_exchange *exchange = user;
    size_t total = size * count;
    size_t room = exchange->to_capacity - exchange->to_size;
    size_t direct = total < room ? total : room;

    if (exchange->discard) {
        exchange->to_size += total;
        exchange->moved++;
        return total;
    }
    stop_in_time(exchange, room);
    if (total > direct &&
        zreg__buf_append(&exchange->stash, bytes + direct, total - direct, NULL) != ZREG_OK) {
        exchange->in_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (direct > 0) {
        memcpy(exchange->to + exchange->to_size, bytes, direct);
        exchange->to_size += direct;
    }
    exchange->moved++;
    exchange->received += total;
    if (exchange->counters != NULL) {
        atomic_fetch_add(&exchange->counters->bytes_in, total);
    }
    return total;
}

zreg__fetch_failure zreg__fetch_failed_how(const zreg__fetch_exchange *exchange)
{
    return exchange->failure;
}

bool zreg__fetch_sent_twice(const zreg__fetch_exchange *exchange)
{
    return exchange->sends > 1;
}

int zreg__fetch_status(const zreg__fetch_exchange *exchange)
{
    return exchange->head_done ? exchange->status : 0;
}

const char *zreg__fetch_header(const zreg__fetch_exchange *exchange, const char *name)
{
    char key[64];
    size_t size = strlen(name);

    if (size >= sizeof(key) || exchange->answer == NULL) {
        return NULL;
    }
    for (size_t i = 0; i <= size; i++) {
        key[i] = zreg__to_lower(name[i]);
    }
    return zreg__map_get(exchange->answer, key);
}

int64_t zreg__fetch_date(const char *text)
{
    time_t when = text != NULL ? curl_getdate(text, NULL) : -1;

    return when > 0 ? (int64_t)when : 0;
}

uint64_t zreg__fetch_length(const zreg__fetch_exchange *exchange)
{
    const char *text = zreg__fetch_header(exchange, "content-length");
    uint64_t length;

    if (text == NULL || !zreg__span_u64(zreg__span_of(text), &length)) {
        return UINT64_MAX;
    }
    return length;
}

const zreg__fetch_url *zreg__fetch_answerer(const zreg__fetch_exchange *exchange)
{
    return &exchange->url;
}

bool zreg__fetch_peer_is_private(const zreg__fetch_exchange *exchange)
{
    return exchange->peer_is_private;
}

typedef struct failure_row {
    CURLcode result;
    zreg_status status;
    zreg__fetch_failure failure;
    const char *text;
} failure_row;

static const failure_row failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ZREG_LOOKUP, ZREG__FETCH_TRANSIENT, "cannot find the host"},
    {CURLE_COULDNT_RESOLVE_PROXY, ZREG_LOOKUP, ZREG__FETCH_TRANSIENT, "cannot find the proxy"},
    {CURLE_COULDNT_CONNECT, ZREG_NET, ZREG__FETCH_TRANSIENT, "cannot connect"},
    {CURLE_OPERATION_TIMEDOUT, ZREG_TIMEOUT, ZREG__FETCH_TRANSIENT, "no connection in time"},
    {CURLE_PEER_FAILED_VERIFICATION, ZREG_TLS, ZREG__FETCH_FINAL, "its certificate is not trusted"},
    {CURLE_SSL_CERTPROBLEM, ZREG_TLS, ZREG__FETCH_FINAL, "the client certificate is not usable"},
    {CURLE_SSL_CACERT_BADFILE, ZREG_TLS, ZREG__FETCH_FINAL, "the given authorities are not usable"},
    {CURLE_SSL_CONNECT_ERROR, ZREG_TLS, ZREG__FETCH_NOT_TLS, "TLS handshake failed"},
    {CURLE_SEND_ERROR, ZREG_NET, ZREG__FETCH_TRANSIENT, "connection lost while sending"},
    {CURLE_SEND_FAIL_REWIND, ZREG_NET, ZREG__FETCH_TRANSIENT, "connection lost while sending"},
    {CURLE_RECV_ERROR, ZREG_NET, ZREG__FETCH_TRANSIENT, "connection lost while receiving"},
    {CURLE_GOT_NOTHING, ZREG_NET, ZREG__FETCH_TRANSIENT, "connection closed without an answer"},
    {CURLE_PARTIAL_FILE, ZREG_NET, ZREG__FETCH_TRANSIENT, "connection closed before the end"},
    {CURLE_HTTP2, ZREG_NET, ZREG__FETCH_TRANSIENT, "HTTP/2 connection failed"},
    {CURLE_HTTP2_STREAM, ZREG_NET, ZREG__FETCH_TRANSIENT, "HTTP/2 stream failed"},
    {CURLE_WEIRD_SERVER_REPLY, ZREG_PROTO, ZREG__FETCH_FINAL, "does not speak HTTP"},
    {CURLE_UNSUPPORTED_PROTOCOL, ZREG_PROTO, ZREG__FETCH_FINAL, "does not speak HTTP"},
    {CURLE_OUT_OF_MEMORY, ZREG_NOMEM, ZREG__FETCH_FINAL, "out of memory"},
};

static const failure_row other_failure = {CURLE_OK, ZREG_PROTO, ZREG__FETCH_FINAL,
                                          "the exchange failed"};

static const failure_row *find_failure(CURLcode result)
{
    for (size_t i = 0; i < ZREG__COUNT(failures); i++) {
        if (failures[i].result == result) {
            return &failures[i];
        }
    }
    return &other_failure;
}

void zreg__fetch_blame(const zreg__fetch_exchange *exchange, zreg_error *err)
{
    char peer[sizeof(err->about)];

    snprintf(peer, sizeof(peer), "%.240s:%u", exchange->url.host, (unsigned)exchange->url.port);
    zreg__error_about(err, peer);
}

/* The status with which a proxy refused to connect us; 0: it did not. */
static long refused_by_proxy(const zreg__fetch_exchange *exchange)
{
    long code = 0;

    if (exchange->lane == NULL || exchange->lane->proxy == NULL || exchange->connected) {
        return 0;
    }
    curl_easy_getinfo(exchange->lane->easy, CURLINFO_HTTP_CONNECTCODE, &code);
    return code / 100 == 2 ? 0 : code;
}

static zreg_status report_proxy(zreg__fetch_exchange *exchange, long code, zreg_error *err)
{
    const zreg__proxy *proxy = exchange->lane->proxy;

    if (code == 407) {
        return fail_unknown(proxy, err);
    }
    exchange->failure =
        code >= 500 || code == 429 || code == 408 ? ZREG__FETCH_TRANSIENT : ZREG__FETCH_FINAL;
    return zreg__fail(err, ZREG_NET, "%s:%u: the proxy %s does not connect to it: it answers %ld",
                      exchange->url.host, (unsigned)exchange->url.port, proxy->shown, code);
}

static zreg_status report_failure(zreg__fetch_exchange *exchange, zreg_error *err)
{
    long refused = refused_by_proxy(exchange);
    const failure_row *row = find_failure(exchange->result);
    const char *detail = exchange->error_text[0] != '\0' ? exchange->error_text
                                                         : curl_easy_strerror(exchange->result);

    exchange->failure = ZREG__FETCH_FINAL;
    if (exchange->refusal.code != ZREG_OK) {
        return zreg__fail_again(err, &exchange->refusal);
    }
    if (exchange->refused_private) {
        return zreg__fail(err, ZREG_DENIED,
                          "%s:%u has a private address, which only a registry with a private "
                          "address may send us to",
                          exchange->url.host, (unsigned)exchange->url.port);
    }
    if (refused != 0) {
        return report_proxy(exchange, refused, err);
    }
    exchange->failure = row->failure;
    return zreg__fail(err, row->status, "%s:%u: %s (%s)", exchange->url.host,
                      (unsigned)exchange->url.port, row->text, detail);
}

zreg_status zreg__fetch_failure_report(zreg__fetch_exchange *exchange, zreg_error *err)
{
    zreg_status status = report_failure(exchange, err);

    zreg__fetch_blame(exchange, err);
    return status;
}
