/* SPDX-License-Identifier: Apache-2.0 */
/* The course of one request. libmicrohttpd calls on_access for the headers, for each piece of the
 * body, and once after it; and again after a sleep. An answer may be queued at two moments only:
 * before the body, which ends the connection, or after it. */
#include "http/serve_inner.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

typedef enum stage {
    STAGE_LINE,  /* the request line is there */
    STAGE_BEGIN, /* begin was called; it may have gone to work */
    STAGE_BODY,
    STAGE_END, /* end was called; it may have gone to work */
} stage;

/* The request comes first, so that a pointer to one is a pointer to the other. */
typedef struct exchange {
    zreg__serve_request request;
    zreg__serve *serve;
    stage stage;
    zreg__serve_next next;
    uint64_t received; /* of the body */
} exchange;

void *zreg__serve_on_target(void *user, const char *target, struct MHD_Connection *connection)
{
    exchange *x = zreg__new(exchange);
    if (x == NULL) {
        return NULL;
    }
    x->serve = user;
    x->request.connection = connection;
    x->request.is_tls = x->serve->is_tls;
    x->request.target = zreg__strdup(target);
    if (x->request.target == NULL) {
        free(x);
        return NULL;
    }
    return x;
}

static void set_remote(zreg__serve_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char host[INET6_ADDRSTRLEN] = "";
    if (info == NULL) {
        return;
    }
    if (info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)info->client_addr;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(request->remote, sizeof(request->remote), "[%s]:%u", host, ntohs(v6->sin6_port));
    } else if (info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)info->client_addr;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(request->remote, sizeof(request->remote), "%s:%u", host, ntohs(v4->sin_port));
    }
}

typedef struct framing {
    const char *length;
    const char *coding;
    unsigned lengths;
    unsigned codings;
    unsigned hosts;
} framing;

static enum MHD_Result note_header(void *user, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    framing *f = user;
    (void)kind;
    if (zreg__str_equal_nocase(name, "Content-Length")) {
        f->length = value;
        f->lengths++;
    } else if (zreg__str_equal_nocase(name, "Transfer-Encoding")) {
        f->coding = value;
        f->codings++;
    } else if (zreg__str_equal_nocase(name, "Host")) {
        f->hosts++;
    }
    return MHD_YES;
}

/* Says how long the body is. False: the headers do not agree about it, or about the host, so that
 * another program on the way may see other requests than we do (RFC 9112 section 6.3). */
static bool read_framing(zreg__serve_request *request)
{
    framing f = {.lengths = 0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, note_header, &f);
    if (f.lengths + f.codings > 1 || f.hosts > 1 ||
        (f.codings == 1 && !zreg__str_equal_nocase(f.coding, "chunked"))) {
        return false;
    }
    if (f.lengths == 1 && !zreg__span_u64(zreg__span_of(f.length), &request->body_size)) {
        return false;
    }
    request->body_size = f.codings == 1 ? UINT64_MAX : request->body_size;
    request->has_body = request->body_size > 0;
    return true;
}

static void run_work(void *job)
{
    exchange *x = job;
    x->next = x->serve->calls->work(&x->request, x->serve->user);
    MHD_resume_connection(x->request.connection);
}

/* Sends the request to a worker. MHD_NO, which closes the connection: the server is closing, or
 * out of memory. */
static enum MHD_Result go_to_work(exchange *x)
{
    zreg__serve *serve = x->serve;
    pthread_mutex_lock(&serve->lock);
    bool is_closed = serve->is_closed;
    zreg_status status = ZREG_OK;
    if (!is_closed) {
        MHD_suspend_connection(x->request.connection);
        status = zreg__pool_submit(serve->workers, run_work, x, NULL);
        if (status != ZREG_OK) {
            MHD_resume_connection(x->request.connection);
        }
    }
    pthread_mutex_unlock(&serve->lock);
    return is_closed || status != ZREG_OK ? MHD_NO : MHD_YES;
}

/* False: the request is malformed, and its answer is set. */
static bool start(exchange *x, const char *method)
{
    zreg__serve *serve = x->serve;
    zreg__serve_request *request = &x->request;
    request->method = method;
    request->started_ms = zreg__clock_ms();
    set_remote(request);
    pthread_mutex_lock(&serve->lock);
    serve->running++;
    pthread_mutex_unlock(&serve->lock);
    x->stage = STAGE_BEGIN;
    if (!read_framing(request)) {
        request->response.status = 400;
        request->response.close = true;
        return false;
    }
    x->next = serve->calls->begin(request, serve->user);
    return true;
}

/* Whether an answer is given before the body is read. */
static bool refuses_body(const zreg__serve_request *request)
{
    bool is_large = request->body_size > ZREG__MAX_DRAIN_BYTES && request->body_size != UINT64_MAX;
    return request->has_body && (is_large || zreg__serve_header(request, "Expect") != NULL);
}

static enum MHD_Result after_begin(exchange *x)
{
    if (x->next == ZREG__SERVE_WORK) {
        return go_to_work(x);
    }
    x->stage = STAGE_BODY;
    if (x->next == ZREG__SERVE_ANSWER && refuses_body(&x->request)) {
        x->request.response.close = true;
        return zreg__serve_queue(x->serve, &x->request);
    }
    return MHD_YES;
}

/* libmicrohttpd sleeps until something new comes. When the end of the stream came together with
 * the last bytes nothing new will, and an upload would stay locked until the idle time is over. */
static bool is_cut_off(const exchange *x)
{
    char byte;
    if (x->request.body_size == UINT64_MAX || x->received >= x->request.body_size) {
        return false;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->request.connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL && recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static enum MHD_Result take_body(exchange *x, const char *bytes, size_t *size)
{
    x->received += *size;
    if (x->next == ZREG__SERVE_ANSWER) {
        if (x->received > ZREG__MAX_DRAIN_BYTES) {
            return MHD_NO;
        }
    } else {
        x->serve->calls->body(&x->request, bytes, *size, x->serve->user);
    }
    *size = 0;
    return is_cut_off(x) ? MHD_NO : MHD_YES;
}

static enum MHD_Result finish(exchange *x)
{
    if (x->stage == STAGE_BODY) {
        x->stage = STAGE_END;
        if (x->next != ZREG__SERVE_ANSWER) {
            x->next = x->serve->calls->end(&x->request, x->serve->user);
        }
    }
    return x->next == ZREG__SERVE_WORK ? go_to_work(x) : zreg__serve_queue(x->serve, &x->request);
}

enum MHD_Result zreg__serve_on_access(void *user, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *bytes, size_t *size, void **state)
{
    exchange *x = *state;
    (void)user;
    (void)connection;
    (void)url;
    (void)version;
    if (x == NULL) {
        return MHD_NO;
    }
    if (x->stage == STAGE_LINE) {
        return start(x, method) ? after_begin(x) : zreg__serve_queue(x->serve, &x->request);
    }
    if (x->stage == STAGE_BEGIN) {
        return after_begin(x);
    }
    return *size > 0 ? take_body(x, bytes, size) : finish(x);
}

void zreg__serve_on_done(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
    exchange *x = *state;
    zreg__serve *serve = user;
    (void)connection;
    if (x == NULL) {
        return;
    }
    if (x->stage != STAGE_LINE) {
        serve->calls->done(&x->request, how == MHD_REQUEST_TERMINATED_COMPLETED_OK, serve->user);
        pthread_mutex_lock(&serve->lock);
        if (--serve->running == 0) {
            pthread_cond_broadcast(&serve->change);
        }
        pthread_mutex_unlock(&serve->lock);
    }
    zreg__serve_reset_response(&x->request);
    free(x->request.target);
    free(x);
    *state = NULL;
}
