/* SPDX-License-Identifier: Apache-2.0 */
#include "image/append_base.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "image/append_config.h"
#include "image/imageconfig.h"
#include "image/pack.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <string.h>

void zreg__append_base_finish(zreg__append_base *base)
{
    zreg_manifest_free(base->manifest);
    zreg__json_free(base->document);
    zreg__json_free(base->config);
}

/* What stands before the third dot: the revision behind it is what updates of one Windows differ in. */
static size_t build_size(const char *os_version)
{
    size_t at = 0;
    for (unsigned dots = 0; os_version[at] != '\0'; at++) {
        dots += os_version[at] == '.';
        if (dots == 3) {
            break;
        }
    }
    return at;
}

bool zreg__append_base_same_build(const char *a, const char *b)
{
    return zreg__str_empty(a) || zreg__str_empty(b) ||
           (build_size(a) == build_size(b) && memcmp(a, b, build_size(a)) == 0);
}

static const zreg_descriptor *find_child(const zreg_manifest *index, const char *platform,
                                         const char *os_version)
{
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        if (child->has_platform && zreg__platform_matches(&child->platform, platform) &&
            zreg__append_base_same_build(child->platform.os_version, os_version)) {
            return child;
        }
    }
    return NULL;
}

/* Puts the child for our platform in the place of an index. */
static zreg_status descend(zreg__append_base *base, const char *platform, zreg_cancel *cancel,
                           zreg_error *err)
{
    const zreg_descriptor *child = find_child(base->manifest, platform, base->os_version);
    if (child == NULL) {
        bool any = zreg__str_empty(base->os_version);
        return zreg__fail(err, ZREG_NOTFOUND, "%s has no image for %s%s%s; name another platform",
                          zreg__endpoint_text(base->src), platform, any ? "" : " of ",
                          any ? "" : base->os_version);
    }
    zreg_manifest *image = NULL;
    ZREG__TRY(zreg__endpoint_manifest_get(&image, base->src, &child->digest, cancel, err));
    zreg_manifest_free(base->manifest);
    base->manifest = image;
    return ZREG_OK;
}

static zreg_status fetch_manifest(zreg__append_base *base, const zreg_digest *digest,
                                  const char *platform, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(zreg__endpoint_manifest_get(&base->manifest, base->src, digest, cancel, err));
    for (unsigned depth = 0; zreg_manifest_is_index(base->manifest); depth++) {
        if (depth == ZREG__MAX_INDEX_DEPTH) {
            return zreg__fail(err, ZREG_LIMIT, "%s: indexes more than %d deep",
                              zreg__endpoint_text(base->src), ZREG__MAX_INDEX_DEPTH);
        }
        ZREG__TRY(descend(base, platform, cancel, err));
    }
    return ZREG_OK;
}

zreg_status zreg__append_base_fetch(zreg__append_base *base, const zreg_digest *digest,
                                    const char *platform, const zreg__endpoint *dst,
                                    zreg_cancel *cancel, zreg_error *err)
{
    const zreg__transfer_options options = {.phase = "append"};
    size_t size = 0;
    ZREG__TRY(fetch_manifest(base, digest, platform, cancel, err));
    if (dst != NULL) {
        ZREG__TRY(
            zreg__pack_on_the_way(&base->manifest, base->src, dst, NULL, &options, cancel, err));
    }
    ZREG__TRY(zreg__imageconfig_fetch(&base->config, base->src, base->manifest, cancel, err));
    zreg_status status =
        zreg__append_config_check_base(base->config, zreg_manifest_count(base->manifest), err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", zreg__endpoint_text(base->src));
    }
    const void *bytes = zreg_manifest_bytes(base->manifest, &size);
    return zreg__json_parse(&base->document, bytes, size, "manifest", err);
}

const zreg__json *zreg__append_base_diff_ids(const zreg__append_base *base)
{
    return zreg__json_get(zreg__json_get(base->config, "rootfs"), "diff_ids");
}

bool zreg__append_base_is_docker(const zreg__append_base *base)
{
    return zreg__str_equal(zreg_manifest_media_type(base->manifest), ZREG__TYPE_DOCKER_MANIFEST);
}
