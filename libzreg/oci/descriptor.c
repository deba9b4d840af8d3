/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/descriptor.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include <string.h>

zreg_status zreg__descriptor_check_case(const zreg__json *json, const char *where, zreg_error *err)
{
    static const char *const fields[] = {"mediaType",    "digest",   "size", "urls", "annotations",
                                         "artifactType", "platform", "data", NULL};
    static const char *const platform_fields[] = {
        "os", "architecture", "variant", "os.version", "os.features", "features", NULL};
    ZREG__TRY(zreg__json_check_case(json, fields, where, err));
    return zreg__json_check_case(zreg__json_get(json, "platform"), platform_fields, where, err);
}

/* Media types travel in headers: no character may end a line or a header there. */
static bool is_media_type(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    const char *slash = strchr(text, '/');
    return size <= ZREG__MAX_MEDIA_TYPE && slash != NULL && slash > text && slash[1] != '\0';
}

static zreg_status read_media_type(zreg_descriptor *out, const zreg__json *json, const char *where,
                                   zreg_error *err)
{
    ZREG__TRY(zreg__json_read_text(&out->media_type, json, "mediaType", where, err));
    if (!is_media_type(out->media_type)) {
        return zreg__fail(err, ZREG_INVAL, "%s: mediaType \"%.130s\" is no media type", where,
                          out->media_type);
    }
    return zreg__json_read_text(&out->artifact_type, json, "artifactType", where, err);
}

static zreg_status read_digest(zreg_descriptor *out, const zreg__json *json, const char *where,
                               zreg_error *err)
{
    const char *text = zreg__json_text(json, "digest");
    if (text == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: no digest", where);
    }
    zreg_status status = zreg_digest_parse(&out->digest, text, err);
    return status == ZREG_OK ? ZREG_OK : zreg__error_prefix(err, status, "%s", where);
}

static zreg_status read_size(zreg_descriptor *out, const zreg__json *json, const char *where,
                             zreg_error *err)
{
    if (!zreg__json_u64(json, "size", &out->size_bytes)) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s: \"size\" is missing, or no integer from 0 to 9223372036854775807",
                          where);
    }
    if (out->size_bytes > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: a size of %llu bytes is not believable", where,
                          (unsigned long long)out->size_bytes);
    }
    return ZREG_OK;
}

static zreg_status read_platform(zreg_descriptor *out, const zreg__json *json, const char *where,
                                 zreg_error *err)
{
    const zreg__json *platform = zreg__json_get(json, "platform");
    zreg_platform *to = &out->platform;
    *to = (zreg_platform){"", "", "", ""};
    out->has_platform = platform != NULL;
    if (platform == NULL) {
        return ZREG_OK;
    }
    if (!zreg__json_is_object(platform)) {
        return zreg__fail(err, ZREG_INVAL, "%s: the platform is no object", where);
    }
    ZREG__TRY(zreg__json_read_text(&to->os, platform, "os", where, err));
    ZREG__TRY(zreg__json_read_text(&to->architecture, platform, "architecture", where, err));
    ZREG__TRY(zreg__json_read_text(&to->variant, platform, "variant", where, err));
    return zreg__json_read_text(&to->os_version, platform, "os.version", where, err);
}

static zreg_status check_annotations(const zreg__json *annotations, const char *where,
                                     zreg_error *err)
{
    if (!zreg__json_is_object(annotations)) {
        return zreg__fail(err, ZREG_INVAL, "%s: \"annotations\" is no object", where);
    }
    for (zreg__json_member member = {0}; zreg__json_next(&member, annotations);) {
        if (member.value != NULL && zreg__json_as_text(member.value) == NULL) {
            return zreg__fail(err, ZREG_INVAL, "%s: annotation \"%.100s\" is not a string", where,
                              member.key);
        }
    }
    return ZREG_OK;
}

zreg_status zreg__descriptor_annotations(const char ***out, const zreg__json *json,
                                         const char *where, zreg_error *err)
{
    zreg__json *annotations = zreg__json_get(json, "annotations");
    *out = NULL;
    if (annotations == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(check_annotations(annotations, where, err));
    const char **list = zreg__calloc(2 * zreg__json_members(annotations) + 1, sizeof(*list));
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    size_t at = 0;
    for (zreg__json_member member = {0}; zreg__json_next(&member, annotations);) {
        list[at++] = member.key;
        list[at++] = member.value != NULL ? zreg__json_as_text(member.value) : "";
    }
    *out = list;
    return ZREG_OK;
}

void zreg__descriptor_finish(zreg_descriptor *descriptor)
{
    free((void *)descriptor->annotations);
}

zreg_status zreg__descriptor_read(zreg_descriptor *out, const zreg__json *json, const char *where,
                                  zreg_error *err)
{
    if (!zreg__json_is_object(json)) {
        return zreg__fail(err, ZREG_INVAL, "%s: no descriptor (a JSON object) stands here", where);
    }
    zreg_descriptor read = {0};
    ZREG__TRY(zreg__descriptor_check_case(json, where, err));
    ZREG__TRY(read_media_type(&read, json, where, err));
    ZREG__TRY(read_digest(&read, json, where, err));
    ZREG__TRY(read_size(&read, json, where, err));
    ZREG__TRY(read_platform(&read, json, where, err));
    const char **annotations;
    ZREG__TRY(zreg__descriptor_annotations(&annotations, json, where, err));
    read.annotations = annotations;
    *out = read;
    return ZREG_OK;
}
