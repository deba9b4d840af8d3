/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the server share: the server, and one call to it. */
#ifndef ZREG_SERVER_INSIDE_H
#define ZREG_SERVER_INSIDE_H

#include "base/buf.h"
#include "base/log.h"
#include "http/serve.h"
#include "oci/errors.h"
#include "server/authority.h"
#include "server/health.h"
#include "server/identity.h"
#include "server/life.h"
#include "server/origins.h"
#include "server/passwords.h"
#include "server/rights.h"
#include "server/users.h"
#include "store/store.h"
#include <stdatomic.h>
#include <zreg/server.h>

typedef struct zreg__slots zreg__slots;
typedef struct zreg__mounts zreg__mounts;
typedef struct zreg__metrics zreg__metrics;

struct zreg_server {
    zreg__life life;
    zreg__serve *serve;
    zreg__serve *monitor;  /* a port for those who watch, or NULL */
    char *monitor_address; /* "HOST:PORT", or NULL */
    zreg__metrics *metrics;
    bool shows_metrics; /* on the port of the registry too */
    zreg__health health;
    atomic_bool is_draining;
    const zreg__store *store;  /* what handlers reach on event threads: see zreg__route */
    zreg__store *whole_store;  /* for visits and the server's end; to no handler */
    pthread_mutex_t reloading; /* held by a reload, so that one comes after the other */
    pthread_mutex_t lock;      /* guards the next three, which a reload exchanges */
    zreg__users *users;
    zreg__rights *rights;
    zreg__authority *authority;
    zreg__passwords *passwords;
    zreg__origins *origins;
    zreg__slots *slots;
    zreg__mounts *mounts;
    zreg__log log;
    zreg_anonymous anonymous; /* DEFAULT: there are rules; looked at by reloads alone */
    bool shadows;
    uint64_t max_body; /* of one request */
    bool asks_for_certificates;
    bool knows_callers; /* there are users, or others vouch for callers */
    uint32_t token_lifetime_s;
    uint8_t run_key[ZREG__AUTHORITY_MAC_BYTES]; /* signs tokens where no other key is given */
    char *root;
    bool owns_root;
    char *address;
    char *public_base;       /* "https://HOST[:PORT][/PATH]" of options.public_url, or NULL */
    const char *public_path; /* its "[/PATH]", or "" */
    char *username;          /* of buildset mode */
    char *password;
    char *cert_pem;
    char *key_pem;
    char *fingerprint;
    char run_id[9]; /* begins the ids of requests */
    atomic_uint_fast64_t request_number;
};

typedef enum zreg__right {
    ZREG__RIGHT_OPEN, /* anyone */
    ZREG__RIGHT_PING, /* anyone who has, or needs no, credentials */
    ZREG__RIGHT_CATALOG,
    ZREG__RIGHT_PULL, /* of the repository of the call; so are the next */
    ZREG__RIGHT_PUSH,
    ZREG__RIGHT_DELETE,
} zreg__right;

typedef struct zreg__call zreg__call;

/** Where work is done that may wait. */
typedef enum zreg__lane {
    ZREG__LANE_COMMITS, /* waits for the disk, or reads a blob again */
    ZREG__LANE_LISTS,   /* lists and deletions, which go through folders; large manifests */
    ZREG__LANE_PASSWORDS,
    ZREG__LANE_HEALTH, /* asks how the disk fares, while all others may be full */
    ZREG__LANES,
} zreg__lane;

/**
 * One endpoint. `begin` and `end` run on an event thread, where the store is const and so gives what is
 * done at once; `work`, which is given all of it, on a worker.
 */
typedef struct zreg__route {
    const char *method; /* "GET" serves HEAD too */
    const char *prefix; /* the path begins with it */
    const char *tail;   /* what stands between the repository's name and the last part; or NULL */
    bool has_last;      /* a tag, digest or upload id stands last */
    zreg__right right;
    bool (*begin)(zreg__call *call); /* before the body; false: answered. NULL: no body is taken */
    void (*end)(zreg__call *call);   /* what it leaves unanswered is for `work`; NULL: all is */
    void (*work)(zreg__call *call, zreg__store *store);
    zreg__lane lane; /* of `work` */
} zreg__route;

/** Who sends a call. */
typedef enum zreg__who {
    ZREG__WHO_ANONYMOUS, /* no credentials */
    ZREG__WHO_WRONG,     /* credentials that are not ours */
    ZREG__WHO_USER,      /* name and password */
    ZREG__WHO_TOKEN,     /* a token; `grants` holds what it is good for */
} zreg__who;

struct zreg__call {
    zreg_server *server;
    zreg__serve_request *request;
    const zreg__route *route;
    char id[80];
    char *path;       /* decoded, without query; `name` and `last` are cut out of it */
    char *query;      /* after the "?", as it was sent, or NULL */
    char *name;       /* the repository as it was asked for */
    char *repository; /* its canonical name */
    char *last;       /* tag, digest or upload id */
    bool is_head;

    zreg__users *users; /* of the time when it came */
    zreg__rights *rights;
    zreg__who who;
    zreg__identity identity;
    bool is_denied;         /* for lack of a right */
    bool is_turned_away;    /* for lack of a place: no work was begun */
    zreg__identity claimed; /* whose the password is said to be, until it was checked */
    char *password;         /* likewise */
    char *grants;           /* lines of a token */
    bool grants_decide;     /* the token is of a token service: rules are not asked */
    bool checks_password;   /* the worker is to check the password, not to run `end` */

    zreg__buf body; /* of routes that take it whole */
    zreg__store_upload *upload;
    uint64_t body_bytes;
    zreg_error body_error; /* code OK: the body came in well */
    char digest[136];      /* for the logs; "" where there is none */
    bool is_stored;        /* the manifest that was pushed */
    size_t tags_set;       /* of the tags of that push: that of the path, then those of ?tag= */
    uint64_t answer_bytes;
    bool lacks_header; /* of the answer: one could not be set */
};

#endif
