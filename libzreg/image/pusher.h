/* SPDX-License-Identifier: Apache-2.0 */
/** How blobs get into one repository of a registry with the fewest requests. From many threads. */
#ifndef ZREG_IMAGE_PUSHER_H
#define ZREG_IMAGE_PUSHER_H

#include "image/endpoint.h"
#include <pthread.h>
#include <stdatomic.h>
#include <zreg/blob.h>

typedef enum zreg__mount_trust {
    ZREG__MOUNT_UNPROVEN,
    ZREG__MOUNT_WORKS,
    ZREG__MOUNT_IGNORED,
} zreg__mount_trust;

typedef struct zreg__pusher {
    zreg_client *client;
    const zreg_ref *ref;
    zreg_strings *mount_from;
    _Atomic zreg__mount_trust self_mount;
    pthread_mutex_t first_push; /* held by the first push until its request was answered */
    atomic_bool doubted;
    pthread_mutex_t lock;
    zreg_strings *missing; /* under the lock: what the registry said it lacks */
} zreg__pusher;

/** Before all else, on memory that is zero; so that it can be finished whatever comes. */
void zreg__pusher_init(zreg__pusher *self);

/** `client` and `ref` stay the caller's. `mount_from`: repositories of the same host that may hold
 *  blobs, or NULL. Sends nothing. */
zreg_status zreg__pusher_open(zreg__pusher *self, zreg_client *client, const zreg_ref *ref,
                              const char *const *mount_from, zreg_error *err);

/**
 * Finds out what is to be done for a blob, and starts its upload when it is WANTED: only then is
 * `*out` set. `digest` may be NULL. `from` (may be NULL): another repository of the same host that
 * certainly holds it.
 */
zreg_status zreg__pusher_begin(zreg_blob_writer **out, zreg__endpoint_blob_state *out_state,
                               zreg__pusher *self, const zreg_digest *digest, uint64_t size_bytes,
                               const char *from, zreg_cancel *cancel, zreg_error *err);

/** The blob is there: other repositories of this host can mount it from here from now on. */
void zreg__pusher_learn(zreg__pusher *self, const zreg_digest *digest);

/** The registry lacks blobs that it was believed to have: `missing` are sent whatever it says of them, and of all
 *  others it is asked by HEAD, from now on. */
zreg_status zreg__pusher_doubt(zreg__pusher *self, const zreg_strings *missing, zreg_error *err);

void zreg__pusher_finish(zreg__pusher *self);

#endif
