/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inside.h"

#include "base/error.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>

zreg_status zreg__store_unread(zreg_error *err, zreg_status status, const char *format, ...)
{
    char what[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    if (status != ZREG_OK && status != ZREG_LIMIT) {
        return zreg__error_prefix(err, status, "%s cannot be read", what);
    }
    zreg__error_clear(err);
    return zreg__fail(err, ZREG_IO, "%s cannot be read: it is damaged", what);
}

bool zreg__store_is_for_now(const zreg_error *err)
{
    return err->code == ZREG_NOMEM || zreg__error_lacks_descriptors(err);
}

static zreg_status count_upload(const char *name, bool is_folder, void *user, zreg_error *err)
{
    zreg__store *store = user;
    (void)name;
    (void)err;
    atomic_fetch_add(&store->uploads, is_folder ? 1 : 0);
    return ZREG_OK;
}

/* Those of earlier runs. That they cannot be counted is no reason not to serve. */
static void count_uploads(zreg__store *store)
{
    store->driver->each(store->self, ZREG__KEYS_UPLOADS, count_upload, store, NULL);
}

zreg_status zreg__store_open(zreg__store **out, const zreg__store_options *options, zreg_error *err)
{
    ZREG__AUTO_FREE zreg__store *store = zreg__new(zreg__store);
    if (store == NULL) {
        return zreg__fail_nomem(err);
    }
    store->whole = store;
    store->driver = &zreg__fs_driver;
    store->durability = options->durability;
    store->is_sparse = options->is_sparse;
    store->log = options->log;
    store->keeps = options->keeps;
    store->keeps_user = options->keeps_user;
    ZREG__AUTO(zreg__cache) zreg__cache *cache = NULL;
    ZREG__AUTO(zreg__guards) zreg__guards *guards = NULL;
    ZREG__TRY(zreg__cache_new(&cache, err));
    ZREG__TRY(zreg__guards_new(&guards, err));
    ZREG__TRY(store->driver->open(&store->self, options->root, err));
    store->cache = zreg__steal(&cache);
    store->guards = zreg__steal(&guards);
    count_uploads(store);
    *out = zreg__steal(&store);
    return ZREG_OK;
}

void zreg__store_close(zreg__store *store)
{
    if (store == NULL) {
        return;
    }
    zreg__guards_free(store->guards);
    zreg__cache_free(store->cache);
    store->driver->close(store->self);
    free(store);
}

zreg__store *zreg__store_for_worker(const zreg__store *store, const zreg__worker *on)
{
    (void)on;
    return store->whole;
}

bool zreg__store_keeps_tag(zreg__store *store, const char *repository, const char *tag)
{
    return store->keeps != NULL && store->keeps(repository, tag, store->keeps_user);
}
