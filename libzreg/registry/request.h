/* SPDX-License-Identifier: Apache-2.0 */
/** One request to a registry: authorised, and tried again where that may help. */
#ifndef ZREG_REGISTRY_REQUEST_H
#define ZREG_REGISTRY_REQUEST_H

#include "registry/answer.h"
#include "registry/client_inner.h"

#define ZREG__REQUEST_HEADERS 4

/** Judges a 200 and its body; `*out_passing`: what is wrong may have been so for a moment, and it is asked
 *  for again, as far as tries are left. */
typedef zreg_status zreg__request_judge(bool *out_passing, void *user,
                                        const zreg__fetch_exchange *exchange, const zreg__buf *body,
                                        zreg_error *err);

/** How a HEAD tells whether a request whose answer was lost was carried out. */
typedef struct zreg__request_look {
    const char *path;   /* NULL: that of the request */
    const char *accept; /* "Accept: ..."; or NULL */
    bool (*shows_done)(const void *user, const zreg__fetch_exchange *found);
    const void *user;
} zreg__request_look;

/** The body must live until the exchange is closed, all else until zreg__request_send returns. */
typedef struct zreg__request {
    const char *method;
    const char *path;           /* on the host's API: "/v2/..."; */
    const char *blob_path;      /* on hosts that have manifests as blobs (quirks), or NULL */
    const zreg__fetch_url *url; /* or where an answer pointed to; no credentials off the host */
    const char *repository;     /* that rights are needed on, or NULL */
    unsigned actions;           /* ZREG__PULL ... */
    const char *from;           /* a further repository to pull from, or NULL */
    const char *headers[ZREG__REQUEST_HEADERS + 1]; /* "Name: value", the last is NULL */
    const void *body;
    size_t body_bytes;
    bool secret_body;          /* goes to this host only */
    bool own_authorization;    /* what the host asks for does not count, `authorization` does */
    const char *authorization; /* the value of that header; NULL: none */
    const zreg__credential *credential; /* in place of what the client has for the host; or NULL */
    char **out_refresh;   /* what the token service gives to ask for more with, secret; or NULL */
    bool *out_authorized; /* whether the last one sent went with an authorization; or NULL */
    bool stream; /* the body comes by zreg__fetch_write: sent once only, and not yet answered */
    uint64_t stream_bytes;
    bool single;   /* one try, to the last byte: somebody else is asked next */
    bool is_brief; /* and soon: less time to connect and to answer */
    const char *const
        *own_headers;  /* "Name: value" for this host alone; the last is NULL; or NULL */
    bool once;         /* what comes of it is the caller's to judge: it is not sent again */
    bool commits;      /* the answer may take long: content is checked and moved */
    bool may_be_page;  /* text/html is no fault, once tries are used up: a blob may be anything */
    bool fleeting;     /* sent with what is at hand, without a wait for anybody, or not at all */
    uint32_t limit_ms; /* longest time for a fleeting one */
    uint64_t *out_serial; /* of one sent once: the token it went with; 0: none. Or NULL */
    zreg__fetch_failure *out_failure; /* and why there was no answer; or NULL */
    zreg__buf *answer;          /* the body of a 200 is read into it before it counts; or NULL */
    zreg__request_judge *judge; /* and judged; or NULL */
    void *judge_user;
    zreg__json **json;              /* or it is read as JSON, and the caller's to free; or NULL */
    size_t json_bytes;              /* of at most so many bytes */
    const zreg__request_look *look; /* it is looked at before it is sent again; or NULL */
    bool *out_in_doubt;             /* an earlier try may have been carried out; or NULL */
    char **out_mirror;              /* that answered; NULL: the registry did. New memory; or NULL */
    const char *what;               /* for errors: "manifest docker.io/library/x:1" */
} zreg__request;

/**
 * Sends a request and waits for the head of an answer, and with `answer` for its body, which is not a
 * 401 and not one that a later try might mend; or, with `look`, the answer to a HEAD that shows that it
 * was done. What is read of a repository is asked of the host's mirrors first (request_mirrored.c).
 * Errors: DENIED (401, or the registry is blocked), NET, TIMEOUT, PROTO, CANCELLED, INVAL (a file that says how to
 * reach the host), those of `judge`.
 */
zreg_status zreg__request_send(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                               const zreg__request *request, zreg_cancel *cancel, zreg_error *err);

/** The same, of this host and no mirror. */
zreg_status zreg__request_deliver(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                                  const zreg__request *request, zreg_cancel *cancel,
                                  zreg_error *err);

#endif
