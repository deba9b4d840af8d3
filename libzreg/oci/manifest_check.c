/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a manifest that reading it leaves alone (oci/manifest.h). */
#include "oci/manifest.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/random.h"
#include "oci/digest.h"
#include <stdio.h>
#include <string.h>

static zreg_status check_texts(const zreg__json *json, const char *key, const char *where,
                               zreg_error *err)
{
    const zreg__json *list = zreg__json_get(json, key);
    bool is_list = list == NULL || zreg__json_is_array(list);
    for (size_t i = 0; list != NULL && is_list && i < zreg__json_length(list); i++) {
        is_list = zreg__json_as_text(zreg__json_at(list, i)) != NULL;
    }
    return is_list ? ZREG_OK
                   : zreg__fail(err, ZREG_INVAL, "%s: \"%s\" is no list of strings", where, key);
}

/* What is within has one form only (RFC 4648, section 3.5): unused bits of the last digit are zero. */
static zreg_status decode(zreg__buf *to, const char *text, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf end = ZREG__BUF(8);
    size_t size = strlen(text);
    ZREG__TRY(zreg__base64_decode(to, text, size, 0, err));
    size_t over = to->size % 3;
    if (over == 0) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__base64_encode(&end, to->data + to->size - over, over, 0, err));
    return zreg__str_equal(zreg__buf_cstr(&end), text + size - 4)
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL, "base64 with bits beyond its last byte");
}

static zreg_status check_data(const zreg__json *json, const char *where, zreg_error *err)
{
    const char *text;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    ZREG__TRY(zreg__json_read_text(&text, json, "data", where, err));
    zreg_status status = decode(&bytes, text, err);
    return status == ZREG_OK ? ZREG_OK : zreg__error_prefix(err, status, "%s: \"data\"", where);
}

static zreg_status check_annotations(const zreg__json *json, const char *where, zreg_error *err)
{
    const zreg__json *annotations = zreg__json_get(json, "annotations");
    if (annotations == NULL) {
        return ZREG_OK;
    }
    for (zreg__json_member member = {0}; zreg__json_next(&member, annotations);) {
        if (member.value == NULL) {
            return zreg__fail(err, ZREG_INVAL, "%s: annotation \"%.100s\" is not a string", where,
                              member.key);
        }
    }
    return ZREG_OK;
}

static zreg_status check_descriptor(const zreg__json *json, const char *where, zreg_error *err)
{
    const zreg__json *platform = zreg__json_get(json, "platform");
    ZREG__TRY(check_texts(platform, "os.features", where, err));
    ZREG__TRY(check_texts(platform, "features", where, err));
    ZREG__TRY(check_texts(json, "urls", where, err));
    ZREG__TRY(check_data(json, where, err));
    return check_annotations(json, where, err);
}

static zreg_status check_items(const zreg_manifest *manifest, zreg_error *err)
{
    bool is_index = zreg_manifest_is_index(manifest) != 0;
    const zreg__json *json = zreg__manifest_json(manifest);
    if (!is_index && !zreg__json_has(json, "layers")) {
        return zreg__fail(err, ZREG_INVAL, "manifest: %s with no list \"layers\"",
                          zreg_manifest_media_type(manifest));
    }
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        const zreg_descriptor *item = zreg_manifest_at(manifest, i);
        char where[40];
        snprintf(where, sizeof(where), "manifest: %s %zu", is_index ? "child" : "layer", i + 1);
        ZREG__TRY(check_descriptor(zreg__manifest_json_of(manifest, item), where, err));
    }
    return ZREG_OK;
}

zreg_status zreg__manifest_check_strictly(const zreg_manifest *manifest, zreg_error *err)
{
    const zreg__json *json = zreg__manifest_json(manifest);
    ZREG__TRY(check_descriptor(zreg__json_get(json, "config"), "manifest: config", err));
    ZREG__TRY(check_items(manifest, err));
    ZREG__TRY(check_descriptor(zreg__json_get(json, "subject"), "manifest: subject", err));
    return check_annotations(json, "manifest", err);
}

static bool is_blob(const zreg__buf *bytes, const zreg_descriptor *part)
{
    zreg_digest found;
    return bytes->size == part->size_bytes &&
           zreg__digest_like(&found, &part->digest, zreg__buf_cstr(bytes), bytes->size, NULL) ==
               ZREG_OK &&
           zreg_digest_equal(&found, &part->digest);
}

zreg_status zreg__manifest_inline(zreg__buf *to, const zreg_manifest *manifest,
                                  const zreg_descriptor *part, zreg_error *err)
{
    const zreg__json *json = zreg__manifest_json_of(manifest, part);
    const char *text = zreg__json_text(json, "data");
    zreg_error why = {.code = ZREG_OK};
    zreg__buf_reset(to);
    if (text == NULL) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s has no \"data\"", part->digest.text);
    }
    zreg_status status = decode(to, text, &why);
    if (status == ZREG_OK && is_blob(to, part)) {
        return ZREG_OK;
    }
    zreg__buf_reset(to);
    return status == ZREG_OK || status == ZREG_INVAL
               ? zreg__fail(err, ZREG_NOTFOUND, "the \"data\" of %s is not that blob",
                            part->digest.text)
               : zreg__fail_again(err, &why);
}

bool zreg__manifest_has_urls(const zreg_manifest *manifest, const zreg_descriptor *part)
{
    const zreg__json *urls = zreg__json_get(zreg__manifest_json_of(manifest, part), "urls");
    const char *first = zreg__json_as_text(zreg__json_at(urls, 0));
    return first != NULL && first[0] != '\0';
}
