/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inside.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "store/revision.h"
#include <string.h>

static zreg_status unknown(const char *repository, const char *reference, zreg_error *err)
{
    zreg__error_clear(err); /* in the place of what the driver said */
    return zreg__fail(err, ZREG_NOTFOUND, "%s holds no manifest \"%s\"", repository, reference);
}

zreg_status zreg__store_record_load(zreg__revision *out, const zreg__store *store,
                                    const char *repository, const zreg_digest *digest,
                                    zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__REVISION_MAX_BYTES);
    ZREG__TRY(zreg__keys_revision(&key, repository, digest, err));
    zreg_status status = store->driver->get(&bytes, store->self, key.text, err);
    if (status == ZREG_NOTFOUND) {
        return unknown(repository, digest->text, err);
    }
    if (status != ZREG_OK) {
        return zreg__store_unread(err, status, "the record %s", key.text);
    }
    return zreg__revision_parse(out, bytes.data, bytes.size, err);
}

static zreg_status load_content(zreg_manifest **out, const zreg__store *store,
                                const zreg_digest *digest, const zreg__revision *record,
                                zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    zreg__keys_blob(&key, digest);
    ZREG__TRY(store->driver->get(&bytes, store->self, key.text, err));
    return zreg__manifest_parse_verified(out, bytes.data, bytes.size, record->media_type, digest,
                                         err);
}

static zreg_status resolve(zreg_digest *out, const zreg__store *store, const char *repository,
                           const char *reference, zreg_error *err)
{
    if (strchr(reference, ':') != NULL) {
        return zreg_digest_parse(out, reference, err);
    }
    return zreg__store_tag_get(out, store, repository, reference, err);
}

/* A manifest whose content is lost or spoiled is absent, so that a push repairs it. */
static zreg_status damaged(const zreg__store *store, const char *repository,
                           const zreg_digest *digest, const char *reference, zreg_error *err)
{
    zreg__log_line(&store->log, ZREG_LOG_ERROR, "manifest %s is damaged; push it again",
                   digest->text);
    return unknown(repository, reference, err);
}

/* Reads, verifies and parses. */
static zreg_status load(zreg_manifest **out, const zreg__store *store, const char *repository,
                        const zreg_digest *digest, const char *reference, zreg_error *err)
{
    zreg__revision record;
    ZREG__TRY(zreg__store_record_load(&record, store, repository, digest, err));
    zreg_error why;
    zreg__error_clear(&why);
    if (load_content(out, store, digest, &record, &why) == ZREG_OK) {
        return ZREG_OK;
    }
    return zreg__store_is_for_now(&why) ? zreg__fail_again(err, &why)
                                        : damaged(store, repository, digest, reference, err);
}

/* Whether a blob's bytes have this digest. */
static zreg_status verify(zreg__store_blob *blob, const zreg_digest *digest, zreg_error *err)
{
    char found[sizeof(digest->text)];
    zreg__hash hash;
    zreg__hash_kind kind = ZREG__SHA256;
    ZREG__AUTO_FREE char *piece = malloc(ZREG__STREAM_BYTES);
    zreg__hash_kind_of(&kind, digest->text);
    zreg__hash_init(&hash, kind);
    for (uint64_t done = 0; done < zreg__store_blob_size(blob);) {
        size_t got = 0;
        if (piece == NULL) {
            return zreg__fail_nomem(err);
        }
        ZREG__TRY(zreg__store_blob_read(&got, blob, done, piece, ZREG__STREAM_BYTES, err));
        if (got == 0) {
            return ZREG_CORRUPT;
        }
        zreg__hash_update(&hash, piece, got);
        done += got;
    }
    zreg__hash_digest(&hash, found);
    return zreg__str_equal(found, digest->text) ? ZREG_OK : ZREG_CORRUPT;
}

zreg_status zreg__store_manifest_open(zreg__store_blob **out, zreg_digest *out_digest,
                                      char *media_type, zreg__store *store, const char *repository,
                                      const char *reference, zreg_error *err)
{
    zreg__revision record;
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = NULL;
    ZREG__TRY(resolve(out_digest, store, repository, reference, err));
    ZREG__TRY(zreg__store_record_load(&record, store, repository, out_digest, err));
    zreg_error why;
    zreg__error_clear(&why);
    zreg_status status = zreg__store_blob_open_content(&blob, store, out_digest, &why);
    status = status == ZREG_OK ? verify(blob, out_digest, &why) : status;
    if (status != ZREG_OK) {
        return zreg__store_is_for_now(&why)
                   ? zreg__fail_again(err, &why)
                   : damaged(store, repository, out_digest, reference, err);
    }
    zreg__str_copy(media_type, sizeof(record.media_type), record.media_type);
    *out = zreg__steal(&blob);
    return ZREG_OK;
}

/* Whether the content is larger. One that is not there is not. */
static bool is_larger(const zreg__store *store, const zreg_digest *digest, uint64_t size_bytes)
{
    zreg__key key;
    uint64_t size;
    zreg__keys_blob(&key, digest);
    return store->driver->stat(&size, store->self, key.text, NULL) == ZREG_OK && size > size_bytes;
}

/* `*out` is NULL when it has more than `most` bytes. */
static zreg_status get(zreg_manifest **out, const zreg__store *store, const char *repository,
                       const char *reference, uint64_t most, zreg_error *err)
{
    zreg__key key;
    uint64_t size, drops;
    zreg_digest digest;
    ZREG__TRY(resolve(&digest, store, repository, reference, err));
    ZREG__TRY(zreg__keys_revision(&key, repository, &digest, err));
    ZREG__AUTO(zreg_manifest)
    zreg_manifest *manifest = zreg__cache_get(&drops, store->cache, key.text);
    zreg_status status =
        manifest == NULL ? ZREG_OK : store->driver->stat(&size, store->self, key.text, err);
    if (status == ZREG_NOTFOUND) {
        return unknown(repository, reference, err);
    }
    if (status != ZREG_OK) {
        return zreg__store_unread(err, status, "the record %s", key.text);
    }
    if (manifest == NULL && (most == UINT64_MAX || !is_larger(store, &digest, most))) {
        ZREG__TRY(load(&manifest, store, repository, &digest, reference, err));
        zreg__cache_put(store->cache, key.text, manifest, drops);
    }
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

zreg_status zreg__store_manifest_get(zreg_manifest **out, zreg__store *store,
                                     const char *repository, const char *reference, zreg_error *err)
{
    return get(out, store, repository, reference, UINT64_MAX, err);
}

zreg_status zreg__store_manifest_get_small(zreg_manifest **out, const zreg__store *store,
                                           const char *repository, const char *reference,
                                           zreg_error *err)
{
    return get(out, store, repository, reference, ZREG__STORE_SMALL_BYTES, err);
}

static zreg_status missing(const zreg__store *store, const zreg_descriptor *descriptor,
                           const char *repository, zreg_error *err)
{
    if (store->is_sparse) {
        return ZREG_OK;
    }
    zreg__fail(err, ZREG_NOTFOUND,
               "the manifest refers to %s, which %s does not hold; push it "
               "first",
               descriptor->digest.text, repository);
    if (err != NULL) {
        zreg__str_copy(err->registry_code, sizeof(err->registry_code), "MANIFEST_BLOB_UNKNOWN");
    }
    return ZREG_NOTFOUND;
}

/* Layers that are fetched from elsewhere by their `urls`. */
static bool is_foreign(const char *media_type)
{
    return strstr(media_type, ".nondistributable.") != NULL ||
           strstr(media_type, ".foreign.") != NULL;
}

static zreg_status check_blob(zreg__store *store, const char *repository,
                              const zreg_descriptor *descriptor, zreg_error *err)
{
    uint64_t size;
    if (descriptor == NULL || is_foreign(descriptor->media_type)) {
        return ZREG_OK;
    }
    zreg_status status = zreg__store_blob_stat(&size, store, repository, &descriptor->digest, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return missing(store, descriptor, repository, err);
    }
    ZREG__TRY(status);
    if (size != descriptor->size_bytes) {
        return zreg__fail(err, ZREG_INVAL, "the manifest says that %s has %llu bytes; it has %llu",
                          descriptor->digest.text, (unsigned long long)descriptor->size_bytes,
                          (unsigned long long)size);
    }
    if (store->durability != ZREG_DURABILITY_MANIFEST) {
        return ZREG_OK;
    }
    zreg__key blob, member;
    zreg__keys_blob(&blob, &descriptor->digest);
    ZREG__TRY(zreg__keys_member(&member, repository, &descriptor->digest, err));
    ZREG__TRY(store->driver->sync(store->self, blob.text, err));
    return store->driver->sync(store->self, member.text, err);
}

static zreg_status check_child(zreg__store *store, const char *repository,
                               const zreg_descriptor *descriptor, zreg_error *err)
{
    uint64_t size;
    zreg__key key;
    ZREG__TRY(zreg__keys_revision(&key, repository, &descriptor->digest, err));
    zreg_status status = store->driver->stat(&size, store->self, key.text, NULL);
    if (status == ZREG_OK) {
        return ZREG_OK;
    }
    return zreg__revision_may_be_blob(descriptor) ? check_blob(store, repository, descriptor, err)
                                                  : missing(store, descriptor, repository, err);
}

static zreg_status check_entry(zreg__store *store, const char *repository,
                               const zreg_manifest *manifest, size_t i, zreg_error *err)
{
    const zreg_descriptor *entry = zreg_manifest_at(manifest, i);
    return zreg_manifest_is_index(manifest) ? check_child(store, repository, entry, err)
                                            : check_blob(store, repository, entry, err);
}

static zreg_status check_references(zreg__store *store, const char *repository,
                                    const zreg_manifest *manifest, zreg_error *err)
{
    ZREG__TRY(check_blob(store, repository, zreg_manifest_config(manifest), err));
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        ZREG__TRY(check_entry(store, repository, manifest, i, err));
    }
    return ZREG_OK;
}

static zreg_status note_missing(zreg_strings *to, const zreg_descriptor *descriptor,
                                zreg_status checked, zreg_error *err)
{
    return checked == ZREG_NOTFOUND ? zreg__strings_add(to, descriptor->digest.text, SIZE_MAX, err)
                                    : ZREG_OK;
}

zreg_status zreg__store_manifest_missing(zreg_strings **out, zreg__store *store,
                                         const char *repository, const zreg_manifest *manifest,
                                         size_t maximum, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;
    ZREG__TRY(zreg__strings_new(&digests, err));
    const zreg_descriptor *config = zreg_manifest_config(manifest);
    ZREG__TRY(note_missing(digests, config, check_blob(store, repository, config, NULL), err));
    for (size_t i = 0; i < zreg_manifest_count(manifest) && zreg_strings_count(digests) < maximum;
         i++) {
        ZREG__TRY(note_missing(digests, zreg_manifest_at(manifest, i),
                               check_entry(store, repository, manifest, i, NULL), err));
    }
    *out = zreg__steal(&digests);
    return ZREG_OK;
}

static zreg_status put_record(zreg__store *store, const char *repository,
                              const zreg_manifest *manifest, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO_FREE char *record = NULL;
    ZREG__TRY(zreg__revision_print(&record, manifest, err));
    ZREG__TRY(zreg__keys_revision(&key, repository, zreg_manifest_digest(manifest), err));
    ZREG__TRY(store->driver->put(store->self, key.text, record, strlen(record),
                                 zreg__store_syncs_manifests(store), err));
    zreg__cache_drop(store->cache, key.text); /* the media type may be another one */
    return ZREG_OK;
}

/* A manifest that does not tell its type itself has the one that it was pushed with. */
static zreg_status check_type(const zreg__store *store, const char *repository,
                              const zreg_manifest *manifest, zreg_error *err)
{
    zreg__revision there;
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    zreg_error why;
    zreg__error_clear(&why);
    if (zreg__store_record_load(&there, store, repository, digest, &why) != ZREG_OK) {
        return zreg__store_is_for_now(&why) ? zreg__fail_again(err, &why) : ZREG_OK;
    }
    if (zreg__str_equal(there.media_type, zreg_manifest_media_type(manifest))) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_DENIED, "%s is here as %s, and stays that where tags are immutable",
                      digest->text, there.media_type);
}

/* Where tags are immutable, so is what they are served as. */
static zreg_status write_record(zreg__store *store, zreg__guard *guard, const char *repository,
                                const zreg_manifest *manifest, zreg_error *err)
{
    if (!zreg__store_keeps_tag(store, repository, NULL)) {
        return put_record(store, repository, manifest, err);
    }
    zreg__guard_lock_tags(guard);
    zreg_status status = check_type(store, repository, manifest, err);
    if (status == ZREG_OK) {
        status = put_record(store, repository, manifest, err);
    }
    zreg__guard_unlock_tags(guard);
    return status;
}

/* The content, the mark at its subject, then the record that makes it visible. */
static zreg_status write_revision(zreg__store *store, zreg__guard *guard, const char *repository,
                                  const zreg_manifest *manifest, zreg_error *err)
{
    const zreg__store_driver *driver = store->driver;
    bool durable = zreg__store_syncs_manifests(store);
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    const zreg_descriptor *subject = zreg_manifest_subject(manifest);
    zreg__key key;
    size_t size;
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    zreg__keys_blob(&key, digest);
    ZREG__TRY(driver->put(store->self, key.text, bytes, size, durable, err));
    if (subject != NULL) {
        ZREG__TRY(zreg__keys_referrer(&key, repository, &subject->digest, digest, err));
        ZREG__TRY(driver->put(store->self, key.text, "", 0, durable, err));
    }
    return write_record(store, guard, repository, manifest, err);
}

zreg_status zreg__store_manifest_put(bool *out_stored, zreg__store *store, const char *repository,
                                     const char *tag, const zreg_manifest *manifest,
                                     zreg_error *err)
{
    zreg__key key;
    bool stored;
    bool *is_stored = out_stored == NULL ? &stored : out_stored;
    ZREG__AUTO(zreg__guard) zreg__guard *guard = NULL;
    *is_stored = false;
    ZREG__TRY(zreg__guard_enter(&guard, store->guards, repository, false, err));
    if (tag != NULL) {
        ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
        ZREG__TRY(
            zreg__store_tag_check(store, repository, tag, zreg_manifest_digest(manifest), err));
    }
    ZREG__TRY(check_references(store, repository, manifest, err));
    ZREG__TRY(write_revision(store, guard, repository, manifest, err));
    *is_stored = true;
    return tag == NULL ? ZREG_OK
                       : zreg__store_tag_write(store, guard, repository, tag,
                                               zreg_manifest_digest(manifest), err);
}
