/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the store share: the store itself, above its driver. */
#ifndef ZREG_STORE_INSIDE_H
#define ZREG_STORE_INSIDE_H

#include "base/log.h"
#include "store/cache.h"
#include "store/driver.h"
#include "store/guard.h"
#include "store/keys.h"
#include "store/revision.h"
#include "store/store.h"
#include <stdatomic.h>

struct zreg__store {
    zreg__store *whole; /* itself, see zreg__store_for_worker */
    const zreg__store_driver *driver;
    void *self; /* the driver's */
    zreg_durability durability;
    bool is_sparse;
    zreg__log log;
    zreg__cache *cache;
    zreg__guards *guards;
    zreg__store_keeps *keeps; /* NULL: no tag stays */
    void *keeps_user;
    atomic_uint_fast64_t uploads; /* that were begun and not ended */
};

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

/** Reports that something which is there cannot be read. What the driver said in `err` stays, behind
 *  the name of the thing; what it could read, or what is too large (LIMIT), is damaged: IO. */
zreg_status zreg__store_unread(zreg_error *err, zreg_status status, const char *format, ...)
    ZREG__PRINTF(3, 4);

/** Whether an error tells nothing of the store: the process lacks memory or descriptors for now, and
 *  what could not be looked at is neither absent nor damaged. */
bool zreg__store_is_for_now(const zreg_error *err);

/** Opens what has this digest, whose member it may be. Errors: NOTFOUND, and those of the driver. */
zreg_status zreg__store_blob_open_content(zreg__store_blob **out, const zreg__store *store,
                                          const zreg_digest *digest, zreg_error *err);

/** Makes a blob that is in the store a member of the repository. */
zreg_status zreg__store_blob_join(const zreg__store *store, const char *repository,
                                  const zreg_digest *digest, uint64_t size_bytes, zreg_error *err);

zreg_status zreg__store_tag_get(zreg_digest *out, const zreg__store *store, const char *repository,
                                const char *tag, zreg_error *err);

/** Writes a tag of the repository whose guard is given. */
zreg_status zreg__store_tag_write(zreg__store *store, zreg__guard *guard, const char *repository,
                                  const char *tag, const zreg_digest *digest, zreg_error *err);

/** Whether a tag stays once it is set; NULL: some of the repository may. */
bool zreg__store_keeps_tag(zreg__store *store, const char *repository, const char *tag);

/** What a repository keeps of a manifest. Errors: NOTFOUND, IO. */
zreg_status zreg__store_record_load(zreg__revision *out, const zreg__store *store,
                                    const char *repository, const zreg_digest *digest,
                                    zreg_error *err);

/** Deletes all tags on a digest; the caller is alone in the repository. */
zreg_status zreg__store_tag_drop_all(zreg__store *store, const char *repository,
                                     const zreg_digest *digest, zreg_error *err);

#endif
