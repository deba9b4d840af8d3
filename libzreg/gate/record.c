/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/record.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define KEY_ORDER "org.zuul-ci.order"
#define KEY_CHANGE "org.zuul-ci.change"
#define KEY_DIGEST "org.zuul-ci.digest"

zreg_status zreg__record_tag(char **out, const char *tag, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = zreg__asprintf("zreg-order_%s", tag);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__reference_is_tag(zreg__span_of(text))) {
        return zreg__fail(err, ZREG_INVAL,
                          "promote: tag %s is too long for the tag of its order, %s", tag, text);
    }
    *out = zreg__steal(&text);
    return ZREG_OK;
}

static zreg_status add_child(zreg__json *children, const zreg_manifest *promoted, zreg_error *err)
{
    size_t size = 0;
    zreg__json *child = json_object_new_object();
    zreg_manifest_bytes(promoted, &size);
    ZREG__TRY(zreg__json_add(children, child, err));
    ZREG__TRY(zreg__json_set_text(child, "mediaType", zreg_manifest_media_type(promoted), err));
    ZREG__TRY(zreg__json_set_text(child, "digest", zreg_manifest_digest(promoted)->text, err));
    return zreg__json_set_u64(child, "size", size, err);
}

/* The children of an index are taken as they are: not every registry takes an index of indexes. */
static zreg_status children_of(zreg__json **out, const zreg_manifest *promoted, zreg_error *err)
{
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(promoted, &size);
    ZREG__AUTO(zreg__json) zreg__json *children = NULL;
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    if (zreg_manifest_is_index(promoted)) {
        ZREG__TRY(zreg__json_parse(&document, bytes, size, "index", err));
        *out = json_object_get(zreg__json_get(document, "manifests"));
        return ZREG_OK;
    }
    children = json_object_new_array();
    if (children == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(add_child(children, promoted, err));
    *out = zreg__steal(&children);
    return ZREG_OK;
}

static zreg_status annotate(zreg__json *document, const zreg__record *record, zreg_error *err)
{
    char order[24];
    zreg__json *annotations = json_object_new_object();
    snprintf(order, sizeof(order), "%" PRIu64, record->order);
    ZREG__TRY(zreg__json_set(document, "annotations", annotations, err));
    ZREG__TRY(zreg__json_set_text(annotations, KEY_ORDER, order, err));
    if (record->change[0] != '\0') {
        ZREG__TRY(zreg__json_set_text(annotations, KEY_CHANGE, record->change, err));
    }
    return zreg__json_set_text(annotations, KEY_DIGEST, record->digest.text, err);
}

zreg_status zreg__record_make(zreg_manifest **out, const zreg__record *record,
                              const zreg_manifest *promoted, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *document = json_object_new_object();
    ZREG__AUTO_FREE char *text = NULL;
    zreg__json *children = NULL;
    ZREG__TRY(children_of(&children, promoted, err));
    ZREG__TRY(zreg__json_set(document, "manifests", children, err));
    ZREG__TRY(zreg__json_set_u64(document, "schemaVersion", 2, err));
    ZREG__TRY(zreg__json_set_text(document, "mediaType", INDEX_TYPE, err));
    ZREG__TRY(annotate(document, record, err));
    ZREG__TRY(zreg__json_print(&text, document, err));
    return zreg_manifest_parse(out, text, strlen(text), INDEX_TYPE, err);
}

zreg_status zreg__record_read(zreg__record *out, const zreg_manifest *manifest, const char *tag,
                              zreg_error *err)
{
    zreg__record record = {.order = 0};
    const char *order = zreg_manifest_annotation(manifest, KEY_ORDER);
    const char *digest = zreg_manifest_annotation(manifest, KEY_DIGEST);
    const char *change = zreg_manifest_annotation(manifest, KEY_CHANGE);
    if (order == NULL || digest == NULL || !zreg__span_u64(zreg__span_of(order), &record.order) ||
        record.order == 0 || zreg_digest_parse(&record.digest, digest, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "promote: tag zreg-order_%s holds no record of promotions; if it may go, "
                          "delete that tag",
                          tag);
    }
    zreg__str_copy(record.change, sizeof(record.change), change == NULL ? "" : change);
    *out = record;
    return ZREG_OK;
}
