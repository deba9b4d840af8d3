/* SPDX-License-Identifier: Apache-2.0 */
/* Tags, and the lists: tags, referrers, repositories. */
#include "store/inside.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"
#include "store/page.h"
#include <string.h>

zreg_status zreg__store_tag_get(zreg_digest *out, zreg__store *store, const char *repository,
                                const char *tag, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(sizeof(out->text));
    ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
    zreg_status status = store->driver->get(&text, store->self, key.text, NULL);
    if (status == ZREG_NOTFOUND) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s holds no tag \"%s\"", repository, tag);
    }
    if (status != ZREG_OK || zreg_digest_parse(out, zreg__buf_cstr(&text), NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_IO, "the tag %s:%s cannot be read", repository, tag);
    }
    return ZREG_OK;
}

zreg_status zreg__store_tag_write(zreg__store *store, const char *repository, const char *tag,
                                  const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
    return store->driver->put(store->self, key.text, digest->text, strlen(digest->text),
                              zreg__store_syncs_manifests(store), err);
}

zreg_status zreg__store_tag_set(zreg__store *store, const char *repository, const char *tag,
                                const zreg_digest *digest, zreg_error *err)
{
    pthread_rwlock_rdlock(&store->tagging);
    ZREG__AUTO_TAGGING ZREG__UNUSED pthread_rwlock_t *held = &store->tagging;
    zreg__key key;
    uint64_t size;
    ZREG__TRY(zreg__keys_revision(&key, repository, digest, err));
    if (store->driver->stat(&size, store->self, key.text, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s holds no manifest %s", repository, digest->text);
    }
    return zreg__store_tag_write(store, repository, tag, digest, err);
}

zreg_status zreg__store_tag_delete(zreg__store *store, const char *repository, const char *tag,
                                   zreg_error *err)
{
    zreg__key key;
    ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
    zreg_status status =
        store->driver->remove(store->self, key.text, zreg__store_syncs_manifests(store), NULL);
    if (status == ZREG_NOTFOUND) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s holds no tag \"%s\"", repository, tag);
    }
    return status == ZREG_OK ? status
                             : zreg__fail(err, status, "the tag %s cannot be deleted", tag);
}

typedef struct drop_walk {
    zreg__store *store;
    const char *repository;
    const zreg_digest *digest;
} drop_walk;

static zreg_status drop_if_same(const char *name, bool is_folder, void *user, zreg_error *err)
{
    const drop_walk *walk = user;
    zreg_digest digest;
    if (is_folder ||
        zreg__store_tag_get(&digest, walk->store, walk->repository, name, NULL) != ZREG_OK ||
        !zreg_digest_equal(&digest, walk->digest)) {
        return ZREG_OK;
    }
    zreg_status status = zreg__store_tag_delete(walk->store, walk->repository, name, err);
    return status == ZREG_NOTFOUND ? ZREG_OK : status;
}

zreg_status zreg__store_tag_drop_all(zreg__store *store, const char *repository,
                                     const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    drop_walk walk = {store, repository, digest};
    ZREG__TRY(zreg__keys_folder(&key, repository, "_tags", err));
    zreg_status status = store->driver->each(store->self, key.text, drop_if_same, &walk, NULL);
    return status == ZREG_OK || status == ZREG_NOTFOUND
               ? ZREG_OK
               : zreg__fail(err, status, "not all tags on %s could be deleted", digest->text);
}

static zreg_status add_tag(const char *name, bool is_folder, void *user, zreg_error *err)
{
    bool is_tag = !is_folder && zreg__reference_is_tag(zreg__span_of(name));
    return is_tag ? zreg__page_add(user, name, err) : ZREG_OK;
}

zreg_status zreg__store_tags(zreg_strings **out, bool *out_more, zreg__store *store,
                             const char *repository, const char *after, size_t maximum,
                             zreg_error *err)
{
    zreg__key key;
    uint64_t size;
    ZREG__AUTO(zreg__page) zreg__page page = {.maximum = maximum, .after = after};
    ZREG__TRY(zreg__keys_folder(&key, repository, "_manifests", err));
    if (store->driver->stat(&size, store->self, key.text, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_NOTFOUND, "no repository %s", repository);
    }
    ZREG__TRY(zreg__keys_folder(&key, repository, "_tags", err));
    zreg_status status = store->driver->each(store->self, key.text, add_tag, &page, NULL);
    if (status != ZREG_OK && status != ZREG_NOTFOUND) {
        return zreg__fail(err, status, "the tags of %s cannot be listed", repository);
    }
    return zreg__page_take(out, out_more, &page, err);
}

static zreg_status add_referrer(const char *name, bool is_folder, void *user, zreg_error *err)
{
    (void)is_folder;
    zreg_digest digest;
    bool is_digest = zreg_digest_parse(&digest, name, NULL) == ZREG_OK;
    return is_digest ? zreg__page_add(user, name, err) : ZREG_OK;
}

zreg_status zreg__store_referrers(zreg_strings **out, bool *out_more, zreg__store *store,
                                  const char *repository, const zreg_digest *subject,
                                  const char *after, size_t maximum, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__page) zreg__page page = {.maximum = maximum, .after = after};
    ZREG__TRY(zreg__keys_referrers(&key, repository, subject, err));
    zreg_status status = store->driver->each(store->self, key.text, add_referrer, &page, NULL);
    if (status != ZREG_OK && status != ZREG_NOTFOUND) {
        return zreg__fail(err, status, "the referrers of %s cannot be listed", subject->text);
    }
    return zreg__page_take(out, out_more, &page, err);
}
