/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the fetcher share. Nobody else includes this. */
#ifndef ZREG_HTTP_FETCH_INNER_H
#define ZREG_HTTP_FETCH_INNER_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"
#include "http/fetch.h"
#include "http/proxy.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <pthread.h>

/* libcurl's own buffers, one for each transfer: larger ones are no faster. */
#define ZREG__FETCH_BUFFER_BYTES (64 * ZREG__KIB)
#define ZREG__FETCH_SHORT_BYTES (4 * ZREG__KIB)

/** A slot for one connection to one origin, lent to one exchange at a time. */
typedef struct zreg__fetch_lane {
    struct zreg__fetch_lane *next; /* among the idle */
    char *key;
    const zreg__proxy *proxy; /* that its connection goes through, or NULL */
    CURLM *multi;
    CURL *easy;
} zreg__fetch_lane;

/** Authorities to trust; lives as long as its session. */
typedef struct zreg__fetch_trust zreg__fetch_trust;

struct zreg__fetch {
    char *user_agent;
    char *ca_pem;
    uint32_t connect_timeout_ms;
    uint32_t idle_timeout_ms;
    zreg__proxies proxies;
    CURLSH *share; /* of lanes without a trust */
    pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
    pthread_mutex_t lock; /* guards what follows */
    zreg__fetch_lane *idle;
    size_t idle_count;
    zreg__fetch_trust *trusts;
};

struct zreg__fetch_exchange {
    zreg__fetch *fetch;
    zreg_cancel *cancel;
    zreg__fetch_counters *counters;
    _Atomic uint64_t *tally;
    zreg__fetch_lane *lane;
    bool added;               /* the lane's easy handle is in its multi handle */
    zreg__fetch_trust *trust; /* of this hop; NULL: no TLS, or any certificate will do */
    struct curl_slist *headers;
    zreg__fetch_url url; /* of the current hop */
    int hops;            /* redirects followed */
    bool foreign;        /* has left the origin of the request: no credentials any more */
    bool public_peer_only;
    bool maybe_plain;
    bool http2;  /* offered on this hop */
    bool secret; /* what comes and goes is one: OpenSSL keeps no copy */

    /* How far it is. */
    uint64_t moved;      /* grows whenever anything was sent or received */
    uint64_t active_ms;  /* when it last did */
    uint64_t until_ms;   /* when it must be over; UINT64_MAX: no limit */
    uint64_t connect_ms; /* longest time to connect */
    uint64_t answer_ms;  /* longest silence once all is sent */
    bool connected;
    unsigned
        sends; /* of this hop: libcurl sends again by itself where a kept connection was closed */
    bool done;
    CURLcode result;
    char error_text[CURL_ERROR_SIZE];
    zreg_error refusal; /* why a callback stopped the transfer */
    bool refused_private;
    zreg__fetch_failure failure;

    /* The head of the answer. */
    int status;
    bool head_done;
    zreg__map *answer;   /* lower-case name -> value */
    size_t header_bytes; /* of all hops together */
    size_t header_lines;
    bool peer_is_private;

    /* The body of the answer: to the reader that waits, else to the stash. */
    char *to;
    size_t to_capacity;
    size_t to_size;
    size_t step_bytes; /* the most that libcurl receives at once */
    zreg__buf stash;   /* what came beyond the room of the reader: no more than one step */
    size_t stash_at;   /* bytes of it that were read */
    uint64_t received; /* of this body */
    bool in_paused;
    bool discard;

    /* The body of the request: from the writer that waits. */
    bool stream;
    uint64_t stream_bytes;
    uint64_t stream_sent;
    const char *from;
    size_t from_size;
    bool from_end;
    bool out_paused;
};

/** Starts libcurl, once for the process; what it frees is wiped from then on. */
zreg_status zreg__fetch_start_curl(zreg_error *err);

/** Lends a lane to an origin, an idle one if there is one. */
zreg_status zreg__fetch_lane_take(zreg__fetch_lane **out, zreg__fetch *fetch, const char *key,
                                  zreg_error *err);

/** Takes a lane back; a few stay idle with their connections. */
void zreg__fetch_lane_return(zreg__fetch *fetch, zreg__fetch_lane *lane);

/** A new share between lanes; of the locks of `fetch`, and ended before it. Errors: NOMEM. */
zreg_status zreg__fetch_share_new(CURLSH **out, zreg__fetch *fetch, zreg_error *err);

/** No lane may use it. Accepts NULL. */
void zreg__fetch_share_free(CURLSH *share);

/** Ends a lane, with its connection. Accepts NULL. */
void zreg__fetch_lane_drop(zreg__fetch_lane *lane);

/** The authorities of the system and the session, with those of a host (may be NULL). Errors: INVAL
 *  (no certificate in them), NOMEM. */
zreg_status zreg__fetch_trust_find(zreg__fetch_trust **out, zreg__fetch *fetch, const char *ca_pem,
                                   zreg_error *err);

/** Tells them apart; 0 for NULL. */
unsigned zreg__fetch_trust_number(const zreg__fetch_trust *trust);

/** What lanes that trust them share. */
CURLSH *zreg__fetch_trust_share(const zreg__fetch_trust *trust);

/** Makes a connection trust them. */
bool zreg__fetch_trust_apply(const zreg__fetch_trust *trust, SSL_CTX *context);

void zreg__fetch_trust_free_all(zreg__fetch_trust *first);

/** How long the peer of the exchange may take, for all hops. */
void zreg__fetch_set_patience(zreg__fetch_exchange *exchange, const zreg__fetch_request *request);

/** Puts everything about this hop of the request into the lane's handle. */
zreg_status zreg__fetch_setup(zreg__fetch_exchange *exchange, const zreg__fetch_request *request,
                              zreg_error *err);

/** Forgets the answer of the hop before. */
zreg_status zreg__fetch_answer_reset(zreg__fetch_exchange *exchange, zreg_error *err);

/** Frees the headers of the request; they hold credentials. */
void zreg__fetch_headers_wipe(zreg__fetch_exchange *exchange);

/* libcurl's callbacks; user is the exchange. */
size_t zreg__fetch_answer_header(char *line, size_t size, size_t count, void *user);
size_t zreg__fetch_answer_body(char *bytes, size_t size, size_t count, void *user);

/** Turns what libcurl says into an error and sets exchange->failure. */
zreg_status zreg__fetch_failure_report(zreg__fetch_exchange *exchange, zreg_error *err);

#endif
