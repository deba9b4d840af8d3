/* SPDX-License-Identifier: Apache-2.0 */
/* The course of one connection. Each stage is a function that goes on as far as the socket lets it
 * and says whether the next stage may run at once. Nothing waits here. */
#include "http/serve_inner.h"

#include "base/mem.h"
#include "http/serve_tls.h"
#include <openssl/crypto.h>
#include <unistd.h>

#define FIRST_IN_BYTES 2048
#define MAX_LINGER_MS 30000

typedef enum step {
    STEP_ON,   /* the stage has changed: run it */
    STEP_WAIT, /* for the socket, a worker or another turn */
} step;

/* The context of this moment, to be freed; NULL: plain. */
static SSL_CTX *share_tls(zreg__serve *serve)
{
    if (!serve->is_tls) {
        return NULL;
    }
    pthread_mutex_lock(&serve->lock);
    SSL_CTX *tls = serve->tls;
    SSL_CTX_up_ref(tls);
    pthread_mutex_unlock(&serve->lock);
    return tls;
}

zreg__serve_connection *zreg__serve_connection_new(zreg__serve_loop *loop, int fd,
                                                   const zreg__address *peer,
                                                   zreg__serve_welcome welcome)
{
    zreg__serve_connection *connection = zreg__new(zreg__serve_connection);
    if (connection == NULL) {
        close(fd);
        return NULL;
    }
    SSL_CTX *tls = share_tls(loop->serve);
    bool has_begun = zreg__serve_channel_begin(&connection->channel, fd, tls, loop->serve->method,
                                               &loop->cipher);
    SSL_CTX_free(tls);
    if (!has_begun) {
        free(connection);
        return NULL;
    }
    connection->loop = loop;
    /* Heads are bounded by zreg__wire_head_find, and may have passwords in them. */
    connection->in = (zreg__buf)ZREG__SECRET_BUF(ZREG__STREAM_BYTES);
    connection->ahead = (zreg__buf)ZREG__SECRET_BUF(ZREG__STREAM_BYTES);
    connection->out.maximum = ZREG__SERVE_MAX_FIELDS_BYTES + ZREG__STREAM_BYTES;
    connection->welcome = welcome;
    connection->peer = *peer;
    zreg__address_print(connection->remote, peer);
    bool is_announced = welcome == ZREG__SERVE_WELCOME_PROXY && loop->serve->has_proxy_protocol;
    zreg__serve_turns_enter(connection,
                            is_announced ? ZREG__SERVE_STAGE_PROXY : ZREG__SERVE_STAGE_HELLO,
                            loop->serve->limits.head_ms);
    return connection;
}

void zreg__serve_connection_close(zreg__serve_connection *connection)
{
    if (connection->stage == ZREG__SERVE_STAGE_CLOSED) {
        return;
    }
    if (connection->exchange != NULL) {
        zreg__serve_exchange_end(zreg__steal(&connection->exchange), false);
    }
    zreg__serve_turns_hang_up(connection);
    free(zreg__steal(&connection->client_name));
    zreg__buf_finish(&connection->in);
    zreg__buf_finish(&connection->ahead);
    zreg__buf_finish(&connection->out);
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_CLOSED, 0);
    zreg__serve_turns_bury(connection);
}

static step close_it(zreg__serve_connection *connection)
{
    zreg__serve_connection_close(connection);
    return STEP_WAIT;
}

/* What came of a call that could not go on: the socket is awaited, or the connection ends. */
static step stopped(zreg__serve_connection *connection, zreg__serve_io io)
{
    return io == ZREG__SERVE_IO_WAIT ? STEP_WAIT : close_it(connection);
}

/* ---- answers ---- */

static step begin_answer(zreg__serve_connection *connection);

/* Sets an answer in the place of the handler's. Before begin there is none to ask. */
static step answer_fault(zreg__serve_connection *connection, int status, const char *why)
{
    if (connection->exchange == NULL) {
        connection->exchange = zreg__serve_exchange_new(connection);
        if (connection->exchange == NULL) {
            return close_it(connection);
        }
    }
    zreg__serve_answer_fault(connection->exchange, status, why);
    zreg__log_line(&connection->loop->serve->log, ZREG_LOG_DEBUG, "http: %s: %d %s",
                   connection->remote, status, why);
    return begin_answer(connection);
}

/* A peer that has not been told to send its body may do so or not: nobody could tell its body from
 * its next request. */
static bool may_stay(const zreg__serve_connection *connection)
{
    const zreg__serve_exchange *exchange = connection->exchange;
    uint64_t left = zreg__serve_body_left(exchange);
    bool is_small = left <= ZREG__MAX_DRAIN_BYTES && !exchange->awaits_100;
    return exchange->head.keeps && !exchange->request.response.close && (left == 0 || is_small) &&
           !atomic_load(&connection->loop->serve->is_draining);
}

static step begin_answer(zreg__serve_connection *connection)
{
    zreg__serve_answer_hold(connection->exchange);
    connection->closes = !may_stay(connection);
    if (!zreg__serve_answer_begin(connection)) {
        return close_it(connection);
    }
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_ANSWER,
                            connection->loop->serve->limits.answer_ms);
    connection->unsent = 0;
    return STEP_ON;
}

static const char too_many[] = "too many connections of one address; try again";

void zreg__serve_connection_turn_away(zreg__serve_connection *connection)
{
    if (answer_fault(connection, 503, "too many connections; try again") == STEP_ON) {
        zreg__serve_connection_run(connection);
    }
}

/* ---- a request's calls ---- */

static void run_work(void *job, const zreg__worker *on)
{
    zreg__serve_exchange *exchange = job;
    const zreg__serve *serve = exchange->connection->loop->serve;
    if (atomic_load(&serve->is_ending)) { /* the time for what was not begun is over */
        atomic_store(&exchange->is_gone, true);
    }
    if (!atomic_load(&exchange->is_gone)) {
        exchange->then = serve->calls->work(&exchange->request, on, serve->user);
    }
    zreg__serve_turns_return(exchange->connection);
}

static step go_to_work(zreg__serve_connection *connection)
{
    zreg__serve *serve = connection->loop->serve;
    zreg__serve_request *request = &connection->exchange->request;
    if (atomic_load(&connection->exchange->is_gone)) {
        return close_it(connection);
    }
    zreg__serve_gone_ask_many(connection->loop);
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_WORK, ZREG__SERVE_ASK_MS);
    if (zreg__pool_submit(serve->lanes[request->lane], request->share, run_work,
                          connection->exchange, NULL) != ZREG_OK) {
        atomic_fetch_add(&serve->refused[request->lane], 1);
        serve->calls->busy(request, serve->user);
        return begin_answer(connection);
    }
    return STEP_WAIT;
}

/* Goes where the last call wants to. */
static step follow(zreg__serve_connection *connection)
{
    zreg__serve_exchange *exchange = connection->exchange;
    if (exchange->then == ZREG__SERVE_WORK) {
        return go_to_work(connection);
    }
    if (exchange->then == ZREG__SERVE_ANSWER) {
        return begin_answer(connection);
    }
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_BODY,
                            connection->loop->serve->limits.body_ms);
    return STEP_ON;
}

static step begin_request(zreg__serve_connection *connection, size_t head_size)
{
    const zreg__serve *serve = connection->loop->serve;
    zreg__serve_exchange *exchange = zreg__serve_exchange_new(connection);
    connection->exchange = exchange;
    if (exchange == NULL) {
        return close_it(connection);
    }
    connection->in_used = head_size;
    int status =
        zreg__wire_head_parse(&exchange->head, &serve->limits.head, connection->in.data, head_size);
    if (status != 0) {
        return answer_fault(connection, status, exchange->head.fault);
    }
    status = zreg__serve_origin_of_request(exchange);
    if (status != 0) {
        return answer_fault(connection, status,
                            status == 400 ? "what proxies tell is malformed or contradicts itself"
                                          : too_many);
    }
    exchange->request.method = exchange->head.method;
    exchange->request.target = exchange->head.target;
    exchange->request.body_size = exchange->head.body_size;
    exchange->request.has_body = exchange->head.body_size > 0;
    exchange->awaits_100 = exchange->head.expects;
    exchange->has_begun = true;
    exchange->then = serve->calls->begin(&exchange->request, serve->user);
    return follow(connection);
}

/* ---- stages ---- */

static step run_proxy(zreg__serve_connection *connection)
{
    zreg__serve_io io = zreg__serve_origin_read_proxy(connection);
    bool is_tls = connection->channel.ssl != NULL;
    if (io != ZREG__SERVE_IO_DONE || (connection->is_too_many && is_tls)) {
        return io == ZREG__SERVE_IO_WAIT ? STEP_WAIT : close_it(connection);
    }
    if (connection->is_too_many) {
        return answer_fault(connection, 503, too_many);
    }
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_HELLO,
                            connection->loop->serve->limits.head_ms);
    return STEP_ON;
}

static step run_idle(zreg__serve_connection *connection);

static step run_hello(zreg__serve_connection *connection)
{
    if (connection->channel.ssl == NULL) {
        return run_idle(connection);
    }
    zreg__serve_io io = zreg__serve_channel_handshake(&connection->channel);
    if (io != ZREG__SERVE_IO_DONE) {
        return stopped(connection, io);
    }
    connection->client_name = zreg__serve_tls_peer(connection->channel.ssl);
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_IDLE,
                            connection->loop->serve->limits.idle_ms);
    return STEP_ON;
}

/* Reads more of a head; `in` grows as it fills. */
static zreg__serve_io read_head(zreg__serve_connection *connection)
{
    size_t got;
    zreg__buf *in = &connection->in;
    if (!zreg__serve_channel_may_read(&connection->channel)) {
        return ZREG__SERVE_IO_WAIT;
    }
    if (zreg__buf_room(in, in->size + 1 < in->capacity ? 1 : FIRST_IN_BYTES, NULL) != ZREG_OK) {
        return ZREG__SERVE_IO_GONE;
    }
    zreg__serve_io io = zreg__serve_channel_read(&got, &connection->channel, in->data + in->size,
                                                 in->capacity - 1 - in->size);
    in->size += got;
    return io;
}

static step run_idle(zreg__serve_connection *connection)
{
    if (connection->in.size == 0) {
        zreg__serve_io io = read_head(connection);
        if (io != ZREG__SERVE_IO_DONE) {
            zreg__buf_finish(&connection->in); /* a connection that waits holds nothing */
            return stopped(connection, io);
        }
    }
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_HEAD,
                            connection->loop->serve->limits.head_ms);
    return STEP_ON;
}

static step run_head(zreg__serve_connection *connection)
{
    for (;;) {
        size_t head_size;
        int status = zreg__wire_head_find(&head_size, &connection->scan,
                                          &connection->loop->serve->limits.head,
                                          connection->in.data, connection->in.size);
        if (status != 0) {
            return answer_fault(connection, status, "the head of the request");
        }
        if (head_size > 0) {
            return begin_request(connection, head_size);
        }
        zreg__serve_io io = read_head(connection);
        if (io != ZREG__SERVE_IO_DONE) {
            return stopped(connection, io);
        }
    }
}

static step send_100(zreg__serve_connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t sent;
    const struct iovec pieces[2] = {{(void *)text, sizeof(text) - 1}, {NULL, 0}};
    connection->exchange->awaits_100 = false;
    zreg__serve_channel_write(&sent, &connection->channel, pieces, false);
    /* The socket of a peer that waits for this is empty; one that is not has gone wrong. */
    return sent == sizeof(text) - 1 ? STEP_ON : close_it(connection);
}

static step end_body(zreg__serve_connection *connection)
{
    const zreg__serve *serve = connection->loop->serve;
    zreg__serve_exchange *exchange = connection->exchange;
    exchange->then = serve->calls->end(&exchange->request, serve->user);
    return follow(connection);
}

static step run_body(zreg__serve_connection *connection)
{
    zreg__serve_exchange *exchange = connection->exchange;
    if (exchange->awaits_100 && connection->in_used == connection->in.size &&
        send_100(connection) != STEP_ON) {
        return STEP_WAIT;
    }
    while (zreg__serve_body_left(exchange) > 0) {
        zreg__serve_io io = zreg__serve_body_read(connection);
        if (io != ZREG__SERVE_IO_DONE) {
            return stopped(connection, io);
        }
        if (exchange->chunks.state == ZREG__WIRE_CHUNKS_BAD) {
            return answer_fault(connection, 400, "the chunks of the body");
        }
        if (exchange->then != ZREG__SERVE_BODY) {
            return follow(connection);
        }
    }
    return end_body(connection);
}

/* The answer is sent, and the request over: what has come of the next one moves to the front. */
static step next_request(zreg__serve_connection *connection)
{
    zreg__buf *in = &connection->in;
    zreg__serve_exchange_end(zreg__steal(&connection->exchange), true);
    zreg__buf_finish(&connection->out);
    if (connection->ahead.size > 0) {
        zreg__buf_finish(in);
        *in = connection->ahead;
        connection->ahead = (zreg__buf)ZREG__SECRET_BUF(ZREG__STREAM_BYTES);
    } else {
        zreg__buf_drop(in, connection->in_used);
    }
    connection->in_used = 0;
    connection->scan = (zreg__wire_scan){.line = 0};
    if (in->size == 0) {
        zreg__buf_finish(in);
    }
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_IDLE,
                            connection->loop->serve->limits.idle_ms);
    /* Who has sent more than one request waits for the others; so does, in the end, who sends on. */
    if (in->size > 0 || ++connection->turns % ZREG__SERVE_TURN_REQUESTS == 0) {
        zreg__serve_turns_again(connection);
        return STEP_WAIT;
    }
    return STEP_ON;
}

/* The last answer is sent. Who closes while the peer still sends has the kernel take back what the
 * peer has not read yet (RFC 9112 section 9.6). */
static step begin_linger(zreg__serve_connection *connection)
{
    connection->may_drop = zreg__serve_body_may_drop(connection->exchange);
    bool may_send = zreg__serve_body_left(connection->exchange) > 0 ||
                    !connection->exchange->has_begun || connection->channel.is_readable;
    zreg__serve_exchange_end(zreg__steal(&connection->exchange), true);
    zreg__serve_channel_finish_writing(&connection->channel);
    if (!may_send) {
        return close_it(connection);
    }
    connection->lingers_until_ms = connection->loop->now_ms + MAX_LINGER_MS;
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_LINGER, ZREG__SERVE_LINGER_MS);
    return STEP_ON;
}

static step run_answer(zreg__serve_connection *connection)
{
    zreg__serve_io io = zreg__serve_answer_send(connection);
    if (io != ZREG__SERVE_IO_DONE) {
        return stopped(connection, io);
    }
    if (connection->closes) {
        return begin_linger(connection);
    }
    if (zreg__serve_body_left(connection->exchange) > 0) {
        zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_REFUSED,
                                connection->loop->serve->limits.body_ms);
        return STEP_ON;
    }
    return next_request(connection);
}

static step run_refused(zreg__serve_connection *connection)
{
    while (zreg__serve_body_left(connection->exchange) > 0) {
        zreg__serve_io io = zreg__serve_body_read(connection);
        if (io != ZREG__SERVE_IO_DONE) {
            return stopped(connection, io);
        }
    }
    return next_request(connection);
}

static step run_linger(zreg__serve_connection *connection)
{
    for (;;) {
        size_t got;
        zreg__serve_io io = zreg__serve_channel_receive(
            &got, &connection->channel, connection->loop->scratch, ZREG__STREAM_BYTES);
        OPENSSL_cleanse(connection->loop->scratch, got); /* there may be heads in it */
        connection->moved += got;
        bool is_enough = got > connection->may_drop;
        connection->may_drop -= is_enough ? 0 : got;
        if (io != ZREG__SERVE_IO_DONE || is_enough) {
            return io == ZREG__SERVE_IO_WAIT ? STEP_WAIT : close_it(connection);
        }
    }
}

static step run_none(zreg__serve_connection *connection)
{
    (void)connection;
    return STEP_WAIT;
}

typedef step (*run_fn)(zreg__serve_connection *connection);

static const run_fn runs[ZREG__SERVE_STAGES] = {
    [ZREG__SERVE_STAGE_PROXY] = run_proxy,   [ZREG__SERVE_STAGE_HELLO] = run_hello,
    [ZREG__SERVE_STAGE_IDLE] = run_idle,     [ZREG__SERVE_STAGE_HEAD] = run_head,
    [ZREG__SERVE_STAGE_BODY] = run_body,     [ZREG__SERVE_STAGE_WORK] = run_none,
    [ZREG__SERVE_STAGE_ANSWER] = run_answer, [ZREG__SERVE_STAGE_REFUSED] = run_refused,
    [ZREG__SERVE_STAGE_LINGER] = run_linger, [ZREG__SERVE_STAGE_CLOSED] = run_none,
};

void zreg__serve_connection_run(zreg__serve_connection *connection)
{
    connection->channel.turn = ZREG__SERVE_READ_BYTES;
    while (runs[connection->stage](connection) == STEP_ON) {
    }
    if (connection->stage == ZREG__SERVE_STAGE_CLOSED) {
        return;
    }
    if (connection->stage != ZREG__SERVE_STAGE_WORK &&
        !zreg__serve_exchange_hold_channel(connection)) {
        zreg__serve_connection_close(connection);
    } else if (connection->channel.turn == 0) {
        zreg__serve_turns_again(connection); /* there may be more, of which no event will tell */
    }
}

void zreg__serve_connection_resume(zreg__serve_connection *connection)
{
    if (atomic_load(&connection->exchange->is_gone)) {
        zreg__serve_connection_close(connection);
    } else if (follow(connection) == STEP_ON) {
        zreg__serve_connection_run(connection);
    }
}

void zreg__serve_connection_expire(zreg__serve_connection *connection)
{
    if (connection->stage == ZREG__SERVE_STAGE_WORK) {
        zreg__serve_gone_ask(connection);
        return;
    }
    uint32_t more_ms = zreg__serve_times_more(connection);
    if (more_ms > 0) {
        zreg__serve_turns_enter(connection, connection->stage, more_ms);
        connection->unsent = zreg__serve_channel_unsent(&connection->channel);
        return;
    }
    bool is_asked =
        connection->stage == ZREG__SERVE_STAGE_HEAD || connection->stage == ZREG__SERVE_STAGE_BODY;
    if (is_asked && answer_fault(connection, 408, "the request did not come in time") == STEP_ON) {
        zreg__serve_connection_run(connection);
    } else if (!is_asked) {
        zreg__serve_connection_close(connection);
    }
}
