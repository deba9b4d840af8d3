/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/plan.h"
#include "oci/manifest.h"
#include <string.h>

static bool matches_any(const zreg_descriptor *child, const char *const *platforms)
{
    for (size_t i = 0; platforms[i] != NULL; i++) {
        if (child->has_platform && zreg__platform_matches(&child->platform, platforms[i])) {
            return true;
        }
    }
    return false;
}

static bool has_child_for(const zreg_manifest *index, const char *platform)
{
    const char *const one[] = {platform, NULL};
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        if (matches_any(zreg_manifest_at(index, i), one)) {
            return true;
        }
    }
    return false;
}

/* Best effort: a message that is cut is good enough. */
static void list_platforms(zreg__buf *to, const zreg_manifest *index)
{
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        if (child->has_platform) {
            const zreg_platform *p = &child->platform;
            (void)zreg__buf_printf(to, NULL, "%s%s/%s%s%s", to->size > 0 ? ", " : "", p->os,
                                   p->architecture, p->variant[0] != '\0' ? "/" : "", p->variant);
        }
    }
}

static zreg_status check(const zreg_manifest *index, const char *const *platforms, zreg_error *err)
{
    for (size_t i = 0; platforms[i] != NULL; i++) {
        ZREG__TRY(zreg__platform_check(platforms[i], err));
        if (!has_child_for(index, platforms[i])) {
            ZREG__AUTO(zreg__buf) zreg__buf there = ZREG__BUF(300);
            list_platforms(&there, index);
            return zreg__fail(err, ZREG_NOTFOUND, "no image for %s; there is: %s", platforms[i],
                              there.size > 0 ? zreg__buf_cstr(&there) : "none with a platform");
        }
    }
    return ZREG_OK;
}

static zreg_status strip(zreg__json *document, const zreg_manifest *index,
                         const char *const *platforms, zreg_error *err)
{
    zreg__json *children = zreg__json_get(document, "manifests");
    ZREG__AUTO(zreg__json) zreg__json *kept = zreg__json_new_array();
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        if (matches_any(zreg_manifest_at(index, i), platforms)) {
            ZREG__TRY(zreg__json_add_shared(kept, zreg__json_at(children, i), err));
        }
    }
    return zreg__json_set(document, "manifests", zreg__steal(&kept), err);
}

static size_t count_kept(const zreg_manifest *index, const char *const *platforms)
{
    size_t count = 0;
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        count += matches_any(zreg_manifest_at(index, i), platforms);
    }
    return count;
}

zreg_status zreg__plan_filter(zreg_manifest **out, const zreg_manifest *index,
                              const char *const *platforms, zreg_error *err)
{
    ZREG__TRY(check(index, platforms, err));
    if (count_kept(index, platforms) == zreg_manifest_count(index)) {
        *out = zreg__manifest_share(index);
        return ZREG_OK;
    }
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(index, &size);
    ZREG__TRY(zreg__json_parse(&document, bytes, size, "index", err));
    ZREG__TRY(strip(document, index, platforms, err));
    ZREG__TRY(zreg__json_print(&text, document, err));
    return zreg_manifest_parse(out, text, strlen(text), zreg_manifest_media_type(index), err);
}
