/* SPDX-License-Identifier: Apache-2.0 */
/**
 * HTTP in, over libmicrohttpd: sockets, TLS, event threads, worker threads. Knows no registry.
 *
 * A request goes through its calls in this order: begin, body (any number of times), end, done.
 * These run on an event thread and must not block. One that has to says WORK: the connection
 * sleeps, `work` runs on a worker thread and says how to go on. No two calls for one request run
 * at once. After begin or work has said ANSWER while a body is still to come, a small body is read
 * and dropped, so that the connection stays; for a large one the connection closes.
 */
#ifndef ZREG_HTTP_SERVE_H
#define ZREG_HTTP_SERVE_H

#include "base/compiler.h"
#include "base/log.h"
#include <stdbool.h>
#include <zreg/common.h>

/* Among them may be an OCI-Tag for each tag of one PUT. */
#define ZREG__SERVE_MAX_HEADERS 48

/** Where the bytes of a long answer come from. The answer owns it. */
typedef struct zreg__serve_source {
    void *object; /* NULL: no source */
    zreg_status (*read)(size_t *out_size, void *object, uint64_t offset, void *buffer,
                        size_t capacity, zreg_error *err);
    int descriptor; /* to send from directly, or -1 */
    void (*free)(void *object);
    uint64_t offset;
    uint64_t size;
} zreg__serve_source;

/** An answer; made by the functions below, sent by serve. */
typedef struct zreg__serve_response {
    int status; /* 0: none yet */
    struct {
        const char *name; /* static */
        char *value;      /* owned */
    } headers[ZREG__SERVE_MAX_HEADERS];
    size_t header_count;
    const void *bytes; /* a short body: held by `holder` until `release` */
    size_t size;
    void *holder;
    void (*release)(void *holder);
    zreg__serve_source source; /* or a long one */
    bool close;                /* the connection ends after this */
} zreg__serve_response;

/** One request. What it points to lives until done returns. */
typedef struct zreg__serve_request {
    const char *method;
    char *target;    /* as it was sent, query included */
    char remote[72]; /* "ADDRESS:PORT" of the peer */
    bool has_body;
    bool is_tls;
    uint64_t body_size; /* UINT64_MAX: chunked */
    uint64_t started_ms;
    zreg__serve_response response;
    void *state;      /* the handler's own */
    void *connection; /* libmicrohttpd's */
} zreg__serve_request;

typedef enum zreg__serve_next {
    ZREG__SERVE_BODY,   /* go on: the body, then end. After end it means ANSWER */
    ZREG__SERVE_WORK,   /* call work on a worker thread */
    ZREG__SERVE_ANSWER, /* request->response is set */
} zreg__serve_next;

typedef struct zreg__serve_calls {
    zreg__serve_next (*begin)(zreg__serve_request *request, void *user);
    void (*body)(zreg__serve_request *request, const void *bytes, size_t size, void *user);
    zreg__serve_next (*end)(zreg__serve_request *request, void *user);
    zreg__serve_next (*work)(zreg__serve_request *request, void *user);
    /** The answer is gone, or the peer is (`completed` false). Frees request->state. */
    void (*done)(zreg__serve_request *request, bool completed, void *user);
} zreg__serve_calls;

typedef struct zreg__serve_options {
    const char *listen;      /* "ADDRESS:PORT", "[V6]:PORT", port 0: any */
    unsigned threads;        /* event threads */
    unsigned worker_threads; /* at most */
    zreg__log log;
    const zreg__serve_calls *calls;
    void *user;
} zreg__serve_options;

typedef struct zreg__serve zreg__serve;

/** Opens the socket only, so that the address is known. Errors: INVAL, NET, NOMEM. */
zreg_status zreg__serve_new(zreg__serve **out, const zreg__serve_options *options, zreg_error *err);

/** The address without brackets, and the port. */
const char *zreg__serve_host(const zreg__serve *serve);
uint16_t zreg__serve_port(const zreg__serve *serve);

/** Answers from now on. `cert_pem`, `key_pem`: NULL, or TLS; kept by the caller until stop.
 *  Errors: INVAL (certificate or key), NET, NOMEM. */
zreg_status zreg__serve_start(zreg__serve *serve, const char *cert_pem, const char *key_pem,
                              zreg_error *err);

/** Takes no new connections, lets requests end for `grace_ms`, closes all, joins all threads. Any
 *  number of threads may call it: the shortest time counts, and each returns when all has ended. */
void zreg__serve_stop(zreg__serve *serve, uint32_t grace_ms);

/** Takes no new connections from now on. */
void zreg__serve_drain(zreg__serve *serve);

/** In a forked child: closes its copy of the socket and leaves all else as it is. */
void zreg__serve_forget(zreg__serve *serve);

/** Stops without grace, frees. Accepts NULL. */
void zreg__serve_free(zreg__serve *serve);

/** The value of a request's header, or NULL; lives as long as the request. */
const char *zreg__serve_header(const zreg__serve_request *request, const char *name);

/** Adds a header to the answer. False: no memory or no room. `name` is static. */
bool zreg__serve_set_header(zreg__serve_request *request, const char *name, const char *format, ...)
    ZREG__PRINTF(3, 4);

/** Drops an answer that was set, with its headers and body. */
void zreg__serve_reset_response(zreg__serve_request *request);

ZREG__DEFINE_AUTO(zreg__serve, zreg__serve_free)

#endif
