/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/compose.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/mediatype.h"
#include <string.h>

#define EMPTY_DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define EMPTY_DATA "e30=" /* {} */

const zreg_descriptor zreg__compose_empty = {
    .media_type = ZREG__TYPE_OCI_EMPTY, .digest = {EMPTY_DIGEST}, .size_bytes = 2};

/* The caller keeps its own reference. */
static zreg_status set_part(zreg__json *to, const char *key, zreg__json *part, zreg_error *err)
{
    return part == NULL ? ZREG_OK : zreg__json_set_shared(to, key, part, err);
}

static zreg_status set_platform(zreg__json *to, const zreg_platform *platform, zreg_error *err)
{
    zreg__json *json = NULL;
    ZREG__TRY(zreg__json_set_object(&json, to, "platform", err));
    ZREG__TRY(zreg__json_set_if_known(json, "architecture", platform->architecture, err));
    ZREG__TRY(zreg__json_set_if_known(json, "os", platform->os, err));
    ZREG__TRY(zreg__json_set_if_known(json, "os.version", platform->os_version, err));
    return zreg__json_set_if_known(json, "variant", platform->variant, err);
}

static int by_key(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(left[0], right[0]);
}

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts[count] != NULL) {
        count++;
    }
    return count;
}

zreg_status zreg__compose_annotations(zreg__json **out, const char *const *pairs, zreg_error *err)
{
    if (pairs == NULL || pairs[0] == NULL) {
        *out = NULL;
        return ZREG_OK;
    }
    size_t count = count_texts(pairs);
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    ZREG__AUTO_FREE const char **sorted = zreg__calloc(count + 1, sizeof(*sorted));
    if (json == NULL || sorted == NULL) {
        return zreg__fail_nomem(err);
    }
    memcpy(sorted, pairs, count * sizeof(*sorted));
    qsort(sorted, count / 2, 2 * sizeof(*sorted), by_key);
    for (size_t i = 0; i + 1 < count; i += 2) {
        ZREG__TRY(zreg__json_set_text(json, sorted[i], sorted[i + 1], err));
    }
    *out = zreg__steal(&json);
    return ZREG_OK;
}

static zreg_status set_annotations(zreg__json *to, const char *const *pairs, zreg_error *err)
{
    zreg__json *annotations = NULL;
    ZREG__TRY(zreg__compose_annotations(&annotations, pairs, err));
    return annotations == NULL ? ZREG_OK : zreg__json_set(to, "annotations", annotations, err);
}

zreg_status zreg__compose_descriptor(zreg__json **out, const zreg_descriptor *descriptor,
                                     zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    bool is_empty = zreg__str_equal(descriptor->media_type, ZREG__TYPE_OCI_EMPTY);
    ZREG__TRY(zreg__json_set_text(json, "mediaType", descriptor->media_type, err));
    ZREG__TRY(zreg__json_set_text(json, "digest", descriptor->digest.text, err));
    ZREG__TRY(zreg__json_set_u64(json, "size", descriptor->size_bytes, err));
    ZREG__TRY(set_annotations(json, descriptor->annotations, err));
    ZREG__TRY(zreg__json_set_if_known(json, "data", is_empty ? EMPTY_DATA : NULL, err));
    ZREG__TRY(zreg__json_set_if_known(json, "artifactType", descriptor->artifact_type, err));
    if (descriptor->has_platform) {
        ZREG__TRY(set_platform(json, &descriptor->platform, err));
    }
    *out = zreg__steal(&json);
    return ZREG_OK;
}

zreg_status zreg__compose_descriptors(zreg__json **out, const zreg_descriptor *descriptors,
                                      size_t count, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *list = zreg__json_new_array();
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        zreg__json *entry = NULL;
        ZREG__TRY(zreg__compose_descriptor(&entry, &descriptors[i], err));
        ZREG__TRY(zreg__json_add(list, entry, err));
    }
    *out = zreg__steal(&list);
    return ZREG_OK;
}

static zreg_status fill(zreg__json *document, const zreg__parts *parts, zreg_error *err)
{
    bool is_index = zreg__mediatype_kind_of(zreg__span_of(parts->media_type)) == ZREG__KIND_INDEX;
    const char *list = is_index ? "manifests" : "layers";
    ZREG__TRY(zreg__json_set_u64(document, "schemaVersion", 2, err));
    ZREG__TRY(zreg__json_set_text(document, "mediaType", parts->media_type, err));
    ZREG__TRY(zreg__json_set_if_known(document, "artifactType", parts->artifact_type, err));
    ZREG__TRY(set_part(document, "config", parts->config, err));
    ZREG__TRY(parts->items == NULL ? zreg__json_set(document, list, zreg__json_new_array(), err)
                                   : set_part(document, list, parts->items, err));
    ZREG__TRY(set_part(document, "subject", parts->subject, err));
    return set_part(document, "annotations", parts->annotations, err);
}

zreg_status zreg__compose_document(zreg__json **out, const zreg__parts *parts, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    ZREG__TRY(fill(document, parts, err));
    *out = zreg__steal(&document);
    return ZREG_OK;
}

zreg_status zreg__compose_manifest(zreg_manifest **out, const zreg__parts *parts, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__TRY(zreg__compose_document(&document, parts, err));
    ZREG__TRY(zreg__json_print(&text, document, err));
    return zreg_manifest_parse(out, text, strlen(text), parts->media_type, err);
}

zreg_descriptor zreg__compose_name(const zreg_manifest *manifest)
{
    size_t size = 0;
    (void)zreg_manifest_bytes(manifest, &size);
    return (zreg_descriptor){.media_type = zreg_manifest_media_type(manifest),
                             .digest = *zreg_manifest_digest(manifest),
                             .size_bytes = size};
}
