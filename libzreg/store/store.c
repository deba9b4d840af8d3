/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inside.h"

#include "base/error.h"
#include "base/mem.h"

zreg_status zreg__store_open(zreg__store **out, const char *root, zreg_durability durability,
                             const zreg__log *log, zreg_error *err)
{
    ZREG__AUTO_FREE zreg__store *store = zreg__new(zreg__store);
    if (store == NULL) {
        return zreg__fail_nomem(err);
    }
    store->driver = &zreg__fs_driver;
    store->durability = durability;
    store->log = log == NULL ? (zreg__log){NULL, NULL} : *log;
    ZREG__AUTO(zreg__cache) zreg__cache *cache = NULL;
    ZREG__TRY(zreg__cache_new(&cache, err));
    ZREG__TRY(store->driver->open(&store->self, root, err));
    store->cache = zreg__steal(&cache);
    pthread_rwlock_init(&store->tagging, NULL);
    *out = zreg__steal(&store);
    return ZREG_OK;
}

void zreg__store_close(zreg__store *store)
{
    if (store == NULL) {
        return;
    }
    pthread_rwlock_destroy(&store->tagging);
    zreg__cache_free(store->cache);
    store->driver->close(store->self);
    free(store);
}

bool zreg__store_syncs(const zreg__store *store)
{
    return store->durability != ZREG_DURABILITY_NONE;
}
