/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An upload (distribution-spec, "Pushing blobs"): the session that a registry keeps for one blob, and
 * how bytes get into it whatever goes wrong on the way.
 *
 * A failure of zreg__upload_send or zreg__upload_finish need not be the end: zreg__upload_recover
 * finds out what the registry has, and from which byte on it wants the rest. Used by one thread.
 */
#ifndef ZREG_REGISTRY_UPLOAD_H
#define ZREG_REGISTRY_UPLOAD_H

#include "registry/attempt.h"
#include "registry/blob_target.h"

/** What ended a try. */
typedef struct zreg__upload_fault {
    int http_status; /* 0: there was no answer */
    zreg__fetch_failure failure;
    uint64_t asked_ms; /* Retry-After */
    bool in_doubt;     /* all was sent: the blob may be stored */
    zreg_error error;
} zreg__upload_fault;

typedef struct zreg__upload {
    zreg_client *client;
    zreg_cancel *cancel;
    zreg__blob_target target;
    bool has_digest;
    zreg_digest digest;
    uint64_t size; /* UINT64_MAX: unknown */

    zreg__fetch_url session;        /* no target: there is none */
    uint64_t minimum;               /* OCI-Chunk-Min-Length, or 0 */
    zreg__fetch_exchange *exchange; /* the PUT or PATCH under way */
    bool closing;                   /* it is the PUT, after which the blob is stored */
    bool whole;                     /* with the bytes of the blob in it */
    uint64_t piece;                 /* host->upload_piece when it was opened */
    uint64_t body_bytes;            /* that it is to bring; UINT64_MAX: no end */
    uint64_t taken_bytes;           /* the largest that this upload got through with */
    uint64_t left;                  /* bytes that it still takes; UINT64_MAX: no end */
    uint64_t at;                    /* bytes that the registry has or is being sent */
    bool stored;

    zreg__attempt attempt;
    uint64_t told;   /* the most that a status of the session has told */
    uint64_t serial; /* of the token of the request under way */
    bool shrunk;     /* the host takes smaller pieces for its sake */
    bool renewed;    /* a refused token was exchanged once */
    zreg__upload_fault fault;
} zreg__upload;

/** Takes over nothing; `digest` may be NULL, `size_bytes` UINT64_MAX. On memory that is zero; finish it
 *  whatever comes. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__upload_init(zreg__upload *self, zreg_client *client, const zreg_ref *ref,
                              const zreg_digest *digest, uint64_t size_bytes, zreg_cancel *cancel,
                              zreg_error *err);

/** Gets a session. */
zreg_status zreg__upload_start(zreg__upload *self, zreg_error *err);

/** Asks for a mount from another repository; else there is a session, unless the registry refuses
 *  mounts altogether. */
zreg_status zreg__upload_mount(bool *out_mounted, zreg__upload *self, const char *from,
                               zreg_error *err);

bool zreg__upload_has_session(const zreg__upload *self);

/** Whether the blob would go out in one PUT, if it were sent from its first byte on now. */
bool zreg__upload_is_whole(const zreg__upload *self);

/** Sends the bytes from `at` on; blocks until they are taken. */
zreg_status zreg__upload_send(zreg__upload *self, const void *bytes, size_t size, zreg_error *err);

/** Sends all of a blob by one PUT, from memory, and waits until it is stored. */
zreg_status zreg__upload_put(zreg__upload *self, const void *bytes, size_t size, zreg_error *err);

/** Ends the upload, with `digest` set, and waits until the blob is stored. */
zreg_status zreg__upload_finish(zreg__upload *self, zreg_error *err);

/**
 * After one of the three failed, or something else with `failed`: OK when it is to be tried again, after the wait,
 * with the bytes from `at` on, or when the blob turns out to be `stored`. Errors: `failed`, if it is final; or what
 * asking met.
 */
zreg_status zreg__upload_recover(zreg__upload *self, const zreg_error *failed, zreg_error *err);

/** Tells the registry that the session is not needed any more. Short, and its failure changes nothing. */
void zreg__upload_abandon(zreg__upload *self);

/** Ends it, and abandons a session that stored nothing. */
void zreg__upload_done(zreg__upload *self);

#endif
