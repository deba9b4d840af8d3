/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/plan.h"
#include "oci/manifest.h"
#include <string.h>

/* One index being filtered. */
typedef struct filtering {
    const zreg_manifest *index;
    const zreg_manifest *const *inner;
    const char *const *platforms;
} filtering;

static const char *annotation(const zreg_descriptor *child, const char *key)
{
    const char *const *pairs = child->annotations;
    for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2) {
        if (zreg__str_equal(pairs[i], key)) {
            return pairs[i + 1];
        }
    }
    return NULL;
}

bool zreg__plan_attests(const zreg_descriptor *child)
{
    return annotation(child, "vnd.docker.reference.digest") != NULL;
}

static const zreg_manifest *inner_at(const filtering *self, size_t i)
{
    return self->inner != NULL ? self->inner[i] : NULL;
}

static bool matches(const filtering *self, size_t i)
{
    const zreg_descriptor *child = zreg_manifest_at(self->index, i);
    for (size_t k = 0; self->platforms[k] != NULL; k++) {
        if (child->has_platform && zreg__platform_matches(&child->platform, self->platforms[k])) {
            return true;
        }
    }
    return inner_at(self, i) != NULL;
}

/* What attests an image stays with it. */
static bool attests_kept(const filtering *self, size_t i)
{
    const char *of = annotation(zreg_manifest_at(self->index, i), "vnd.docker.reference.digest");
    for (size_t k = 0; of != NULL && k < zreg_manifest_count(self->index); k++) {
        if (zreg__str_equal(zreg_manifest_at(self->index, k)->digest.text, of) &&
            matches(self, k)) {
            return true;
        }
    }
    return false;
}

static bool is_kept(const filtering *self, size_t i)
{
    return matches(self, i) || attests_kept(self, i);
}

static bool is_replaced(const filtering *self, size_t i)
{
    const zreg_manifest *inner = inner_at(self, i);
    return inner != NULL && !zreg_digest_equal(zreg_manifest_digest(inner),
                                               &zreg_manifest_at(self->index, i)->digest);
}

static zreg_status point_to(zreg__json *child, const zreg_manifest *inner, zreg_error *err)
{
    size_t size = 0;
    (void)zreg_manifest_bytes(inner, &size);
    zreg__json_remove(child, "data");
    ZREG__TRY(zreg__json_set_text(child, "digest", zreg_manifest_digest(inner)->text, err));
    return zreg__json_set_u64(child, "size", size, err);
}

static zreg_status strip(zreg__json *document, const filtering *self, zreg_error *err)
{
    zreg__json *children = zreg__json_get(document, "manifests");
    ZREG__AUTO(zreg__json) zreg__json *kept = zreg__json_new_array();
    for (size_t i = 0; i < zreg_manifest_count(self->index); i++) {
        zreg__json *child = zreg__json_at(children, i);
        if (is_replaced(self, i)) {
            ZREG__TRY(point_to(child, inner_at(self, i), err));
        }
        ZREG__TRY(is_kept(self, i) ? zreg__json_add_shared(kept, child, err) : ZREG_OK);
    }
    return zreg__json_set(document, "manifests", zreg__steal(&kept), err);
}

static zreg_status remake(zreg_manifest **out, const filtering *self, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(self->index, &size);
    ZREG__TRY(zreg__json_parse(&document, bytes, size, "index", err));
    ZREG__TRY(strip(document, self, err));
    ZREG__TRY(zreg__json_print(&text, document, err));
    return zreg_manifest_parse(out, text, strlen(text), zreg_manifest_media_type(self->index), err);
}

zreg_status zreg__plan_filter(zreg_manifest **out, const zreg_manifest *index,
                              const zreg_manifest *const *inner, const char *const *platforms,
                              zreg_error *err)
{
    const filtering self = {.index = index, .inner = inner, .platforms = platforms};
    size_t kept = 0;
    bool changed = false;
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        kept += is_kept(&self, i);
        changed = changed || is_replaced(&self, i);
    }
    if (kept == 0) {
        *out = NULL;
        return ZREG_OK;
    }
    if (kept == zreg_manifest_count(index) && !changed) {
        *out = zreg__manifest_share(index);
        return ZREG_OK;
    }
    return remake(out, &self, err);
}
