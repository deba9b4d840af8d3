/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the store share: the store itself, above its driver. */
#ifndef ZREG_STORE_INSIDE_H
#define ZREG_STORE_INSIDE_H

#include "base/log.h"
#include "store/cache.h"
#include "store/driver.h"
#include "store/keys.h"
#include "store/store.h"
#include <pthread.h>

struct zreg__store {
    const zreg__store_driver *driver;
    void *self; /* the driver's */
    zreg_durability durability;
    zreg__log log;
    zreg__cache *cache;
    /* Deleting a manifest looks at all tags, so nothing may be tagged meanwhile: pushes hold this
     * for reading, deletes for writing. */
    pthread_rwlock_t tagging;
};

/** Holds the lock until the end of the scope. */
#define ZREG__AUTO_TAGGING ZREG__CLEANUP(zreg__auto_tagging)

static inline void zreg__auto_tagging(pthread_rwlock_t **lock)
{
    pthread_rwlock_unlock(*lock);
}

/** Whether a manifest, tag or delete is synced before it is answered. */
static inline bool zreg__store_syncs_manifests(const zreg__store *store)
{
    return store->durability != ZREG_DURABILITY_NONE;
}

/** Whether a blob is. */
static inline bool zreg__store_syncs_blobs(const zreg__store *store)
{
    return store->durability == ZREG_DURABILITY_FULL;
}

/** Makes a blob that is in the store a member of the repository. */
zreg_status zreg__store_blob_join(zreg__store *store, const char *repository,
                                  const zreg_digest *digest, uint64_t size_bytes, zreg_error *err);

zreg_status zreg__store_tag_get(zreg_digest *out, zreg__store *store, const char *repository,
                                const char *tag, zreg_error *err);

/** Writes a tag; the caller holds `tagging` for reading. */
zreg_status zreg__store_tag_write(zreg__store *store, const char *repository, const char *tag,
                                  const zreg_digest *digest, zreg_error *err);

/** Deletes all tags on a digest; the caller holds `tagging` for writing. */
zreg_status zreg__store_tag_drop_all(zreg__store *store, const char *repository,
                                     const zreg_digest *digest, zreg_error *err);

#endif
