/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the server share: the server, and one call to it. */
#ifndef ZREG_SERVER_INSIDE_H
#define ZREG_SERVER_INSIDE_H

#include "base/buf.h"
#include "base/log.h"
#include "http/serve.h"
#include "oci/errors.h"
#include "server/life.h"
#include "server/origins.h"
#include "server/users.h"
#include "store/store.h"
#include <stdatomic.h>
#include <zreg/server.h>

struct zreg_server {
    zreg__life life;
    zreg__serve *serve;
    zreg__store *store;
    zreg__users *users;
    zreg__origins *origins;
    zreg__log log;
    zreg_anonymous anonymous;
    uint32_t token_lifetime_s;
    uint8_t token_key[32]; /* of this run: no other server's token fits */
    char *root;
    bool owns_root;
    char *address;
    char *username; /* of buildset mode */
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

/** One endpoint. */
typedef struct zreg__route {
    const char *method; /* "GET" serves HEAD too */
    const char *prefix; /* the path begins with it */
    const char *tail;   /* what stands between the repository's name and the last part; or NULL */
    bool has_last;      /* a tag, digest or upload id stands last */
    zreg__right right;
    bool is_slow;                    /* `end` may take long whatever the store promises */
    bool writes;                     /* `end` waits for the disk when the store syncs */
    bool (*begin)(zreg__call *call); /* before the body; false: answered. NULL: no body is taken */
    void (*end)(zreg__call *call);
} zreg__route;

/** Who sends a call. */
typedef enum zreg__who {
    ZREG__WHO_ANONYMOUS, /* no credentials */
    ZREG__WHO_WRONG,     /* credentials that are not ours */
    ZREG__WHO_USER,      /* name and password */
    ZREG__WHO_READER,    /* the same, of a user who may pull only */
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

    zreg__who who;
    char *user;           /* NULL: anonymous */
    char *password;       /* until it was checked */
    char *grants;         /* lines of a token */
    bool checks_password; /* the worker is to check the password, not to run `end` */

    zreg__buf body; /* of routes that take it whole */
    zreg__store_upload *upload;
    uint64_t body_bytes;
    zreg_error body_error; /* code OK: the body came in well */
    char digest[136];      /* for the access log; "" where there is none */
    uint64_t answer_bytes;
};

#endif
