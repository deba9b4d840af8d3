/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inside.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/manifest.h"
#include "store/revision.h"
#include <string.h>

static zreg_status unknown(const char *repository, const char *reference, zreg_error *err)
{
    return zreg__fail(err, ZREG_NOTFOUND, "%s holds no manifest \"%s\"", repository, reference);
}

static zreg_status load_record(zreg__revision *out, zreg__store *store, const char *repository,
                               const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__REVISION_MAX_BYTES);
    ZREG__TRY(zreg__keys_revision(&key, repository, digest, err));
    zreg_status status = store->driver->get(&bytes, store->self, key.text, NULL);
    if (status == ZREG_NOTFOUND) {
        return unknown(repository, digest->text, err);
    }
    if (status != ZREG_OK) {
        return zreg__fail(err, status, "the record %s cannot be read", key.text);
    }
    return zreg__revision_parse(out, bytes.data, bytes.size, err);
}

static zreg_status load_content(zreg_manifest **out, zreg__store *store, const zreg_digest *digest,
                                const zreg__revision *record, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    zreg__keys_blob(&key, digest);
    ZREG__TRY(store->driver->get(&bytes, store->self, key.text, err));
    return zreg__manifest_parse_verified(out, bytes.data, bytes.size, record->media_type, digest,
                                         err);
}

static zreg_status resolve(zreg_digest *out, zreg__store *store, const char *repository,
                           const char *reference, zreg_error *err)
{
    if (strchr(reference, ':') != NULL) {
        return zreg_digest_parse(out, reference, err);
    }
    return zreg__store_tag_get(out, store, repository, reference, err);
}

/* Reads, verifies and parses; a manifest whose content is lost or spoiled is absent, so that a push
 * repairs it. */
static zreg_status load(zreg_manifest **out, zreg__store *store, const char *repository,
                        const zreg_digest *digest, const char *reference, zreg_error *err)
{
    zreg__revision record;
    ZREG__TRY(load_record(&record, store, repository, digest, err));
    zreg_status status = load_content(out, store, digest, &record, NULL);
    if (status == ZREG_OK || status == ZREG_NOMEM) {
        return status == ZREG_OK ? ZREG_OK : zreg__fail_nomem(err);
    }
    zreg__log_line(&store->log, ZREG_LOG_ERROR, "manifest %s is damaged; push it again",
                   digest->text);
    return unknown(repository, reference, err);
}

zreg_status zreg__store_manifest_get(zreg_manifest **out, zreg__store *store,
                                     const char *repository, const char *reference, zreg_error *err)
{
    zreg__key key;
    uint64_t size;
    zreg_digest digest;
    ZREG__TRY(resolve(&digest, store, repository, reference, err));
    ZREG__TRY(zreg__keys_revision(&key, repository, &digest, err));
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = zreg__cache_get(store->cache, key.text);
    if (manifest != NULL && store->driver->stat(&size, store->self, key.text, NULL) != ZREG_OK) {
        return unknown(repository, reference, err);
    }
    if (manifest == NULL) {
        ZREG__TRY(load(&manifest, store, repository, &digest, reference, err));
        zreg__cache_put(store->cache, key.text, manifest);
    }
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

static zreg_status missing(const zreg_descriptor *descriptor, const char *repository,
                           zreg_error *err)
{
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
    zreg_status status = zreg__store_blob_stat(&size, store, repository, &descriptor->digest, NULL);
    if (status == ZREG_NOTFOUND) {
        return missing(descriptor, repository, err);
    }
    if (status != ZREG_OK) {
        return zreg__fail(err, status, "blob %s cannot be read", descriptor->digest.text);
    }
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
    return status == ZREG_OK ? ZREG_OK : missing(descriptor, repository, err);
}

static zreg_status check_references(zreg__store *store, const char *repository,
                                    const zreg_manifest *manifest, zreg_error *err)
{
    bool is_index = zreg_manifest_is_index(manifest);
    ZREG__TRY(check_blob(store, repository, zreg_manifest_config(manifest), err));
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        const zreg_descriptor *child = zreg_manifest_at(manifest, i);
        ZREG__TRY(is_index ? check_child(store, repository, child, err)
                           : check_blob(store, repository, child, err));
    }
    return ZREG_OK;
}

/* The content, the mark at its subject, then the record that makes it visible. */
static zreg_status write_revision(zreg__store *store, const char *repository,
                                  const zreg_manifest *manifest, zreg_error *err)
{
    const zreg__store_driver *driver = store->driver;
    bool durable = zreg__store_syncs_manifests(store);
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    const zreg_descriptor *subject = zreg_manifest_subject(manifest);
    zreg__key key;
    size_t size;
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    ZREG__AUTO_FREE char *record = NULL;
    ZREG__TRY(zreg__revision_print(&record, manifest, err));
    zreg__keys_blob(&key, digest);
    ZREG__TRY(driver->put(store->self, key.text, bytes, size, durable, err));
    if (subject != NULL) {
        ZREG__TRY(zreg__keys_referrer(&key, repository, &subject->digest, digest, err));
        ZREG__TRY(driver->put(store->self, key.text, "", 0, durable, err));
    }
    ZREG__TRY(zreg__keys_revision(&key, repository, digest, err));
    ZREG__TRY(driver->put(store->self, key.text, record, strlen(record), durable, err));
    zreg__cache_drop(store->cache, key.text); /* the media type may be another one */
    return ZREG_OK;
}

zreg_status zreg__store_manifest_put(zreg__store *store, const char *repository, const char *tag,
                                     const zreg_manifest *manifest, zreg_error *err)
{
    pthread_rwlock_rdlock(&store->tagging);
    ZREG__AUTO_TAGGING ZREG__UNUSED pthread_rwlock_t *held = &store->tagging;
    zreg__key key;
    if (tag != NULL) {
        ZREG__TRY(zreg__keys_tag(&key, repository, tag, err));
    }
    ZREG__TRY(check_references(store, repository, manifest, err));
    ZREG__TRY(write_revision(store, repository, manifest, err));
    return tag == NULL
               ? ZREG_OK
               : zreg__store_tag_write(store, repository, tag, zreg_manifest_digest(manifest), err);
}

zreg_status zreg__store_manifest_delete(zreg__store *store, const char *repository,
                                        const zreg_digest *digest, zreg_error *err)
{
    const zreg__store_driver *driver = store->driver;
    bool durable = zreg__store_syncs_manifests(store);
    pthread_rwlock_wrlock(&store->tagging);
    ZREG__AUTO_TAGGING ZREG__UNUSED pthread_rwlock_t *held = &store->tagging;
    zreg__revision record = {.media_type = ""};
    zreg__key key;
    zreg_status found = load_record(&record, store, repository, digest, err);
    if (found == ZREG_NOTFOUND || found == ZREG_INVAL) {
        return found;
    }
    ZREG__TRY(zreg__keys_revision(&key, repository, digest, err));
    ZREG__TRY(driver->remove(store->self, key.text, durable, err));
    zreg__cache_drop(store->cache, key.text);
    if (record.subject.text[0] != '\0') {
        ZREG__TRY(zreg__keys_referrer(&key, repository, &record.subject, digest, err));
        driver->remove(store->self, key.text, durable, NULL);
    }
    return zreg__store_tag_drop_all(store, repository, digest, err);
}
