/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer: each call drives the transfer on its caller's thread. */
#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/fetch_inner.h"

#include <string.h>

/* Longest rest of a body that is worth reading to keep the connection, and how long to wait. */
#define DRAIN_BYTES (64 * ZREG__KIB)
#define DRAIN_MS 250

#define POLL_MS 1000

static zreg_status fail_curl(zreg__fetch_exchange *exchange, CURLMcode code, zreg_error *err)
{
    exchange->failure = ZREG__FETCH_FINAL;
    return zreg__fail(err, code == CURLM_OUT_OF_MEMORY ? ZREG_NOMEM : ZREG_NET, "%s: libcurl: %s",
                      exchange->url.host, curl_multi_strerror(code));
}

static void take_result(zreg__fetch_exchange *exchange)
{
    int left;

    for (CURLMsg *message;
         (message = curl_multi_info_read(exchange->lane->multi, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE) {
            exchange->done = true;
            exchange->result = message->data.result;
            exchange->moved++;
        }
    }
}

static zreg_status perform(zreg__fetch_exchange *exchange, zreg_error *err)
{
    int running;
    uint64_t before = exchange->moved;
    CURLMcode code = curl_multi_perform(exchange->lane->multi, &running);

    if (code != CURLM_OK) {
        return fail_curl(exchange, code, err);
    }
    take_result(exchange);
    if (exchange->moved != before) {
        exchange->active_ms = zreg__clock_ms();
    }
    return ZREG_OK;
}

/* The longest silence at this moment. Of a body in memory nobody tells when it is out. */
static uint64_t silence_ms(const zreg__fetch_exchange *exchange)
{
    bool is_sent = !exchange->stream || exchange->from_end;

    return is_sent && !exchange->head_done ? exchange->answer_ms : exchange->fetch->idle_timeout_ms;
}

/* How long the peer may still be silent. libcurl itself watches the time it takes to connect. */
static uint64_t patience_ms(const zreg__fetch_exchange *exchange)
{
    uint64_t now = zreg__clock_ms();
    uint64_t until = exchange->active_ms + silence_ms(exchange);

    until += exchange->connected ? 0 : exchange->connect_ms;
    until = until < exchange->until_ms ? until : exchange->until_ms;
    return now < until ? until - now : 0;
}

static zreg_status check_cancel(zreg__fetch_exchange *exchange, zreg_error *err)
{
    zreg_status status = zreg__cancel_check(exchange->cancel, err);

    if (status != ZREG_OK) {
        zreg__error_prefix(err, status, "%s:%u", exchange->url.host, (unsigned)exchange->url.port);
        zreg__fetch_blame(exchange, err);
    }
    return status;
}

/* Waits until the network, libcurl's own clock or the cancel token calls. */
static zreg_status await(zreg__fetch_exchange *exchange, zreg_error *err)
{
    struct curl_waitfd cancel = {zreg__cancel_fd(exchange->cancel), CURL_WAIT_POLLIN, 0};
    uint64_t patience = patience_ms(exchange);
    CURLMcode code;

    if (patience == 0) {
        exchange->failure = ZREG__FETCH_TRANSIENT;
        zreg__fail(err, ZREG_TIMEOUT, "%s:%u: silent for too long", exchange->url.host,
                   (unsigned)exchange->url.port);
        zreg__fetch_blame(exchange, err);
        return ZREG_TIMEOUT;
    }
    code = curl_multi_poll(exchange->lane->multi, &cancel, cancel.fd >= 0 ? 1 : 0,
                           (int)(patience < POLL_MS ? patience : POLL_MS), NULL);
    if (code != CURLM_OK) {
        return fail_curl(exchange, code, err);
    }
    exchange->failure = ZREG__FETCH_FINAL;
    return check_cancel(exchange, err);
}

/* One step of driving: works, and waits only when nothing moved. */
static zreg_status step(zreg__fetch_exchange *exchange, zreg_error *err)
{
    uint64_t before = exchange->moved;

    ZREG__TRY(perform(exchange, err));
    if (exchange->moved != before || exchange->done) {
        return ZREG_OK;
    }
    return await(exchange, err);
}

static zreg_status resume(zreg__fetch_exchange *exchange, zreg_error *err)
{
    CURLcode code;

    /* Newer versions of libcurl end a transfer that is paused when its last byte is there. */
    if (exchange->done || (!exchange->in_paused && !exchange->out_paused)) {
        return ZREG_OK;
    }
    exchange->in_paused = false;
    exchange->out_paused = false;
    code = curl_easy_pause(exchange->lane->easy, CURLPAUSE_CONT);
    if (code != CURLE_OK) {
        exchange->result = code;
        return zreg__fetch_failure_report(exchange, err);
    }
    return ZREG_OK;
}

/* ZREG_OK while the transfer runs or ended well. */
static zreg_status check_result(zreg__fetch_exchange *exchange, zreg_error *err)
{
    if (!exchange->done || exchange->result == CURLE_OK) {
        return ZREG_OK;
    }
    return zreg__fetch_failure_report(exchange, err);
}

static void count_head(zreg__fetch_exchange *exchange)
{
    long connections = 0;

    curl_easy_getinfo(exchange->lane->easy, CURLINFO_NUM_CONNECTS, &connections);
    if (exchange->counters != NULL && connections > 0) {
        atomic_fetch_add(&exchange->counters->connections, (uint64_t)connections);
    }
}

static zreg_status await_head(zreg__fetch_exchange *exchange, zreg_error *err)
{
    while (!exchange->head_done && !exchange->done) {
        ZREG__TRY(step(exchange, err));
    }
    if (!exchange->head_done) {
        exchange->result = exchange->result == CURLE_OK ? CURLE_GOT_NOTHING : exchange->result;
        return zreg__fetch_failure_report(exchange, err);
    }
    count_head(exchange);
    return ZREG_OK;
}

/* A handle of libcurl 8 whose body was not sent whole wants to send it again, whatever comes next. */
static void leave_lane(zreg__fetch_exchange *exchange)
{
    bool spent = exchange->stream && (!exchange->done || exchange->result != CURLE_OK);

    if (exchange->lane == NULL) {
        return;
    }
    if (exchange->added) {
        curl_multi_remove_handle(exchange->lane->multi, exchange->lane->easy);
        exchange->added = false;
    }
    if (spent) {
        zreg__fetch_lane_drop(zreg__steal(&exchange->lane));
    } else {
        zreg__fetch_lane_return(exchange->fetch, zreg__steal(&exchange->lane));
    }
}

/* Whom to trust on this hop: what was set for a host counts for that host only. */
static zreg_status choose_trust(zreg__fetch_exchange *exchange, const zreg__fetch_request *request,
                                zreg_error *err)
{
    const zreg__fetch_tls *tls = exchange->foreign ? NULL : request->tls;

    exchange->trust = NULL;
    if (!exchange->url.tls || (tls != NULL && tls->insecure)) {
        return ZREG_OK;
    }
    return zreg__fetch_trust_find(&exchange->trust, exchange->fetch,
                                  tls != NULL ? tls->ca_pem : NULL, err);
}

/* A streamed body goes by HTTP/1.1 always: libcurl spins while an HTTP/2 peer's window is closed
 * (docs/design/0001). */
static bool offers_http2(const zreg__fetch_exchange *exchange, const zreg__fetch_request *request)
{
    return request->http2 && !request->stream && !exchange->foreign && exchange->url.tls;
}

/* Connections made under other authorities, under the guard of `public_peer_only`, or with another
 * offer of protocols, are kept apart. */
static zreg_status enter_lane(zreg__fetch_exchange *exchange, zreg_error *err)
{
    ZREG__AUTO_FREE char *origin = zreg__fetch_url_origin(&exchange->url);
    ZREG__AUTO_FREE char *key = NULL;

    if (origin != NULL) {
        key = zreg__asprintf("%s %u%s%s", origin, zreg__fetch_trust_number(exchange->trust),
                             exchange->public_peer_only ? " public" : "",
                             exchange->http2 ? " h2" : "");
    }
    if (key == NULL) {
        return zreg__fail_nomem(err);
    }
    return zreg__fetch_lane_take(&exchange->lane, exchange->fetch, key, err);
}

static zreg_status start_hop(zreg__fetch_exchange *exchange, const zreg__fetch_request *request,
                             zreg_error *err)
{
    CURLMcode code;

    ZREG__TRY(choose_trust(exchange, request, err));
    exchange->http2 = offers_http2(exchange, request);
    ZREG__TRY(enter_lane(exchange, err));
    ZREG__TRY(zreg__fetch_answer_reset(exchange, err));
    ZREG__TRY(zreg__fetch_setup(exchange, request, err));
    code = curl_multi_add_handle(exchange->lane->multi, exchange->lane->easy);
    if (code != CURLM_OK) {
        return fail_curl(exchange, code, err);
    }
    exchange->added = true;
    exchange->active_ms = zreg__clock_ms();
    if (exchange->counters != NULL) {
        atomic_fetch_add(&exchange->counters->bytes_out, request->body_bytes);
    }
    return ZREG_OK;
}

/* 301, 302 and 303 would turn other methods into GET, which means something else: their caller
 * gets the status. */
static bool is_redirect(const zreg__fetch_exchange *exchange, const zreg__fetch_request *request)
{
    bool safe = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    int status = exchange->status;

    return status == 307 || status == 308 ||
           (safe && (status == 301 || status == 302 || status == 303));
}

/* Reads a short rest of the body, so that the connection can be used again. */
static void drain(zreg__fetch_exchange *exchange)
{
    uint64_t until = zreg__clock_ms() + DRAIN_MS;
    uint64_t length = zreg__fetch_length(exchange);

    until = until < exchange->until_ms ? until : exchange->until_ms;
    if (!exchange->head_done || exchange->done || exchange->from_size > 0 ||
        (length != UINT64_MAX && length > exchange->received + DRAIN_BYTES)) {
        return;
    }
    exchange->discard = true;
    exchange->to_size = 0;
    if (resume(exchange, NULL) != ZREG_OK) {
        return;
    }
    while (!exchange->done && exchange->to_size < DRAIN_BYTES && zreg__clock_ms() < until) {
        if (perform(exchange, NULL) != ZREG_OK || exchange->done ||
            curl_multi_poll(exchange->lane->multi, NULL, 0, DRAIN_MS / 4, NULL) != CURLM_OK ||
            zreg__cancel_check(exchange->cancel, NULL) != ZREG_OK) {
            return;
        }
    }
}

/* Turns to where the answer points. */
static zreg_status follow(zreg__fetch_exchange *exchange, const zreg__fetch_request *request,
                          zreg_error *err)
{
    const char *location = zreg__fetch_header(exchange, "location");
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url next = {0};
    bool foreign;

    exchange->failure = ZREG__FETCH_FINAL;
    if (location == NULL) {
        return zreg__fail(err, ZREG_PROTO, "%s: redirects (%d) without saying where to",
                          exchange->url.host, exchange->status);
    }
    ZREG__TRY(zreg__fetch_url_resolve(&next, &exchange->url, location, err));
    if (exchange->url.tls && !next.tls) {
        return zreg__fail(err, ZREG_PROTO, "%s: redirects from https to http, which is refused",
                          exchange->url.host);
    }
    foreign = !zreg__fetch_url_same_origin(request->url, &next);
    if (foreign && request->secret_body) {
        return zreg__fail(err, ZREG_PROTO, "%s: redirects a secret to another host, %s",
                          exchange->url.host, next.host);
    }
    drain(exchange);
    exchange->discard = false;
    exchange->to_size = 0;
    exchange->hops++;
    leave_lane(exchange);
    exchange->foreign = exchange->foreign || foreign;
    zreg__fetch_url_finish(&exchange->url);
    exchange->url = next;
    next = (zreg__fetch_url){0};
    return ZREG_OK;
}

static zreg_status open_hops(zreg__fetch_exchange *exchange, const zreg__fetch_request *request,
                             zreg_error *err)
{
    ZREG__TRY(zreg__cancel_check(exchange->cancel, err));
    while (exchange->hops <= ZREG__MAX_REDIRECTS) {
        ZREG__TRY(start_hop(exchange, request, err));
        if (request->stream) {
            return ZREG_OK;
        }
        ZREG__TRY(await_head(exchange, err));
        if (!is_redirect(exchange, request)) {
            return ZREG_OK;
        }
        ZREG__TRY(follow(exchange, request, err));
    }
    return zreg__fail(err, ZREG_LIMIT, "%s: redirects more than %d times", exchange->url.host,
                      ZREG__MAX_REDIRECTS);
}

zreg_status zreg__fetch_open(zreg__fetch_exchange **out, zreg__fetch *fetch,
                             const zreg__fetch_request *request, zreg__fetch_failure *failure,
                             zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange)
    zreg__fetch_exchange *exchange = zreg__new(zreg__fetch_exchange);
    zreg_status status;

    if (exchange == NULL) {
        return zreg__fail_nomem(err);
    }
    exchange->fetch = fetch;
    exchange->cancel = cancel;
    exchange->counters = request->counters;
    exchange->tally = request->tally;
    exchange->public_peer_only = request->public_peer_only;
    exchange->maybe_plain = request->maybe_plain;
    zreg__fetch_set_patience(exchange, request);
    exchange->stash = (zreg__buf)ZREG__SECRET_BUF(ZREG__FETCH_BUFFER_BYTES);
    exchange->stream = request->stream;
    exchange->stream_bytes = request->stream_bytes;
    ZREG__TRY(zreg__fetch_url_copy(&exchange->url, request->url, err));
    status = open_hops(exchange, request, err);
    if (failure != NULL) {
        *failure = exchange->failure;
    }
    if (status != ZREG_OK) {
        return status;
    }
    *out = zreg__steal(&exchange);
    return ZREG_OK;
}

zreg_status zreg__fetch_write(zreg__fetch_exchange *exchange, const void *bytes, size_t size,
                              zreg_error *err)
{
    if (size > exchange->stream_bytes - exchange->stream_sent) {
        return zreg__fail(err, ZREG_INVAL, "%s: more body bytes than were announced",
                          exchange->url.host);
    }
    exchange->stream_sent += size;
    exchange->from = bytes;
    exchange->from_size = size;
    exchange->active_ms = zreg__clock_ms();
    ZREG__TRY(resume(exchange, err));
    while (exchange->from_size > 0 && !exchange->head_done && !exchange->done) {
        ZREG__TRY(step(exchange, err));
    }
    if (exchange->counters != NULL) {
        atomic_fetch_add(&exchange->counters->bytes_out, size - exchange->from_size);
    }
    exchange->from_size = 0;
    if (exchange->head_done) {
        return ZREG_OK;
    }
    return check_result(exchange, err);
}

zreg_status zreg__fetch_finish(zreg__fetch_exchange *exchange, zreg_error *err)
{
    if (!exchange->head_done && exchange->stream_bytes != UINT64_MAX &&
        exchange->stream_sent != exchange->stream_bytes) {
        return zreg__fail(err, ZREG_INVAL, "%s: fewer body bytes than were announced",
                          exchange->url.host);
    }
    exchange->from_end = true;
    exchange->active_ms = zreg__clock_ms();
    ZREG__TRY(resume(exchange, err));
    return await_head(exchange, err);
}

static size_t take_stash(zreg__fetch_exchange *exchange, void *buffer, size_t capacity)
{
    size_t left = exchange->stash.size - exchange->stash_at;
    size_t take = left < capacity ? left : capacity;

    if (take > 0) {
        memcpy(buffer, exchange->stash.data + exchange->stash_at, take);
        exchange->stash_at += take;
    }
    if (exchange->stash_at == exchange->stash.size) {
        exchange->stash_at = 0;
        zreg__buf_finish(&exchange->stash);
    }
    return take;
}

/* One step after the other while bytes come without waiting, until there is no room for those of one more. */
static zreg_status receive(zreg__fetch_exchange *exchange, zreg_error *err)
{
    exchange->active_ms = zreg__clock_ms();
    ZREG__TRY(resume(exchange, err));
    while (exchange->to_size == 0 && !exchange->done) {
        ZREG__TRY(step(exchange, err));
    }
    for (size_t had = 0; had < exchange->to_size && !exchange->done && !exchange->in_paused;) {
        had = exchange->to_size;
        ZREG__TRY(perform(exchange, err));
    }
    return ZREG_OK;
}

zreg_status zreg__fetch_read(size_t *out_size, zreg__fetch_exchange *exchange, void *buffer,
                             size_t capacity, zreg_error *err)
{
    size_t size = take_stash(exchange, buffer, capacity);
    zreg_status status = ZREG_OK;

    if (size == 0) {
        exchange->to = buffer;
        exchange->to_capacity = capacity;
        exchange->to_size = 0;
        status = receive(exchange, err);
        size = exchange->to_size;
        exchange->to = NULL;
        exchange->to_capacity = 0;
        exchange->to_size = 0;
    }
    if (status == ZREG_OK && size == 0) {
        status = check_result(exchange, err);
    }
    if (status == ZREG_OK) {
        *out_size = size;
    }
    return status;
}

zreg_status zreg__fetch_body(zreg__buf *to, zreg__fetch_exchange *exchange, zreg_error *err)
{
    char piece[8192];
    size_t size;

    do {
        ZREG__TRY(zreg__fetch_read(&size, exchange, piece, sizeof(piece), err));
        ZREG__TRY(zreg__buf_append(to, piece, size, err));
    } while (size > 0);
    return ZREG_OK;
}

void zreg__fetch_close(zreg__fetch_exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    if (exchange->lane != NULL && exchange->added) {
        drain(exchange);
    }
    leave_lane(exchange);
    zreg__fetch_headers_wipe(exchange);
    zreg__buf_finish(&exchange->stash);
    zreg__map_free(exchange->answer);
    zreg__fetch_url_finish(&exchange->url);
    free(exchange);
}
