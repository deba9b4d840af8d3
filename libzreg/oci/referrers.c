/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/referrers.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <stdio.h>
#include <string.h>

/* The schema cuts both parts of a digest at these. */
#define MAX_ALGORITHM 32
#define MAX_ENCODED 64

static const char *const cosign_kinds[ZREG__COSIGN_KINDS] = {"sig", "att", "sbom"};

zreg__digest_tag zreg__referrers_tag(const zreg_digest *subject)
{
    zreg__digest_tag tag;
    int algorithm = (int)strcspn(subject->text, ":");
    (void)snprintf(tag.text, sizeof(tag.text), "%.*s-%.*s",
                   algorithm < MAX_ALGORITHM ? algorithm : MAX_ALGORITHM, subject->text,
                   MAX_ENCODED, subject->text + algorithm + 1);
    return tag;
}

zreg__digest_tag zreg__referrers_cosign_tag(const zreg_digest *subject, size_t kind)
{
    zreg__digest_tag tag;
    int algorithm = (int)strcspn(subject->text, ":");
    int size = snprintf(tag.text, sizeof(tag.text), "%.*s-%s.%s", algorithm, subject->text,
                        subject->text + algorithm + 1, cosign_kinds[kind]);
    if (size < 0 || (size_t)size >= sizeof(tag.text)) {
        tag.text[0] = '\0';
    }
    return tag;
}

static bool is_cosign_kind(const char *text)
{
    for (size_t i = 0; i < ZREG__COSIGN_KINDS; i++) {
        if (zreg__str_equal(text, cosign_kinds[i])) {
            return true;
        }
    }
    return false;
}

bool zreg__referrers_is_digest_tag(const char *tag)
{
    bool wide = zreg__str_starts(tag, "sha512-");
    if (!wide && !zreg__str_starts(tag, "sha256-")) {
        return false;
    }
    const char *encoded = tag + strlen("sha256-");
    size_t size = strspn(encoded, "0123456789abcdef");
    const char *rest = encoded + size;
    return size == MAX_ENCODED &&
           (*rest == '\0' || (!wide && *rest == '.' && is_cosign_kind(rest + 1)));
}

bool zreg__referrers_refers(const zreg_manifest *manifest, const zreg_digest *subject)
{
    const zreg_descriptor *named = zreg_manifest_subject(manifest);
    return named != NULL && zreg_digest_equal(&named->digest, subject);
}

static zreg_status document_of(zreg__json **out, const zreg_manifest *manifest, zreg_error *err)
{
    size_t size;
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    return zreg__json_parse(out, bytes, size, "a manifest", err);
}

zreg_status zreg__referrers_describe(zreg__json **out, const zreg_manifest *manifest,
                                     zreg_error *err)
{
    zreg_descriptor descriptor = zreg__compose_name(manifest);
    descriptor.artifact_type = zreg_manifest_artifact_type(manifest);
    descriptor.annotations = zreg_manifest_annotations(manifest);
    return zreg__compose_descriptor(out, &descriptor, err);
}

zreg_status zreg__referrers_new_list(zreg__json **out, zreg_error *err)
{
    return zreg__compose_document(out, &(const zreg__parts){.media_type = ZREG__TYPE_OCI_INDEX},
                                  err);
}

static bool is_listed(const zreg__json *list, const zreg_digest *digest)
{
    for (size_t i = 0; i < zreg__json_length(list); i++) {
        if (zreg__str_equal(zreg__json_text(zreg__json_at(list, i), "digest"), digest->text)) {
            return true;
        }
    }
    return false;
}

static zreg_status add_missing(bool *out_added, zreg__json *list, const zreg_manifest *manifest,
                               zreg_error *err)
{
    if (is_listed(list, zreg_manifest_digest(manifest))) {
        return ZREG_OK;
    }
    *out_added = true;
    zreg__json *descriptor = NULL;
    ZREG__TRY(zreg__referrers_describe(&descriptor, manifest, err));
    return zreg__json_add(list, descriptor, err);
}

zreg_status zreg__referrers_list_add(zreg_manifest **out, const zreg_manifest *current,
                                     const zreg_manifest *const *more, size_t count,
                                     zreg_error *err)
{
    bool added = false;
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__TRY(current != NULL ? document_of(&document, current, err)
                              : zreg__referrers_new_list(&document, err));
    zreg__json *list = zreg__json_get(document, "manifests");
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(add_missing(&added, list, more[i], err));
    }
    if (current != NULL && !added) {
        *out = zreg__manifest_share(current);
        return ZREG_OK;
    }
    ZREG__TRY(zreg__json_print(&text, document, err));
    return zreg_manifest_parse(out, text, strlen(text), ZREG__TYPE_OCI_INDEX, err);
}

static bool has_layer(const zreg__json *layers, zreg__json *layer)
{
    for (size_t i = 0; i < zreg__json_length(layers); i++) {
        if (zreg__json_equal(zreg__json_at(layers, i), layer)) {
            return true;
        }
    }
    return false;
}

bool zreg__referrers_holds(const zreg_manifest *whole, const zreg_manifest *part)
{
    ZREG__AUTO(zreg__json) zreg__json *outer = NULL;
    ZREG__AUTO(zreg__json) zreg__json *inner = NULL;
    if (zreg_manifest_is_index(whole) || zreg_manifest_is_index(part) ||
        document_of(&outer, whole, NULL) != ZREG_OK || document_of(&inner, part, NULL) != ZREG_OK) {
        return false;
    }
    const zreg__json *layers = zreg__json_get(inner, "layers");
    for (size_t i = 0; i < zreg__json_length(layers); i++) {
        if (!has_layer(zreg__json_get(outer, "layers"), zreg__json_at(layers, i))) {
            return false;
        }
    }
    return true;
}
