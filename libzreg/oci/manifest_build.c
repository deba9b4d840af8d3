/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_manifest_build_image, zreg_manifest_build_index: all that is given is checked, each fault by the
 * name of its field; then one function composes what is written. */
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "base/utf8.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <string.h>

static zreg_status check_text(const char *text, const char *where, const char *field,
                              zreg_error *err)
{
    return text == NULL || zreg__utf8_is_valid(text, strlen(text))
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL, "%s%s: the text is no UTF-8", where, field);
}

static zreg_status check_type(const char *type, const char *where, const char *field,
                              zreg_error *err)
{
    if (zreg__str_empty(type)) {
        return zreg__fail(err, ZREG_INVAL, "%s%s: missing; write TYPE/SUBTYPE", where, field);
    }
    if (!zreg__mediatype_is_name(type)) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s%s: \"%.130s\" is no media type by RFC 6838; write TYPE/SUBTYPE of "
                          "letters, digits and !#$&-^_.+, up to %d characters",
                          where, field, type, ZREG__MAX_MEDIA_TYPE);
    }
    return ZREG_OK;
}

static zreg_status check_digest(const zreg_digest *digest, const char *where, zreg_error *err)
{
    zreg_digest parsed;
    if (memchr(digest->text, '\0', sizeof(digest->text)) == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s.digest: too long", where);
    }
    if (digest->text[0] == '\0') {
        return zreg__fail(err, ZREG_INVAL, "%s.digest: missing", where);
    }
    zreg_status status = zreg_digest_parse(&parsed, digest->text, err);
    return status == ZREG_OK ? ZREG_OK : zreg__error_prefix(err, status, "%s.digest", where);
}

static zreg_status check_size(uint64_t size_bytes, const char *where, zreg_error *err)
{
    return size_bytes <= ZREG__MAX_BLOB_BYTES
               ? ZREG_OK
               : zreg__fail(err, ZREG_LIMIT, "%s.size_bytes: %llu bytes, at most %llu are allowed",
                            where, (unsigned long long)size_bytes,
                            (unsigned long long)ZREG__MAX_BLOB_BYTES);
}

static zreg_status check_platform(const zreg_platform *platform, const char *where, zreg_error *err)
{
    if (zreg__str_empty(platform->os) || zreg__str_empty(platform->architecture)) {
        return zreg__fail(err, ZREG_INVAL, "%s.platform.%s: missing", where,
                          zreg__str_empty(platform->os) ? "os" : "architecture");
    }
    ZREG__TRY(check_text(platform->os, where, ".platform.os", err));
    ZREG__TRY(check_text(platform->architecture, where, ".platform.architecture", err));
    ZREG__TRY(check_text(platform->variant, where, ".platform.variant", err));
    return check_text(platform->os_version, where, ".platform.os_version", err);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static zreg_status check_keys_differ(const char *const *pairs, size_t count, const char *where,
                                     zreg_error *err)
{
    ZREG__AUTO_FREE const char **keys = zreg__calloc(count + 1, sizeof(*keys));
    if (keys == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = pairs[2 * i];
    }
    qsort(keys, count, sizeof(*keys), by_text);
    for (size_t i = 1; i < count; i++) {
        if (zreg__str_equal(keys[i - 1], keys[i])) {
            return zreg__fail(err, ZREG_INVAL, "%sannotations: \"%.100s\" stands twice", where,
                              keys[i]);
        }
    }
    return ZREG_OK;
}

/* `where` is "" or ends with a point. */
static zreg_status check_annotations(const char *const *pairs, const char *where, zreg_error *err)
{
    size_t count = 0;
    for (; pairs != NULL && pairs[2 * count] != NULL; count++) {
        const char *key = pairs[2 * count];
        const char *value = pairs[2 * count + 1];
        if (key[0] == '\0') {
            return zreg__fail(err, ZREG_INVAL, "%sannotations: key %zu is empty", where, count);
        }
        if (value == NULL) {
            return zreg__fail(err, ZREG_INVAL, "%sannotations: \"%.100s\" has no value", where,
                              key);
        }
        if (!zreg__utf8_is_valid(key, strlen(key)) || !zreg__utf8_is_valid(value, strlen(value))) {
            return zreg__fail(err, ZREG_INVAL, "%sannotations: \"%.100s\" is no UTF-8%s", where,
                              key, zreg__utf8_is_valid(key, strlen(key)) ? " in its value" : "");
        }
    }
    return check_keys_differ(pairs, count, where, err);
}

/* A field of a later version would be lost without a word. */
static zreg_status check_reserved(const zreg_descriptor *descriptor, const char *where,
                                  zreg_error *err)
{
    for (size_t i = 0; i < ZREG__COUNT(descriptor->reserved); i++) {
        if (descriptor->reserved[i] != 0) {
            return zreg__fail(err, ZREG_INVAL,
                              "%s.reserved: not zero; start with {0}, and with a library that has "
                              "the field that is set",
                              where);
        }
    }
    return ZREG_OK;
}

/* The media type says what the bytes are, so that another digest can only be a mistake. */
static zreg_status check_empty(const zreg_descriptor *descriptor, const char *where,
                               zreg_error *err)
{
    if (!zreg__str_equal(descriptor->media_type, ZREG__TYPE_OCI_EMPTY)) {
        return ZREG_OK;
    }
    zreg_digest empty;
    zreg__hash_kind kind = ZREG__SHA256;
    zreg__hash_kind_of(&kind, descriptor->digest.text);
    ZREG__TRY(zreg_digest_of(&empty, kind == ZREG__SHA512 ? "sha512" : "sha256", "{}", 2, err));
    if (descriptor->size_bytes != 2 || !zreg_digest_equal(&descriptor->digest, &empty)) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s.%s: " ZREG__TYPE_OCI_EMPTY " is the two bytes {}, with digest %s",
                          where, descriptor->size_bytes != 2 ? "size_bytes" : "digest", empty.text);
    }
    return ZREG_OK;
}

static zreg_status check_descriptor(const zreg_descriptor *descriptor, const char *where,
                                    zreg_error *err)
{
    ZREG__AUTO_FREE char *inside = zreg__asprintf("%s.", where);
    if (inside == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(check_reserved(descriptor, where, err));
    ZREG__TRY(check_type(descriptor->media_type, where, ".media_type", err));
    ZREG__TRY(check_digest(&descriptor->digest, where, err));
    ZREG__TRY(check_size(descriptor->size_bytes, where, err));
    if (!zreg__str_empty(descriptor->artifact_type)) {
        ZREG__TRY(check_type(descriptor->artifact_type, where, ".artifact_type", err));
    }
    if (descriptor->has_platform) {
        ZREG__TRY(check_platform(&descriptor->platform, where, err));
    }
    ZREG__TRY(check_annotations(descriptor->annotations, inside, err));
    return check_empty(descriptor, where, err);
}

static zreg_status check_items(const zreg_manifest_options *options, size_t maximum,
                               zreg_error *err)
{
    if (options->count > maximum) {
        return zreg__fail(err, ZREG_LIMIT, "items: %zu, at most %zu are allowed", options->count,
                          maximum);
    }
    if (options->items == NULL && options->count > 0) {
        return zreg__fail(err, ZREG_INVAL, "items: NULL, with a count of %zu", options->count);
    }
    for (size_t i = 0; i < options->count; i++) {
        ZREG__AUTO_FREE char *where = zreg__asprintf("items[%zu]", i);
        if (where == NULL) {
            return zreg__fail_nomem(err);
        }
        ZREG__TRY(check_descriptor(&options->items[i], where, err));
    }
    return ZREG_OK;
}

static zreg_status check_common(const zreg_manifest_options *options, size_t maximum,
                                zreg_error *err)
{
    if (!zreg__str_empty(options->artifact_type)) {
        ZREG__TRY(check_type(options->artifact_type, "", "artifact_type", err));
    }
    ZREG__TRY(check_items(options, maximum, err));
    if (options->subject != NULL) {
        ZREG__TRY(check_descriptor(options->subject, "subject", err));
    }
    return check_annotations(options->annotations, "", err);
}

static zreg_status check_config(const zreg_manifest_options *options, zreg_error *err)
{
    bool has_type = !zreg__str_empty(options->artifact_type);
    if (options->config == NULL) {
        return has_type ? ZREG_OK
                        : zreg__fail(err, ZREG_INVAL,
                                     "config: missing; name the config of the image, or the "
                                     "artifact_type of what is no image");
    }
    ZREG__TRY(check_descriptor(options->config, "config", err));
    return has_type || !zreg__str_equal(options->config->media_type, ZREG__TYPE_OCI_EMPTY)
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL,
                            "artifact_type: missing; the empty config does not say what the "
                            "artifact is");
}

/* What is left out in an artifact is the empty descriptor. An image may well have no layers. */
static void fill_artifact(zreg_manifest_options *options)
{
    bool is_image = zreg__str_empty(options->artifact_type) &&
                    (zreg__str_equal(options->config->media_type, ZREG__TYPE_OCI_CONFIG) ||
                     zreg__str_equal(options->config->media_type, ZREG__TYPE_DOCKER_CONFIG));
    if (options->config == NULL) {
        options->config = &zreg__compose_empty;
    }
    if (options->count == 0 && !is_image) {
        options->items = &zreg__compose_empty;
        options->count = 1;
    }
}

/* The parts, which are references of their own. */
static void parts_finish(zreg__parts *parts)
{
    zreg__json_free(parts->config);
    zreg__json_free(parts->items);
    zreg__json_free(parts->subject);
    zreg__json_free(parts->annotations);
}

ZREG__DEFINE_AUTO_VALUE(zreg__parts, parts_finish)

static zreg_status compose(zreg_manifest **out, const char *media_type,
                           const zreg_manifest_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__parts)
    zreg__parts parts = {.media_type = media_type, .artifact_type = options->artifact_type};
    if (options->config != NULL) {
        ZREG__TRY(zreg__compose_descriptor(&parts.config, options->config, err));
    }
    ZREG__TRY(zreg__compose_descriptors(&parts.items, options->items, options->count, err));
    if (options->subject != NULL) {
        ZREG__TRY(zreg__compose_descriptor(&parts.subject, options->subject, err));
    }
    ZREG__TRY(zreg__compose_annotations(&parts.annotations, options->annotations, err));
    return zreg__compose_manifest(out, &parts, err);
}

zreg_status zreg_manifest_build_image(zreg_manifest **out, const zreg_manifest_options *options,
                                      zreg_error *err)
{
    zreg_manifest_options set;
    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(check_config(&set, err));
    ZREG__TRY(check_common(&set, ZREG__MAX_LAYERS, err));
    fill_artifact(&set);
    return compose(out, ZREG__TYPE_OCI_MANIFEST, &set, err);
}

zreg_status zreg_manifest_build_index(zreg_manifest **out, const zreg_manifest_options *options,
                                      zreg_error *err)
{
    zreg_manifest_options set;
    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    if (set.config != NULL) {
        return zreg__fail(err, ZREG_INVAL, "config: an index has none; leave it out");
    }
    ZREG__TRY(check_common(&set, ZREG__MAX_INDEX_CHILDREN, err));
    return compose(out, ZREG__TYPE_OCI_INDEX, &set, err);
}
