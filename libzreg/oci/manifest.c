/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/manifest.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "oci/descriptor.h"
#include "oci/mediatype.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct zreg_manifest {
    atomic_uint holders;
    char *bytes;
    size_t size;
    zreg_digest digest;
    zreg__json *json; /* the texts of all descriptors point into it */
    const char *media_type;
    char *opaque_type; /* of bytes that were not parsed: then there is no json */
    bool is_index;
    bool has_subject;
    zreg_descriptor config; /* of an image only */
    zreg_descriptor subject;
    zreg_descriptor *items; /* layers or children */
    size_t count;
    const char *artifact_type;
    const char **annotations;
};

static bool is_set(const zreg__json *json, const char *key)
{
    return zreg__json_get(json, key) != NULL;
}

zreg_status zreg__manifest_check_case(const zreg__json *json, const char *what, zreg_error *err)
{
    static const char *const fields[] = {
        "schemaVersion", "mediaType", "artifactType", "config",   "layers",
        "manifests",     "subject",   "annotations",  "fsLayers", NULL};
    return zreg__json_check_case(json, fields, what, err);
}

/* Two readers must not be able to see two different images in one document. */
static zreg_status check_shape(const zreg__json *json, zreg_error *err)
{
    if (!zreg__json_is_object(json)) {
        return zreg__fail(err, ZREG_INVAL, "manifest: not a JSON object");
    }
    ZREG__TRY(zreg__manifest_check_case(json, "manifest", err));
    uint64_t version = 0;
    bool has_version = zreg__json_u64(json, "schemaVersion", &version);
    if (is_set(json, "fsLayers") || (has_version && version == 1)) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "manifest: docker schema 1 is not supported; push the image again with "
                          "a current client");
    }
    if (version != 2) {
        return zreg__fail(err, ZREG_INVAL, "manifest: schemaVersion is not 2");
    }
    if (is_set(json, "manifests") && (is_set(json, "layers") || is_set(json, "config"))) {
        return zreg__fail(err, ZREG_INVAL,
                          "manifest: ambiguous, it has \"manifests\" of an index and \"%s\" of an "
                          "image",
                          is_set(json, "layers") ? "layers" : "config");
    }
    return ZREG_OK;
}

/* The type by the form of the body, where nobody names it; NULL when it has neither form. */
static const char *type_of_body(const zreg__json *json)
{
    if (zreg__json_has(json, "manifests")) {
        return ZREG__TYPE_OCI_INDEX;
    }
    if (!is_set(json, "config")) {
        return NULL;
    }
    const char *config_type = zreg__json_text(zreg__json_get(json, "config"), "mediaType");
    return zreg__str_equal(config_type, ZREG__TYPE_DOCKER_CONFIG) ? ZREG__TYPE_DOCKER_MANIFEST
                                                                  : ZREG__TYPE_OCI_MANIFEST;
}

static zreg_status check_kind(const char *type, zreg__mediatype_kind kind, zreg_error *err)
{
    if (kind == ZREG__KIND_SCHEMA1) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "manifest: docker schema 1 is not supported; push the image again with "
                          "a current client");
    }
    if (kind == ZREG__KIND_UNKNOWN) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "manifest: type \"%.127s\" is no image manifest and no index", type);
    }
    return ZREG_OK;
}

/* Agrees on one type among the Content-Type, the document's mediaType and its form. */
static zreg_status find_type(zreg_manifest *manifest, const char *content_type, zreg_error *err)
{
    const char *written;
    ZREG__TRY(zreg__json_read_text(&written, manifest->json, "mediaType", "manifest", err));
    zreg__span given = zreg__span_of(content_type);
    if (zreg__mediatype_is_generic(given)) {
        given = (zreg__span){NULL, 0};
    }
    if (given.text != NULL && written[0] != '\0' &&
        !zreg__span_is_nocase(zreg__mediatype_essence(given), written)) {
        return zreg__fail(err, ZREG_INVAL,
                          "manifest: it came as \"%.127s\" but calls itself \"%.127s\"",
                          content_type, written);
    }
    const char *type = written[0] != '\0'   ? written
                       : given.text != NULL ? content_type
                                            : type_of_body(manifest->json);
    if (type == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "manifest: no mediaType, and neither config nor manifests");
    }
    zreg__mediatype_kind kind = zreg__mediatype_known(&manifest->media_type, zreg__span_of(type));
    ZREG__TRY(check_kind(type, kind, err));
    manifest->is_index = kind == ZREG__KIND_INDEX;
    return ZREG_OK;
}

static zreg_status read_items(zreg_manifest *manifest, zreg_error *err)
{
    const char *key = manifest->is_index ? "manifests" : "layers";
    const char *item = manifest->is_index ? "child" : "layer";
    size_t maximum = manifest->is_index ? ZREG__MAX_INDEX_CHILDREN : ZREG__MAX_LAYERS;
    const zreg__json *list = zreg__json_get(manifest->json, key);
    /* Some writers say null for an empty list, or leave out that of an image. */
    bool is_missing = manifest->is_index && !zreg__json_has(manifest->json, key);
    if (is_missing || (list != NULL && !zreg__json_is_array(list))) {
        return zreg__fail(err, ZREG_INVAL, "manifest: %s with no list \"%s\"", manifest->media_type,
                          key);
    }
    size_t count = zreg__json_length(list);
    if (count > maximum) {
        return zreg__fail(err, ZREG_LIMIT, "manifest: %zu %s, at most %zu are allowed", count, key,
                          maximum);
    }
    manifest->items = zreg__calloc(count + 1, sizeof(*manifest->items));
    if (manifest->items == NULL) {
        return zreg__fail_nomem(err);
    }
    for (; manifest->count < count; manifest->count++) {
        char where[40];
        snprintf(where, sizeof(where), "manifest: %s %zu", item, manifest->count + 1);
        ZREG__TRY(zreg__descriptor_read(&manifest->items[manifest->count],
                                        zreg__json_at(list, manifest->count), where, err));
    }
    return ZREG_OK;
}

static zreg_status read_config(zreg_manifest *manifest, zreg_error *err)
{
    if (manifest->is_index) {
        return ZREG_OK;
    }
    return zreg__descriptor_read(&manifest->config, zreg__json_get(manifest->json, "config"),
                                 "manifest: config", err);
}

static zreg_status read_subject(zreg_manifest *manifest, zreg_error *err)
{
    const zreg__json *subject = zreg__json_get(manifest->json, "subject");
    manifest->has_subject = subject != NULL;
    return subject == NULL
               ? ZREG_OK
               : zreg__descriptor_read(&manifest->subject, subject, "manifest: subject", err);
}

static zreg_status read_artifact_type(zreg_manifest *manifest, zreg_error *err)
{
    ZREG__TRY(zreg__json_read_text(&manifest->artifact_type, manifest->json, "artifactType",
                                   "manifest", err));
    if (manifest->artifact_type[0] == '\0' && !manifest->is_index) {
        manifest->artifact_type = manifest->config.media_type;
    }
    return ZREG_OK;
}

static zreg_status read_document(zreg_manifest *manifest, const char *content_type, zreg_error *err)
{
    ZREG__TRY(zreg__json_parse(&manifest->json, manifest->bytes, manifest->size, "manifest", err));
    ZREG__TRY(check_shape(manifest->json, err));
    ZREG__TRY(find_type(manifest, content_type, err));
    ZREG__TRY(read_config(manifest, err));
    ZREG__TRY(read_items(manifest, err));
    ZREG__TRY(read_subject(manifest, err));
    ZREG__TRY(read_artifact_type(manifest, err));
    return zreg__descriptor_annotations(&manifest->annotations, manifest->json, "manifest", err);
}

static zreg_status new_manifest(zreg_manifest **out, const void *bytes, size_t size,
                                const zreg_digest *digest, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = zreg__new(zreg_manifest);
    if (manifest == NULL) {
        return zreg__fail_nomem(err);
    }
    atomic_init(&manifest->holders, 1);
    manifest->digest = *digest;
    manifest->size = size;
    manifest->bytes = zreg__strndup(bytes, size);
    if (manifest->bytes == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

static zreg_status read_manifest(zreg_manifest **out, const void *bytes, size_t size,
                                 const char *content_type, const zreg_digest *digest,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__TRY(new_manifest(&manifest, bytes, size, digest, err));
    ZREG__TRY(read_document(manifest, content_type, err));
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

static zreg_status check_size(const void *bytes, size_t size, zreg_error *err)
{
    if (size > ZREG__MAX_MANIFEST_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "manifest: %zu bytes, at most %zu are allowed", size,
                          ZREG__MAX_MANIFEST_BYTES);
    }
    return bytes == NULL || size == 0 ? zreg__fail(err, ZREG_INVAL, "manifest: empty") : ZREG_OK;
}

static zreg_status check_digest(const void *bytes, size_t size, const zreg_digest *digest,
                                zreg_error *err)
{
    zreg__hash_kind kind = ZREG__SHA256;
    zreg_digest found;
    zreg__hash_kind_of(&kind, digest->text);
    ZREG__TRY(zreg_digest_of(&found, kind == ZREG__SHA512 ? "sha512" : "sha256", bytes, size, err));
    if (!zreg_digest_equal(&found, digest)) {
        return zreg__fail(err, ZREG_CORRUPT, "manifest: the bytes have digest %s, not %s",
                          found.text, digest->text);
    }
    return ZREG_OK;
}

zreg_status zreg_manifest_parse(zreg_manifest **out, const void *bytes, size_t size,
                                const char *media_type, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(check_size(bytes, size, err));
    zreg_digest digest;
    ZREG__TRY(zreg_digest_of(&digest, "sha256", bytes, size, err));
    return read_manifest(out, bytes, size, media_type, &digest, err);
}

zreg_status zreg__manifest_parse_verified(zreg_manifest **out, const void *bytes, size_t size,
                                          const char *media_type, const zreg_digest *digest,
                                          zreg_error *err)
{
    ZREG__TRY(check_size(bytes, size, err));
    ZREG__TRY(check_digest(bytes, size, digest, err));
    return read_manifest(out, bytes, size, media_type, digest, err);
}

zreg_status zreg__manifest_opaque(zreg_manifest **out, const void *bytes, size_t size,
                                  const char *media_type, const zreg_digest *digest,
                                  zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__TRY(check_size(bytes, size, err));
    ZREG__TRY(check_digest(bytes, size, digest, err));
    ZREG__TRY(new_manifest(&manifest, bytes, size, digest, err));
    manifest->opaque_type = zreg__strdup(media_type);
    if (manifest->opaque_type == NULL) {
        return zreg__fail_nomem(err);
    }
    manifest->media_type = manifest->opaque_type;
    manifest->artifact_type = "";
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

bool zreg__manifest_is_opaque(const zreg_manifest *manifest)
{
    return manifest->opaque_type != NULL;
}

const zreg__json *zreg__manifest_json(const zreg_manifest *manifest)
{
    return manifest->json;
}

const zreg__json *zreg__manifest_json_of(const zreg_manifest *manifest, const zreg_descriptor *part)
{
    const zreg_descriptor *items = manifest->items;
    if (part == &manifest->config) {
        return zreg__json_get(manifest->json, "config");
    }
    if (manifest->count == 0 || part < items || part >= items + manifest->count) {
        return NULL;
    }
    const char *key = manifest->is_index ? "manifests" : "layers";
    return zreg__json_at(zreg__json_get(manifest->json, key), (size_t)(part - items));
}

zreg_manifest *zreg__manifest_share(const zreg_manifest *manifest)
{
    zreg_manifest *shared = (zreg_manifest *)manifest;
    atomic_fetch_add_explicit(&shared->holders, 1, memory_order_relaxed);
    return shared;
}

void zreg_manifest_free(zreg_manifest *manifest)
{
    if (manifest == NULL ||
        atomic_fetch_sub_explicit(&manifest->holders, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < manifest->count; i++) {
        zreg__descriptor_finish(&manifest->items[i]);
    }
    zreg__descriptor_finish(&manifest->config);
    zreg__descriptor_finish(&manifest->subject);
    zreg__json_free(manifest->json);
    free(manifest->items);
    free(manifest->annotations);
    free(manifest->opaque_type);
    free(manifest->bytes);
    free(manifest);
}

const char *zreg_manifest_media_type(const zreg_manifest *manifest)
{
    return manifest->media_type;
}

const zreg_digest *zreg_manifest_digest(const zreg_manifest *manifest)
{
    return &manifest->digest;
}

const void *zreg_manifest_bytes(const zreg_manifest *manifest, size_t *size)
{
    *size = manifest->size;
    return manifest->bytes;
}

int zreg_manifest_is_index(const zreg_manifest *manifest)
{
    return manifest->is_index;
}

const zreg_descriptor *zreg_manifest_config(const zreg_manifest *manifest)
{
    return manifest->is_index || manifest->opaque_type != NULL ? NULL : &manifest->config;
}

size_t zreg_manifest_count(const zreg_manifest *manifest)
{
    return manifest->count;
}

const zreg_descriptor *zreg_manifest_at(const zreg_manifest *manifest, size_t i)
{
    return i < manifest->count ? &manifest->items[i] : NULL;
}

const zreg_descriptor *zreg_manifest_subject(const zreg_manifest *manifest)
{
    return manifest->has_subject ? &manifest->subject : NULL;
}

const char *zreg_manifest_artifact_type(const zreg_manifest *manifest)
{
    return manifest->artifact_type;
}

const char *const *zreg_manifest_annotations(const zreg_manifest *manifest)
{
    return manifest->annotations;
}

const char *zreg_manifest_annotation(const zreg_manifest *manifest, const char *key)
{
    const zreg__json *annotations = zreg__json_get(manifest->json, "annotations");
    const char *value = zreg__json_text(annotations, key);
    return value == NULL && zreg__json_has(annotations, key) ? "" : value;
}
