/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of serve share. A connection belongs to one loop, and only the loop's thread
 * touches it; while its request is at a worker, only the worker touches the request.
 */
#ifndef ZREG_HTTP_SERVE_INNER_H
#define ZREG_HTTP_SERVE_INNER_H

#include "base/counter.h"
#include "base/limits.h"
#include "base/pool.h"
#include "http/serve.h"
#include "http/serve_channel.h"
#include "http/serve_crowd.h"
#include "http/wire_chunks.h"
#include "http/wire_head.h"
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

/* What one connection may move before the others have their turn. */
#define ZREG__SERVE_TURN_BYTES ((size_t)(1024 * 1024))
#define ZREG__SERVE_TURN_REQUESTS 4 /* that came one by one; of those that came together, 1 */
#define ZREG__SERVE_LINGER_MS 5000
#define ZREG__SERVE_ASK_MS 400  /* of work, before a peer that has ended its side is asked */
#define ZREG__SERVE_ASK_MANY 32 /* requests at workers, where they are asked before that time */
#define ZREG__SERVE_READ_BYTES ((size_t)(256 * 1024))

typedef struct zreg__serve_connection zreg__serve_connection;
typedef struct zreg__serve_loop zreg__serve_loop;
typedef struct zreg__serve_arrival zreg__serve_arrival;

/** A request and what is known of its message. It comes first, so that a pointer to a request is a
 *  pointer to this. */
typedef struct zreg__serve_exchange {
    zreg__serve_request request;
    zreg__serve_connection *connection;
    struct zreg__serve_exchange *next; /* in the loop's list of those that are free */
    zreg__serve_next then;             /* what the last call wants */
    bool has_begun;                    /* begin was called, and done is to be */
    bool awaits_100;                   /* the peer has not been told to send its body */
    bool is_asked;                     /* whether it waits still */
    atomic_bool is_gone;               /* the peer is, or the server ends: no worker begins */
    zreg__wire_chunks chunks;
    uint64_t received;  /* of the body */
    uint64_t held;      /* bytes of memory, counted in serve->holders */
    bool is_counted;    /* in serve->crowd, by `peer` */
    zreg__address peer; /* the client, where a proxy told of it */
    char remote[ZREG__ADDRESS_TEXT];
    char host[ZREG__MAX_HOST + 8];
    char prefix[ZREG__MAX_HOST];
    zreg__wire_head head;
} zreg__serve_exchange;

/** How a peer is received. */
typedef enum zreg__serve_welcome {
    ZREG__SERVE_WELCOME_CLIENT, /* counted with its address */
    ZREG__SERVE_WELCOME_PROXY,  /* not: it is trusted, and speaks for others */
    ZREG__SERVE_WELCOME_TOLD,   /* told that it is one too many */
    ZREG__SERVE_WELCOME_NONE,   /* not let in */
} zreg__serve_welcome;

/** What a connection waits for; each has a time of its own (serve_connection.c). */
typedef enum zreg__serve_stage {
    ZREG__SERVE_STAGE_PROXY, /* whom a proxy speaks for */
    ZREG__SERVE_STAGE_HELLO, /* the handshake; without TLS the first byte of the first request */
    ZREG__SERVE_STAGE_IDLE,  /* the first byte of the next request */
    ZREG__SERVE_STAGE_HEAD,
    ZREG__SERVE_STAGE_BODY,
    ZREG__SERVE_STAGE_WORK, /* a worker */
    ZREG__SERVE_STAGE_ANSWER,
    ZREG__SERVE_STAGE_REFUSED, /* answered; the rest of the body, after which the next may come */
    ZREG__SERVE_STAGE_LINGER,  /* answered, the last; until the peer has read it */
    ZREG__SERVE_STAGE_CLOSED,
    ZREG__SERVE_STAGES
} zreg__serve_stage;

struct zreg__serve_connection {
    zreg__serve_channel channel;
    zreg__serve_loop *loop;
    zreg__serve_stage stage;
    zreg__serve_connection *before; /* in the list of its stage, by time */
    zreg__serve_connection *after;
    zreg__serve_connection *next;      /* in the list of those to run, or of those that are dead */
    zreg__serve_connection *next_done; /* in the list of those that come back from workers */
    uint64_t until_ms;                 /* when the stage's time is over; 0: it has none */
    uint64_t moved;                    /* bytes in this time */
    uint64_t unsent; /* ANSWER: bytes that the peer had not taken when the time began */
    bool is_queued;  /* in the loop's list of those to run */
    bool closes;     /* after this answer */
    zreg__serve_welcome welcome;
    bool is_relayed;  /* its bytes are those of a client, whom the PROXY protocol may name */
    bool is_tls_told; /* the client came to the proxy under TLS */
    bool is_too_many; /* as the proxy told whose connection it is */
    size_t may_drop;  /* LINGER: bytes that are read on */
    uint64_t lingers_until_ms;
    unsigned turns; /* requests so far */
    zreg__address peer;
    char remote[ZREG__ADDRESS_TEXT]; /* the same as text */
    char *client_name;               /* in the certificate that the peer showed, or NULL */
    zreg__buf in;    /* a head, which stays there while its request runs, and what came with it */
    size_t in_used;  /* of `in` */
    zreg__buf ahead; /* what came behind a body in chunks: the next head begins with it */
    zreg__wire_scan scan;
    zreg__serve_exchange *exchange; /* NULL between requests */
    zreg__buf out;                  /* the head of the answer, as far as it is not sent */
    uint64_t sent;                  /* of the answer's body */
    uint64_t held;                  /* bytes that the channel keeps, counted in serve->holders */
    zreg__address holder;           /* with whom */
};

struct zreg__serve_loop {
    zreg__serve *serve;
    pthread_t thread;
    bool has_thread;
    int epoll;
    int wake; /* an eventfd */
    uint64_t now_ms;
    uint64_t watches_at_ms; /* the server's socket again; UINT64_MAX: nothing is to be done */
    struct {
        zreg__serve_connection *first;
        zreg__serve_connection *last;
    } stages[ZREG__SERVE_STAGES];
    zreg__serve_connection *to_run;
    zreg__serve_connection *dead; /* freed when no event can name them any more */
    unsigned connections;         /* with those handed to it; guarded by serve->lock */
    bool takes;                   /* more of them; guarded by serve->lock */
    zreg__serve_exchange *free_exchanges;
    unsigned free_count;
    zreg__buf cipher; /* lent to channels */
    char *scratch;    /* of ZREG__STREAM_BYTES: bodies on their way */
    char date[32];    /* of the answers in this second */
    int64_t date_s;
    zreg__counter turns;
    zreg__counter accepted;
    zreg__counter counts[ZREG__SERVE_STAGES]; /* of the connections in each stage */
    unsigned handed;                          /* requests, to workers, so far */
    bool is_closing;                          /* idle connections are closed, no new ones come */
    pthread_mutex_t lock;
    zreg__serve_connection *from_work; /* guarded by lock */
    zreg__serve_arrival *arrivals;     /* the same */
};

struct zreg__serve {
    int socket;       /* -1: closed */
    bool is_borrowed; /* it is somebody else's too */
    atomic_int spare; /* a descriptor to give up when there are no more; -1: it was lost */
    pthread_rwlock_t spare_lock; /* to write: by who changes it; to read: by who accepts */
    char host[INET6_ADDRSTRLEN];
    uint16_t port;
    bool is_tls;
    BIO_METHOD *method;
    zreg__log log;
    const zreg__serve_calls *calls;
    void *user;
    zreg__pool *lanes[ZREG__SERVE_MAX_LANES];
    size_t lane_count;
    zreg__serve_loop *loops;
    unsigned loop_count;
    unsigned running_loops;
    zreg__serve_limits limits;
    zreg__network *proxies; /* those that are trusted */
    size_t proxy_count;
    bool has_proxy_protocol;
    zreg__serve_crowd *crowd;   /* connections, by address */
    zreg__serve_crowd *holders; /* bytes of memory, by address */
    atomic_uint connections;
    atomic_uint turned_away; /* connections that are being told so */
    atomic_ullong shut_out;  /* how many were not let in, or told so */
    atomic_ullong faults[ZREG__SERVE_COUNTED_FAULTS];
    atomic_ullong refused[ZREG__SERVE_MAX_LANES];
    atomic_bool is_draining; /* connections end after the answer they are at */
    atomic_bool is_ending;   /* all connections end, but those whose request is at a worker */

    pthread_mutex_t lock;  /* guards all below, and how many connections each loop has */
    SSL_CTX *tls;          /* NULL: plain; may be exchanged */
    pthread_cond_t change; /* `running` became 0, `until_ms` changed, or it has stopped */
    bool is_stopping;      /* a thread is in zreg__serve_stop, and others wait for it */
    bool is_stopped;
    uint64_t until_ms; /* requests may run so long once it is stopping */
};

/* ---- serve_listen.c ---- */

/** Opens `serve->socket` and sets host and port. Errors: INVAL, IO. */
zreg_status zreg__serve_listen(zreg__serve *serve, const char *address, zreg_error *err);

/** The same by a socket that listens already, of which it takes a copy. Errors: INVAL, IO. */
zreg_status zreg__serve_listen_on(zreg__serve *serve, int descriptor, zreg_error *err);

/* ---- serve_door.c ---- */

/** Whether a proxy is trusted to tell whom it speaks for. */
bool zreg__serve_door_trusts(const zreg__serve *serve, const zreg__address *address);

/** Counts one more, unless NONE. Any thread. */
zreg__serve_welcome zreg__serve_door_enter(zreg__serve *serve, const zreg__address *peer);

/** One less, unless NONE. Any thread. */
void zreg__serve_door_leave(zreg__serve *serve, const zreg__address *peer, zreg__serve_welcome how);

/** The loop with the fewest connections, before others this one; the new one is counted there. */
zreg__serve_loop *zreg__serve_door_assign(zreg__serve_loop *loop);

/** One less of the loop. */
void zreg__serve_door_release(zreg__serve_loop *loop);

/** The loop takes no more, and has none; asked by a loop that accepts none any more. */
bool zreg__serve_door_is_shut(zreg__serve_loop *loop);

/* ---- serve_accept.c ---- */

/** Watches the server's socket. False: it tries again a little later. */
bool zreg__serve_accept_watch(zreg__serve_loop *loop);

/** Watches it no more. */
void zreg__serve_accept_ignore(zreg__serve_loop *loop);

/** Takes what waits at the server's socket, and hands each to the loop with the fewest connections. */
void zreg__serve_accept_some(zreg__serve_loop *loop);

/** Begins with those that other loops have handed over. */
void zreg__serve_accept_handed(zreg__serve_loop *loop);

/** What was handed to a loop whose thread never ran. */
void zreg__serve_accept_drop(zreg__serve_loop *loop);

/* ---- serve_loop.c ---- */

void zreg__serve_loop_init(zreg__serve_loop *loop, zreg__serve *serve);

/** Opens what it waits with: from now on others may hand connections to it. Errors: IO, NOMEM. */
zreg_status zreg__serve_loop_open(zreg__serve_loop *loop, zreg_error *err);

/** Starts its thread, which ends by itself when the server drains and the last connection is gone.
 *  Errors: IO. */
zreg_status zreg__serve_loop_start(zreg__serve_loop *loop, zreg_error *err);

void zreg__serve_loop_join(zreg__serve_loop *loop);

/** Joins, and frees what the loop has. */
void zreg__serve_loop_finish(zreg__serve_loop *loop);

/* ---- serve_turns.c ---- */

/** Makes a loop look at what others changed. Any thread. */
void zreg__serve_turns_wake(zreg__serve_loop *loop);

/** Moves a connection to a stage, with the time that this may take; 0: as long as it likes. */
void zreg__serve_turns_enter(zreg__serve_connection *connection, zreg__serve_stage stage,
                             uint32_t time_ms);

/** Runs the connection again when others have had their turn. */
void zreg__serve_turns_again(zreg__serve_connection *connection);

/** Closes the connection's socket. */
void zreg__serve_turns_hang_up(zreg__serve_connection *connection);

/** The connection's socket is closed; its memory goes when this turn is over. */
void zreg__serve_turns_bury(zreg__serve_connection *connection);

/** The request has come back from its worker. Any thread. */
void zreg__serve_turns_return(zreg__serve_connection *connection);

/** The thread of one loop ends: it has no connections any more, and takes none. */
void zreg__serve_turns_end(zreg__serve *serve);

/** The text of a Date field. */
const char *zreg__serve_turns_date(zreg__serve_loop *loop);

/* ---- serve_times.c ---- */

/** The time of a connection's stage is over: how much more it has earned by what moved; 0: none. */
uint32_t zreg__serve_times_more(const zreg__serve_connection *connection);

/* ---- serve_gone.c ---- */

/** The peer is gone: no worker begins with its request, and where one has begun its place is free. */
void zreg__serve_gone_notice(zreg__serve_connection *connection);

/** WORK: asks a peer that has ended its side whether it is there, now and then. */
void zreg__serve_gone_ask(zreg__serve_connection *connection);

/** One more request goes to a worker: where many have gone, asks all of which this is not known. */
void zreg__serve_gone_ask_many(zreg__serve_loop *loop);

/* ---- serve_counts.c ---- */

/** An answer that the server gave by itself. Any thread. */
void zreg__serve_counts_fault(zreg__serve *serve, int status);

/* ---- serve_connection.c ---- */

/** A connection for a socket, which then belongs to it; NULL: no memory, the socket is closed. */
zreg__serve_connection *zreg__serve_connection_new(zreg__serve_loop *loop, int fd,
                                                   const zreg__address *peer,
                                                   zreg__serve_welcome welcome);

/** It is one too many: it is told so, and ends. */
void zreg__serve_connection_turn_away(zreg__serve_connection *connection);

/** Goes on as far as it can without waiting. */
void zreg__serve_connection_run(zreg__serve_connection *connection);

/** The time of its stage is over. */
void zreg__serve_connection_expire(zreg__serve_connection *connection);

/** Its request comes back from a worker. */
void zreg__serve_connection_resume(zreg__serve_connection *connection);

/** Ends it now, whatever it is at; not while its request is at a worker. */
void zreg__serve_connection_close(zreg__serve_connection *connection);

/* ---- serve_origin.c ---- */

/** Errors: INVAL (a network), NOMEM. */
zreg_status zreg__serve_origin_read_proxies(zreg__serve *serve, const char *const *texts,
                                            zreg_error *err);

/** Reads what the PROXY protocol puts before all else, and no byte more. GONE: it is malformed. */
zreg__serve_io zreg__serve_origin_read_proxy(zreg__serve_connection *connection);

/** Sets what proxies tell of a request. Returns 0, or the status of a refusal. */
int zreg__serve_origin_of_request(zreg__serve_exchange *exchange);

/* ---- serve_answer.c ---- */

/** What a peer does not read stays in memory, which ends: then the answer becomes 503. */
void zreg__serve_answer_hold(zreg__serve_exchange *exchange);

/** Writes the head of the answer to `connection->out`. False: no memory. */
bool zreg__serve_answer_begin(zreg__serve_connection *connection);

/** Sends on. DONE: all is sent. */
zreg__serve_io zreg__serve_answer_send(zreg__serve_connection *connection);

/** Sets an answer that the server gives by itself: `why` is for people. */
void zreg__serve_answer_fault(zreg__serve_exchange *exchange, int status, const char *why);

/* ---- serve_body.c ---- */

/** How much of the request's body has not come. UINT64_MAX: unknown. */
uint64_t zreg__serve_body_left(const zreg__serve_exchange *exchange);

/** How much of it is read on behind the last answer, so that the peer sees that answer. */
size_t zreg__serve_body_may_drop(const zreg__serve_exchange *exchange);

/** Hands on what came with the head, else what the socket has. `exchange->then` may change, or the
 *  chunks be BAD. */
zreg__serve_io zreg__serve_body_read(zreg__serve_connection *connection);

/* ---- serve_exchange.c ---- */

/** A request that has just begun; NULL: no memory. */
zreg__serve_exchange *zreg__serve_exchange_new(zreg__serve_connection *connection);

/** Counts what the channel keeps in memory, or no longer does. False: there is too much of it. */
bool zreg__serve_exchange_hold_channel(zreg__serve_connection *connection);

/** Its answer is sent, or its peer gone: done is called, and the exchange is free. */
void zreg__serve_exchange_end(zreg__serve_exchange *exchange, bool completed);

#endif
