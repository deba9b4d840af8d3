/* SPDX-License-Identifier: Apache-2.0 */
/* Tags, and the lists: tags, referrers, repositories. */
#include "store/inside.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"
#include "store/page.h"
#include <string.h>

zreg_status zreg__store_tag_get(zreg_digest *out, const zreg__store *store, const char *repository,
                                const char *tag, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(sizeof(out->text));
    ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
    zreg_status status = store->driver->get(&text, store->self, key.text, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return zreg__fail(err, ZREG_NOTFOUND, "%s holds no tag \"%s\"", repository, tag);
    }
    if (status != ZREG_OK || zreg_digest_parse(out, zreg__buf_cstr(&text), NULL) != ZREG_OK) {
        return zreg__store_unread(err, status, "the tag %s:%s", repository, tag);
    }
    return ZREG_OK;
}

zreg_status zreg__store_tag_check(zreg__store *store, const char *repository, const char *tag,
                                  const zreg_digest *digest, zreg_error *err)
{
    zreg_digest there;
    zreg_error why;
    if (!zreg__store_keeps_tag(store, repository, tag)) {
        return ZREG_OK;
    }
    zreg__error_clear(&why);
    zreg_status status = zreg__store_tag_get(&there, store, repository, tag, &why);
    bool is_same = status == ZREG_OK && digest != NULL && zreg_digest_equal(&there, digest);
    if (status == ZREG_NOTFOUND || is_same) {
        return ZREG_OK;
    }
    if (zreg__store_is_for_now(&why)) {
        return zreg__fail_again(err, &why);
    }
    return zreg__fail(err, ZREG_DENIED,
                      "the tag %s of %s is immutable: it is neither moved nor deleted", tag,
                      repository);
}

static zreg_status put(zreg__store *store, const char *repository, const char *tag,
                       const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
    return store->driver->put(store->self, key.text, digest->text, strlen(digest->text),
                              zreg__store_syncs_manifests(store), err);
}

/* One after the other, so that of two pushes of such a tag one comes second. */
zreg_status zreg__store_tag_write(zreg__store *store, zreg__guard *guard, const char *repository,
                                  const char *tag, const zreg_digest *digest, zreg_error *err)
{
    if (!zreg__store_keeps_tag(store, repository, tag)) {
        return put(store, repository, tag, digest, err);
    }
    zreg__guard_lock_tags(guard);
    zreg_status status = zreg__store_tag_check(store, repository, tag, digest, err);
    if (status == ZREG_OK) {
        status = put(store, repository, tag, digest, err);
    }
    zreg__guard_unlock_tags(guard);
    return status;
}

zreg_status zreg__store_tag_set(zreg__store *store, const char *repository, const char *tag,
                                const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    uint64_t size;
    ZREG__AUTO(zreg__guard) zreg__guard *guard = NULL;
    ZREG__TRY(zreg__guard_enter(&guard, store->guards, repository, false, err));
    ZREG__TRY(zreg__keys_revision(&key, repository, digest, err));
    if (store->driver->stat(&size, store->self, key.text, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s holds no manifest %s", repository, digest->text);
    }
    return zreg__store_tag_write(store, guard, repository, tag, digest, err);
}

static zreg_status remove_tag(zreg__store *store, const char *repository, const char *tag,
                              zreg_error *err)
{
    zreg__key key;
    ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
    ZREG__TRY(zreg__store_tag_check(store, repository, tag, NULL, err));
    zreg_status status =
        store->driver->remove(store->self, key.text, zreg__store_syncs_manifests(store), err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return zreg__fail(err, ZREG_NOTFOUND, "%s holds no tag \"%s\"", repository, tag);
    }
    return status == ZREG_OK ? status
                             : zreg__error_prefix(err, status, "the tag %s cannot be deleted", tag);
}

/* No push sets the tag between the look at it and its end. */
zreg_status zreg__store_tag_delete(zreg__store *store, const char *repository, const char *tag,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg__guard) zreg__guard *guard = NULL;
    if (!zreg__store_keeps_tag(store, repository, tag)) {
        return remove_tag(store, repository, tag, err);
    }
    ZREG__TRY(zreg__guard_enter(&guard, store->guards, repository, false, err));
    zreg__guard_lock_tags(guard);
    zreg_status status = remove_tag(store, repository, tag, err);
    zreg__guard_unlock_tags(guard);
    return status;
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
    zreg_error why;
    zreg__error_clear(&why);
    if (is_folder) {
        return ZREG_OK;
    }
    zreg_status status = zreg__store_tag_get(&digest, walk->store, walk->repository, name, &why);
    if (status == ZREG_OK && zreg_digest_equal(&digest, walk->digest)) {
        status = remove_tag(walk->store, walk->repository, name, &why);
        return status == ZREG_OK || status == ZREG_NOTFOUND ? ZREG_OK : zreg__fail_again(err, &why);
    }
    return zreg__store_is_for_now(&why) ? zreg__fail_again(err, &why) : ZREG_OK;
}

zreg_status zreg__store_tag_drop_all(zreg__store *store, const char *repository,
                                     const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    drop_walk walk = {store, repository, digest};
    ZREG__TRY(zreg__keys_folder(&key, repository, "_tags", err));
    zreg_status status = store->driver->each(store->self, key.text, drop_if_same, &walk, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return ZREG_OK;
    }
    return status == ZREG_OK
               ? status
               : zreg__error_prefix(err, status, "not all tags on %s were deleted", digest->text);
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
    zreg_status status = store->driver->each(store->self, key.text, add_tag, &page, err);
    if (status != ZREG_OK && status != ZREG_NOTFOUND) {
        return zreg__store_unread(err, status, "the list of tags of %s", repository);
    }
    zreg__error_clear(err);
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
    zreg_status status = store->driver->each(store->self, key.text, add_referrer, &page, err);
    if (status != ZREG_OK && status != ZREG_NOTFOUND) {
        return zreg__store_unread(err, status, "the list of referrers of %s", subject->text);
    }
    zreg__error_clear(err);
    return zreg__page_take(out, out_more, &page, err);
}
