/* SPDX-License-Identifier: Apache-2.0 */
#include "store/revision.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "oci/mediatype.h"

static zreg_status add_digest(zreg__json *array, const zreg_descriptor *descriptor, zreg_error *err)
{
    return descriptor == NULL ? ZREG_OK : zreg__json_add_text(array, descriptor->digest.text, err);
}

bool zreg__revision_may_be_blob(const zreg_descriptor *child)
{
    return zreg__mediatype_kind_of(zreg__span_of(child->media_type)) == ZREG__KIND_UNKNOWN;
}

/* Children that may be blobs, beside the manifests. */
static zreg_status set_unknown(zreg__json *record, const zreg_manifest *index, zreg_error *err)
{
    zreg__json *digests = NULL;
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        if (zreg__revision_may_be_blob(child)) {
            ZREG__TRY(digests == NULL ? zreg__json_set_array(&digests, record, "blobs", err)
                                      : ZREG_OK);
            ZREG__TRY(add_digest(digests, child, err));
        }
    }
    return ZREG_OK;
}

static zreg_status set_references(zreg__json *record, const zreg_manifest *manifest,
                                  zreg_error *err)
{
    bool is_index = zreg_manifest_is_index(manifest);
    zreg__json *digests = NULL;
    ZREG__TRY(zreg__json_set_array(&digests, record, is_index ? "manifests" : "blobs", err));
    ZREG__TRY(add_digest(digests, zreg_manifest_config(manifest), err));
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        ZREG__TRY(add_digest(digests, zreg_manifest_at(manifest, i), err));
    }
    return is_index ? set_unknown(record, manifest, err) : ZREG_OK;
}

zreg_status zreg__revision_print(char **out, const zreg_manifest *manifest, zreg_error *err)
{
    size_t size;
    zreg_manifest_bytes(manifest, &size);
    ZREG__AUTO(zreg__json) zreg__json *record = zreg__json_new_object();
    ZREG__TRY(zreg__json_set_text(record, "mediaType", zreg_manifest_media_type(manifest), err));
    ZREG__TRY(zreg__json_set_u64(record, "size", size, err));
    ZREG__TRY(zreg__json_set_u64(record, "time", (uint64_t)zreg__clock_unix_s(), err));
    const zreg_descriptor *subject = zreg_manifest_subject(manifest);
    if (subject != NULL) {
        ZREG__TRY(zreg__json_set_text(record, "subject", subject->digest.text, err));
    }
    ZREG__TRY(set_references(record, manifest, err));
    return zreg__json_print(out, record, err);
}

zreg_status zreg__revision_parse(zreg__revision *out, const void *bytes, size_t size,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    zreg_status status = zreg__json_parse(&json, bytes, size, "a revision record", err);
    if (status == ZREG_NOMEM) {
        return status;
    }
    const char *media_type = zreg__json_text(json, "mediaType");
    const char *subject = zreg__json_text(json, "subject");
    *out = (zreg__revision){.media_type = ""};
    zreg__error_clear(err);
    if (media_type == NULL ||
        !zreg__str_copy(out->media_type, sizeof(out->media_type), media_type) ||
        !zreg__json_u64(json, "size", &out->size_bytes) ||
        (subject != NULL && zreg_digest_parse(&out->subject, subject, NULL) != ZREG_OK)) {
        return zreg__fail(err, ZREG_IO, "a revision record is damaged");
    }
    return ZREG_OK;
}
