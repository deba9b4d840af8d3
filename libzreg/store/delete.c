/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting by digest, which spares what tags that stay stand for. */
#include "store/inside.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "store/below.h"
#include "store/revision.h"

typedef struct search {
    zreg__store *store;
    const char *repository;
    const zreg_digest *digest;
    zreg__below *below;
    bool is_found;
    char tag[ZREG__MAX_TAG + 1]; /* the one that was found, "": none */
} search;

static bool is_same(const zreg_descriptor *descriptor, const zreg_digest *digest)
{
    return descriptor != NULL && zreg_digest_equal(&descriptor->digest, digest);
}

static bool look_into(const zreg_manifest *manifest, void *user)
{
    search *s = user;
    s->is_found = zreg_digest_equal(zreg_manifest_digest(manifest), s->digest) ||
                  is_same(zreg_manifest_config(manifest), s->digest);
    for (size_t i = 0; i < zreg_manifest_count(manifest) && !s->is_found; i++) {
        s->is_found = is_same(zreg_manifest_at(manifest, i), s->digest);
    }
    return !s->is_found;
}

static zreg_status look_at(const char *name, bool is_folder, void *user, zreg_error *err)
{
    search *s = user;
    zreg_digest digest;
    zreg_error why;
    if (is_folder || s->tag[0] != '\0' || !zreg__store_keeps_tag(s->store, s->repository, name)) {
        return ZREG_OK;
    }
    zreg__error_clear(&why);
    if (zreg__store_tag_get(&digest, s->store, s->repository, name, &why) != ZREG_OK) {
        return zreg__store_is_for_now(&why) ? zreg__fail_again(err, &why) : ZREG_OK;
    }
    s->is_found = zreg_digest_equal(&digest, s->digest);
    if (!s->is_found) {
        ZREG__TRY(zreg__below_walk(s->below, digest.text, look_into, s, err));
    }
    if (s->is_found) {
        zreg__str_copy(s->tag, sizeof(s->tag), name);
    }
    return ZREG_OK;
}

/* Nothing is deleted that nobody has looked for everywhere. */
static zreg_status tell(const search *s, zreg_status walked, zreg_error *err)
{
    if (walked == ZREG_NOTFOUND || walked == ZREG_LIMIT) {
        zreg__error_clear(err);
    }
    if (s->tag[0] != '\0') {
        return zreg__fail(err, ZREG_DENIED, "the immutable tag %s of %s needs %s", s->tag,
                          s->repository, s->digest->text);
    }
    if (walked == ZREG_LIMIT) {
        return zreg__fail(
            err, ZREG_DENIED,
            "the immutable tags of %s stand for too much to tell whether they need %s",
            s->repository, s->digest->text);
    }
    return walked == ZREG_OK || walked == ZREG_NOTFOUND
               ? ZREG_OK
               : zreg__store_unread(err, walked, "the list of tags of %s", s->repository);
}

/* Whether a tag that stays stands on it, or on what it is part of. A search that is made again reads only
 * what was tagged or pushed since. */
static zreg_status check_tags(search *s, zreg_error *err)
{
    zreg__key key;
    if (!zreg__store_keeps_tag(s->store, s->repository, NULL)) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__keys_folder(&key, s->repository, "_tags", err));
    return tell(s, s->store->driver->each(s->store->self, key.text, look_at, s, err), err);
}

/* Searches twice: for long beside others, and at its end alone, so that nothing is tagged meanwhile. */
static zreg_status enter_if_unneeded(zreg__guard **out, zreg__store *store, const char *repository,
                                     const zreg_digest *digest, zreg_error *err)
{
    ZREG__AUTO(zreg__below) zreg__below *below = NULL;
    ZREG__AUTO(zreg__guard) zreg__guard *guard = NULL;
    ZREG__TRY(zreg__below_new(&below, store, repository, err));
    search s = {.store = store, .repository = repository, .digest = digest, .below = below};
    ZREG__TRY(check_tags(&s, err));
    ZREG__TRY(zreg__guard_enter(&guard, store->guards, repository, true, err));
    ZREG__TRY(zreg__below_again(below, err));
    ZREG__TRY(check_tags(&s, err));
    *out = zreg__steal(&guard);
    return ZREG_OK;
}

/* What its record tells; one that is damaged tells nothing, and goes too. */
static zreg_status read_record(zreg__revision *out, const zreg__store *store,
                               const char *repository, const zreg_digest *digest, zreg_error *err)
{
    zreg_error why;
    zreg__error_clear(&why);
    zreg_status status = zreg__store_record_load(out, store, repository, digest, &why);
    bool is_told = status == ZREG_NOTFOUND || status == ZREG_INVAL || zreg__store_is_for_now(&why);
    return is_told ? zreg__fail_again(err, &why) : ZREG_OK;
}

/* Its tags go first: where they cannot, or power is lost, what is left can be deleted again. */
zreg_status zreg__store_manifest_delete(zreg__store *store, const char *repository,
                                        const zreg_digest *digest, zreg_error *err)
{
    const zreg__store_driver *driver = store->driver;
    bool durable = zreg__store_syncs_manifests(store);
    ZREG__AUTO(zreg__guard) zreg__guard *alone = NULL;
    zreg__revision record = {.media_type = ""};
    zreg__key key;
    ZREG__TRY(enter_if_unneeded(&alone, store, repository, digest, err));
    ZREG__TRY(read_record(&record, store, repository, digest, err));
    ZREG__TRY(zreg__store_tag_drop_all(store, repository, digest, err));
    ZREG__TRY(zreg__keys_revision(&key, repository, digest, err));
    ZREG__TRY(driver->remove(store->self, key.text, durable, err));
    zreg__cache_drop(store->cache, key.text);
    if (record.subject.text[0] != '\0') {
        ZREG__TRY(zreg__keys_referrer(&key, repository, &record.subject, digest, err));
        driver->remove(store->self, key.text, durable, NULL);
    }
    return ZREG_OK;
}

zreg_status zreg__store_blob_delete(zreg__store *store, const char *repository,
                                    const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__guard) zreg__guard *alone = NULL;
    ZREG__TRY(zreg__keys_member(&key, repository, digest, err));
    ZREG__TRY(enter_if_unneeded(&alone, store, repository, digest, err));
    zreg_status status =
        store->driver->remove(store->self, key.text, zreg__store_syncs_manifests(store), err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return zreg__fail(err, ZREG_NOTFOUND, "%s holds no blob %s", repository, digest->text);
    }
    return status == ZREG_OK
               ? status
               : zreg__error_prefix(err, status, "blob %s cannot be deleted", digest->text);
}
