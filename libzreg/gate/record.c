/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/record.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* The children of an index are taken as they are: not every registry takes an index of indexes. */
static zreg_status children_of(zreg__json **out, const zreg_manifest *promoted, zreg_error *err)
{
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(promoted, &size);
    const zreg_descriptor name = zreg__compose_name(promoted);
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    if (!zreg_manifest_is_index(promoted)) {
        return zreg__compose_descriptors(out, &name, 1, err);
    }
    ZREG__TRY(zreg__json_parse(&document, bytes, size, "index", err));
    *out = zreg__json_share(zreg__json_get(document, "manifests"));
    return ZREG_OK;
}

static zreg_status annotations_of(zreg__json **out, const zreg__record *record, zreg_error *err)
{
    char order[24];
    snprintf(order, sizeof(order), "%" PRIu64, record->order);
    const char *const pairs[] = {KEY_ORDER,
                                 order,
                                 KEY_DIGEST,
                                 record->digest.text,
                                 record->change[0] != '\0' ? KEY_CHANGE : NULL,
                                 record->change,
                                 NULL};
    return zreg__compose_annotations(out, pairs, err);
}

zreg_status zreg__record_make(zreg_manifest **out, const zreg__record *record,
                              const zreg_manifest *promoted, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *children = NULL;
    ZREG__AUTO(zreg__json) zreg__json *annotations = NULL;
    ZREG__TRY(children_of(&children, promoted, err));
    ZREG__TRY(annotations_of(&annotations, record, err));
    const zreg__parts parts = {
        .media_type = ZREG__TYPE_OCI_INDEX, .items = children, .annotations = annotations};
    return zreg__compose_manifest(out, &parts, err);
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
