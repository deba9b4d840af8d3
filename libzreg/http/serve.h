/* SPDX-License-Identifier: Apache-2.0 */
/**
 * HTTP/1.1 in: sockets, TLS, event threads, worker threads. Knows no registry.
 *
 * A request goes through its calls in this order: begin, body (any number of times), end, done.
 * These run on an event thread and must not block. One that has to says WORK: the connection
 * sleeps, `work` runs on a worker thread and says how to go on. No two calls for one request run
 * at once. An answer is sent when it is there, in the middle of a body too; what is left of a small
 * body is then read and dropped, so that the connection stays, and for a large one the connection
 * closes when the peer has had time to see the answer.
 */
#ifndef ZREG_HTTP_SERVE_H
#define ZREG_HTTP_SERVE_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/pool.h"
#include "http/address.h"
#include "http/wire_head.h"
#include <stdbool.h>
#include <zreg/common.h>

/* Among the fields of an answer may be an OCI-Tag for each tag of one PUT. */
#define ZREG__SERVE_MAX_FIELDS_BYTES ((size_t)32768)

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
    int status;        /* 0: none yet */
    zreg__buf fields;  /* its lines, as they are sent */
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
    const char *target;        /* path and query, as they were sent */
    const char *remote;        /* "ADDRESS:PORT" of the client, be it as a trusted proxy tells it */
    const zreg__address *peer; /* the same */
    const char *host;          /* as a trusted proxy tells it, not checked, or NULL */
    const char *authority;     /* of an absolute target, else of Host; not checked, or NULL */
    const char *prefix;        /* "/PATH" that a trusted proxy takes away from targets, or NULL */
    const char *client_name;   /* in the certificate that the peer showed; NULL: none, or no name */
    bool has_body;
    bool is_tls;        /* for the client */
    uint64_t body_size; /* UINT64_MAX: chunked */
    uint64_t started_ms;
    uint64_t sent_bytes; /* of the answer's body; known in done */
    zreg__serve_response response;
    unsigned lane;  /* where its work is done */
    uint64_t share; /* a number for who asks: the many of one wait for the few of another */
    unsigned loop;  /* the number of its event thread */
    void *state;    /* the handler's own */
} zreg__serve_request;

typedef enum zreg__serve_next {
    ZREG__SERVE_BODY,   /* go on: the body, then end */
    ZREG__SERVE_WORK,   /* call work on a worker thread of request->lane */
    ZREG__SERVE_ANSWER, /* request->response is set */
} zreg__serve_next;

/* Workers do different kinds of work, so that none is held up by another kind: each has a lane, with
 * threads of its own and a queue that ends. */
#define ZREG__SERVE_MAX_LANES 6

typedef struct zreg__serve_lane {
    unsigned threads; /* at most */
    unsigned queue;   /* requests that may wait for them */
} zreg__serve_lane;

typedef struct zreg__serve_calls {
    zreg__serve_next (*begin)(zreg__serve_request *request, void *user);
    zreg__serve_next (*body)(zreg__serve_request *request, const void *bytes, size_t size,
                             void *user);
    zreg__serve_next (*end)(zreg__serve_request *request, void *user);
    zreg__serve_next (*work)(zreg__serve_request *request, const zreg__worker *on, void *user);
    /** The request's lane is full: sets an answer. */
    void (*busy)(zreg__serve_request *request, void *user);
    /** What http/ refuses by itself, be it before begin: `response.status` is set; gives the answer its
     *  body. `why` is for people. */
    void (*fault)(zreg__serve_request *request, const char *why, void *user);
    /** The answer is gone, or the peer is (`completed` false). Frees request->state. */
    void (*done)(zreg__serve_request *request, bool completed, void *user);
} zreg__serve_calls;

/** What peers may take. All are set, but `total_ms`. */
typedef struct zreg__serve_limits {
    zreg__wire_limits head;
    uint32_t head_ms;   /* a head, from its first byte on, and a handshake */
    uint32_t body_ms;   /* in which `least_bytes` of a body have to come */
    uint32_t answer_ms; /* in which they have to go */
    uint32_t idle_ms;   /* between two requests */
    uint32_t total_ms;  /* a request with its answer; 0: as long as it moves */
    uint32_t least_bytes;
    unsigned connections;             /* those beyond are turned away */
    unsigned connections_per_network; /* of one IPv4 address, or one /64 of IPv6 */
    uint64_t held_bytes;              /* bodies and answers in memory, all together */
} zreg__serve_limits;

/** So many are told that they are one too many, at a time, where so many connections may be; others find
 *  theirs closed. Each has a descriptor meanwhile. */
unsigned zreg__serve_most_turned_away(unsigned connections);

typedef struct zreg__serve_options {
    int descriptor;     /* a socket that listens already, and stays the caller's; 0: none */
    const char *listen; /* "ADDRESS:PORT", "[V6]:PORT", port 0: any */
    unsigned threads;   /* event threads */
    zreg__serve_limits limits;
    const char *const *trusted_proxies; /* networks; NULL: none */
    bool has_proxy_protocol;            /* they begin each connection with PROXY, version 2 */
    const zreg__serve_lane *lanes;
    size_t lane_count;
    zreg__log log;
    const zreg__serve_calls *calls;
    void *user;
} zreg__serve_options;

typedef struct zreg__serve zreg__serve;

/* What can be told of it at a moment. */
#define ZREG__SERVE_COUNTED_STAGES 9
#define ZREG__SERVE_COUNTED_FAULTS 10

typedef struct zreg__serve_counts {
    struct {
        const char *stage; /* what they wait for */
        unsigned connections;
    } stages[ZREG__SERVE_COUNTED_STAGES];
    struct {
        int status; /* 0: any other */
        uint64_t answers;
    } faults[ZREG__SERVE_COUNTED_FAULTS]; /* given without asking a handler */
    struct {
        unsigned waiting;
        unsigned running;
        uint64_t refused; /* since it was full */
    } lanes[ZREG__SERVE_MAX_LANES];
    uint64_t accepted;    /* connections */
    uint64_t turned_away; /* those that were too many */
    uint64_t held_bytes;  /* of memory, for bodies and answers */
} zreg__serve_counts;

/** Opens the socket only, so that the address is known. Errors: INVAL, IO, NOMEM. */
zreg_status zreg__serve_new(zreg__serve **out, const zreg__serve_options *options, zreg_error *err);

/** The address without brackets, and the port. */
const char *zreg__serve_host(const zreg__serve *serve);
uint16_t zreg__serve_port(const zreg__serve *serve);

/** What TLS is made with; looked at during a call only. */
typedef struct zreg__serve_tls {
    const char *cert_pem;
    const char *key_pem;
    const char *client_ca_pem; /* signs those that clients may show; NULL: none are asked for */
    bool needs_client;         /* clients must show one */
} zreg__serve_tls;

/** Answers from now on. `tls` NULL: plain. Errors: INVAL (certificate, key or CA), IO, NOMEM. */
zreg_status zreg__serve_start(zreg__serve *serve, const zreg__serve_tls *tls, zreg_error *err);

/** For connections that begin from now on; where TLS was started. Errors: INVAL (certificate, key or
 *  CA; then nothing has changed), NOMEM. */
zreg_status zreg__serve_set_tls(zreg__serve *serve, const zreg__serve_tls *tls, zreg_error *err);

/** Takes no new connections, lets requests end for `grace_ms`, closes all, joins all threads. Any
 *  number of threads may call it: the shortest time counts, and each returns when all has ended. */
void zreg__serve_stop(zreg__serve *serve, uint32_t grace_ms);

/** Has a job done by a worker of a lane. False: the lane is full. */
bool zreg__serve_run(zreg__serve *serve, unsigned lane, zreg__pool_fn run, void *job);

/** Takes no new connections from now on: who tries one learns it at once, unless the socket is another's,
 *  where it waits for whoever serves it next. */
void zreg__serve_drain(zreg__serve *serve);

/** Whether each event thread comes round within `timeout_ms`; none does for sure once the server drains.
 *  Any thread. */
bool zreg__serve_comes_round(zreg__serve *serve, uint32_t timeout_ms);

/** Any thread; it holds up no request. */
void zreg__serve_count(zreg__serve_counts *out, zreg__serve *serve);

/** In a forked child: closes its copy of the socket and leaves all else as it is. */
void zreg__serve_forget(zreg__serve *serve);

/** Stops without grace, frees. Accepts NULL. */
void zreg__serve_free(zreg__serve *serve);

/** Counts memory that a request's body takes, until the request is over. False: there is too much of
 *  it; answer with 503. */
bool zreg__serve_hold(zreg__serve_request *request, uint64_t bytes);

/** The value of a request's header, or NULL; lives as long as the request. */
const char *zreg__serve_header(const zreg__serve_request *request, const char *name);

/** Adds a header to the answer. False: no memory, no room, or a value of more than one line. */
bool zreg__serve_set_header(zreg__serve_request *request, const char *name, const char *value);

/** The same with a value that is composed. */
bool zreg__serve_vset_header(zreg__serve_request *request, const char *name, const char *format,
                             va_list arguments) ZREG__PRINTF(3, 0);

/** Drops an answer that was set, with its headers and body. */
void zreg__serve_reset_response(zreg__serve_request *request);

ZREG__DEFINE_AUTO(zreg__serve, zreg__serve_free)

#endif
