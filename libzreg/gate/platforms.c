/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/platforms.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/imageconfig.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/client.h"

static zreg_status add(zreg__json *list, const char *os, const char *architecture,
                       const char *variant, zreg_error *err)
{
    if (zreg__str_empty(os) || zreg__str_empty(architecture)) {
        return ZREG_OK;
    }
    bool has_variant = !zreg__str_empty(variant);
    ZREG__AUTO_FREE char *text = zreg__asprintf("%s/%s%s%s", os, architecture,
                                                has_variant ? "/" : "", has_variant ? variant : "");
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    /* Attestations stand in an index as "unknown/unknown"; and what is no platform is no fact. */
    if (zreg__str_starts(text, "unknown/") || zreg__platform_check(text, NULL) != ZREG_OK) {
        return ZREG_OK;
    }
    return zreg__json_add_text(list, text, err);
}

static zreg_status from_index(zreg__json *list, const zreg_manifest *index, zreg_error *err)
{
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        const zreg_platform *platform = &child->platform;
        if (child->has_platform) {
            ZREG__TRY(add(list, platform->os, platform->architecture, platform->variant, err));
        }
    }
    return ZREG_OK;
}

static zreg_status read_all(zreg__buf *to, zreg_blob_reader *reader, zreg_error *err)
{
    char piece[8192];
    size_t size = 0;
    zreg__buf_reset(to);
    do {
        ZREG__TRY(zreg_blob_read(&size, reader, piece, sizeof(piece), err));
        ZREG__TRY(zreg__buf_append(to, piece, size, err));
    } while (size > 0);
    return ZREG_OK;
}

static zreg_status read_blob(zreg__buf *to, zreg_client *client, const zreg_ref *ref,
                             const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    zreg_error failed = {ZREG_OK};
    zreg_status status = ZREG_CORRUPT;
    bool elsewhere = true;
    for (int servers = 0; elsewhere && servers <= ZREG__MAX_MIRRORS; servers++) {
        ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = NULL;
        ZREG__TRY(zreg_blob_open(&reader, client, ref, digest, cancel, err));
        status = read_all(to, reader, &failed);
        elsewhere = status == ZREG_CORRUPT && zreg__blob_reader_doubt(reader);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

static bool is_image_config(const zreg_descriptor *config)
{
    return zreg__str_equal(config->media_type, ZREG__TYPE_OCI_CONFIG) ||
           zreg__str_equal(config->media_type, ZREG__TYPE_DOCKER_CONFIG);
}

static zreg_status from_config(zreg__json *list, zreg_client *client, const zreg_ref *ref,
                               const zreg_descriptor *descriptor, zreg_cancel *cancel,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_CONFIG_BYTES);
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    ZREG__TRY(read_blob(&bytes, client, ref, &descriptor->digest, cancel, err));
    ZREG__TRY(zreg__imageconfig_parse(&config, bytes.data, bytes.size, "image config", err));
    return add(list, zreg__json_text(config, "os"), zreg__json_text(config, "architecture"),
               zreg__json_text(config, "variant"), err);
}

zreg_status zreg__platforms_read(zreg__json **out, zreg_client *client, const zreg_ref *ref,
                                 zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__AUTO(zreg__json) zreg__json *list = zreg__json_new_array();
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg_client_manifest_get(&manifest, client, ref, cancel, err));
    const zreg_descriptor *config = zreg_manifest_config(manifest);
    if (zreg_manifest_is_index(manifest)) {
        ZREG__TRY(from_index(list, manifest, err));
    } else if (config != NULL && is_image_config(config)) {
        ZREG__TRY(from_config(list, client, ref, config, cancel, err));
    }
    *out = zreg__steal(&list);
    return ZREG_OK;
}
