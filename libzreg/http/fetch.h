/* SPDX-License-Identifier: Apache-2.0 */
/**
 * HTTP requests out.
 *
 * A session is shared by threads; it keeps idle connections, each in a "lane" of its own that is
 * lent to one exchange at a time. An exchange belongs to one thread. There is no thread behind it:
 * bytes move only while one of these calls runs, so a slow reader slows the peer and nothing piles
 * up. Every wait ends within 100 ms of a cancel.
 *
 * Redirects are followed here: credentials and a host's TLS settings stay with scheme, host and
 * port; https never becomes http. Content codings are refused.
 */
#ifndef ZREG_HTTP_FETCH_H
#define ZREG_HTTP_FETCH_H

#include "base/buf.h"
#include "base/compiler.h"
#include "http/fetch_url.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

/** A session: connections, and what all requests have in common. */
typedef struct zreg__fetch zreg__fetch;

/** One request and its answer. */
typedef struct zreg__fetch_exchange zreg__fetch_exchange;

/** Settings of a session; texts are copied. */
typedef struct zreg__fetch_options {
    const char *user_agent;      /* NULL: "zreg/VERSION" */
    const char *ca_pem;          /* authorities beside the system's, or NULL */
    uint32_t connect_timeout_ms; /* name lookup to end of TLS handshake; 0: 30,000 */
    uint32_t idle_timeout_ms;    /* longest silence of a peer; 0: 60,000 */
} zreg__fetch_options;

/** How to trust one host. Texts must live as long as the exchange. */
typedef struct zreg__fetch_tls {
    const char *ca_pem;          /* authorities beside the system's, or NULL */
    const char *client_cert_pem; /* or NULL */
    const char *client_key_pem;
    bool insecure; /* any certificate will do */
} zreg__fetch_tls;

/** Counts of what was sent; may be shared by threads. */
typedef struct zreg__fetch_counters {
    _Atomic uint64_t requests;
    _Atomic uint64_t bytes_in;
    _Atomic uint64_t bytes_out;
    _Atomic uint64_t connections;
} zreg__fetch_counters;

/** What to send. Body, TLS settings and counters must live until the exchange is closed, all else
 *  until zreg__fetch_open returns. */
typedef struct zreg__fetch_request {
    const char *method; /* "GET" */
    const zreg__fetch_url *url;
    const char *const *headers;     /* "Name: value", the last is NULL; or NULL */
    const char *const *own_headers; /* the same, for the origin of `url` only; or NULL */
    const char *authorization; /* value of that header, for the origin of `url` only; or NULL */
    const void *body;          /* a body in memory, or NULL */
    size_t body_bytes;
    bool secret_body;           /* goes to the origin of `url` only */
    bool stream;                /* the body comes by zreg__fetch_write */
    uint64_t stream_bytes;      /* its size; UINT64_MAX: unknown, sent in chunks */
    const zreg__fetch_tls *tls; /* for the origin of `url` only; or NULL */
    bool public_peer_only;      /* refuse loopback, link-local and private addresses, after DNS */
    uint32_t limit_ms;          /* longest time for all of it; 0: as long as bytes move */
    bool commits;               /* once all is sent, the silence may be ten times as long */
    bool
        is_brief; /* somebody else is asked next: a third of the time to connect and to answer, at most 10 s each */
    bool maybe_plain; /* the peer may turn out not to speak TLS: find out quickly */
    bool http2;       /* offer it to the origin of `url`; a streamed body goes without */
    zreg__fetch_counters *counters; /* or NULL */
    _Atomic uint64_t *tally;        /* one more for each time it is sent to `url`; or NULL */
} zreg__fetch_request;

/** Why there was no answer, for who decides whether to try again. */
typedef enum zreg__fetch_failure {
    ZREG__FETCH_FINAL = 0, /* the same will happen again */
    ZREG__FETCH_TRANSIENT, /* refused, dropped, silent */
    ZREG__FETCH_NOT_TLS,   /* the TLS handshake failed, but not on a certificate */
} zreg__fetch_failure;

/** Makes a session. Errors: NOMEM, INVAL, NET (libcurl cannot start). */
zreg_status zreg__fetch_new(zreg__fetch **out, const zreg__fetch_options *options, zreg_error *err);

/** Closes all connections. No exchange may be open. Accepts NULL. */
void zreg__fetch_free(zreg__fetch *fetch);

/**
 * Sends a request and waits for the head of the answer, whatever its status; redirects of GET and
 * HEAD, and 307 and 308 of requests with their body in memory, have then been followed. With
 * `stream` it does not wait: write, then finish. `failure` may be NULL.
 * Errors: NET, TIMEOUT, PROTO, LIMIT, CANCELLED, NOMEM.
 */
zreg_status zreg__fetch_open(zreg__fetch_exchange **out, zreg__fetch *fetch,
                             const zreg__fetch_request *request, zreg__fetch_failure *failure,
                             zreg_cancel *cancel, zreg_error *err);

/**
 * Sends body bytes. When the peer has answered before the end, the bytes are dropped and
 * zreg__fetch_status is not 0.
 */
zreg_status zreg__fetch_write(zreg__fetch_exchange *exchange, const void *bytes, size_t size,
                              zreg_error *err);

/** Ends the body and waits for the head of the answer. */
zreg_status zreg__fetch_finish(zreg__fetch_exchange *exchange, zreg_error *err);

/** Reads body bytes; blocks until there is at least one; `*out_size` is 0 only at the end. */
zreg_status zreg__fetch_read(size_t *out_size, zreg__fetch_exchange *exchange, void *buffer,
                             size_t capacity, zreg_error *err);

/** Reads the rest of the body into `to`. Errors: LIMIT (more than its maximum), ... */
zreg_status zreg__fetch_body(zreg__buf *to, zreg__fetch_exchange *exchange, zreg_error *err);

/** Why the last call failed. */
zreg__fetch_failure zreg__fetch_failed_how(const zreg__fetch_exchange *exchange);

/** Whether it was sent twice because a kept connection was closed without an answer: the peer may have carried
 *  out the first. */
bool zreg__fetch_sent_twice(const zreg__fetch_exchange *exchange);

/** The HTTP status; 0 before there is one. */
int zreg__fetch_status(const zreg__fetch_exchange *exchange);

/** A header of the answer, several of one name joined by ", "; NULL: none. Case does not count. */
const char *zreg__fetch_header(const zreg__fetch_exchange *exchange, const char *name);

/** The time that a date of HTTP or mail tells ("Sun, 06 Nov 1994 08:49:37 GMT"), in seconds since 1970;
 *  0 when it is none, or NULL, or before. */
int64_t zreg__fetch_date(const char *text);

/** The size of the whole body as declared, or UINT64_MAX. Never allocate by it. */
uint64_t zreg__fetch_length(const zreg__fetch_exchange *exchange);

/** Where the answer came from, after redirects. */
const zreg__fetch_url *zreg__fetch_answerer(const zreg__fetch_exchange *exchange);

/** True when the peer's own address, before redirects, is loopback, link-local or private. */
bool zreg__fetch_peer_is_private(const zreg__fetch_exchange *exchange);

/** Says in an error that was reported already at which peer it was met. */
void zreg__fetch_blame(const zreg__fetch_exchange *exchange, zreg_error *err);

/** Ends the exchange wherever it is; a short rest of the body is read so that the connection can
 *  be used again. Accepts NULL. */
void zreg__fetch_close(zreg__fetch_exchange *exchange);

ZREG__DEFINE_AUTO(zreg__fetch, zreg__fetch_free)
ZREG__DEFINE_AUTO(zreg__fetch_exchange, zreg__fetch_close)

#endif
