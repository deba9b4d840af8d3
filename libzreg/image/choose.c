/* SPDX-License-Identifier: Apache-2.0 */
#include "image/choose.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/plan.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"

typedef struct chooser {
    zreg__endpoint *src;
    const char *const *platforms; /* NULL: any */
    bool *found;                  /* of each platform */
    zreg__buf there;              /* the platforms that there are, for people */
    size_t images;                /* that were seen, and the last of them */
    zreg_digest image;
    size_t seen; /* children of all indexes together */
    zreg_cancel *cancel;
} chooser;

static void chooser_finish(chooser *self)
{
    free(self->found);
    zreg__buf_finish(&self->there);
}

ZREG__DEFINE_AUTO_VALUE(chooser, chooser_finish)

static zreg__mediatype_kind kind_of(const zreg_descriptor *child)
{
    return zreg__mediatype_kind_of(zreg__span_of(child->media_type));
}

/* Best effort: a message that is cut is good enough. */
static void list_platform(chooser *self, const zreg_descriptor *child)
{
    const zreg_platform *p = &child->platform;
    if (child->has_platform && !zreg__plan_attests(child)) {
        (void)zreg__buf_printf(&self->there, NULL, "%s%s/%s%s%s", self->there.size > 0 ? ", " : "",
                               p->os, p->architecture, p->variant[0] != '\0' ? "/" : "",
                               p->variant);
    }
}

static const char *what_is_there(const chooser *self)
{
    return self->there.size > 0 ? zreg__buf_cstr(&self->there) : "none with a platform";
}

/* Whether a child is of a platform that is wanted. */
static bool mark(chooser *self, const zreg_descriptor *child)
{
    bool any = false;
    for (size_t i = 0; child->has_platform && self->platforms[i] != NULL; i++) {
        if (zreg__platform_matches(&child->platform, self->platforms[i])) {
            self->found[i] = true;
            any = true;
        }
    }
    return any;
}

static zreg_status check_bounds(chooser *self, unsigned depth, zreg_error *err)
{
    if (depth > ZREG__MAX_INDEX_DEPTH) {
        return zreg__fail(err, ZREG_LIMIT, "indexes are nested more than %d deep",
                          ZREG__MAX_INDEX_DEPTH);
    }
    return ++self->seen <= ZREG__MAX_GRAPH_NODES
               ? ZREG_OK
               : zreg__fail(err, ZREG_LIMIT, "the index names more than %d images",
                            ZREG__MAX_GRAPH_NODES);
}

static zreg_status choose(zreg_manifest **out, chooser *self, const zreg_manifest *index,
                          unsigned depth, zreg_error *err);

/* What is left of a child that is an index; NULL when that is nothing. */
static zreg_status choose_within(zreg_manifest **out, chooser *self, const zreg_descriptor *child,
                                 unsigned depth, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *inner = NULL;
    zreg__overlay *overlay = NULL;
    ZREG__TRY(zreg__endpoint_manifest_get(&inner, self->src, &child->digest, self->cancel, err));
    ZREG__TRY(choose(out, self, inner, depth + 1, err));
    if (*out == NULL || zreg_digest_equal(zreg_manifest_digest(*out), &child->digest)) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_overlay(&overlay, self->src, err));
    return zreg__overlay_add_manifest(overlay, *out, err);
}

static zreg_status look_at_children(zreg_manifest **inner, chooser *self,
                                    const zreg_manifest *index, unsigned depth, zreg_error *err)
{
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        ZREG__TRY(check_bounds(self, depth, err));
        list_platform(self, child);
        if (!mark(self, child) && kind_of(child) == ZREG__KIND_INDEX) {
            ZREG__TRY(choose_within(&inner[i], self, child, depth, err));
        }
    }
    return ZREG_OK;
}

static zreg_status choose(zreg_manifest **out, chooser *self, const zreg_manifest *index,
                          unsigned depth, zreg_error *err)
{
    size_t count = zreg_manifest_count(index);
    zreg_manifest **inner = zreg__calloc(count + 1, sizeof(*inner));
    if (inner == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg_status status = look_at_children(inner, self, index, depth, err);
    if (status == ZREG_OK) {
        status = zreg__plan_filter(out, index, (const zreg_manifest *const *)inner, self->platforms,
                                   err);
    }
    for (size_t i = 0; i < count; i++) {
        zreg_manifest_free(inner[i]);
    }
    free(inner);
    return status;
}

static zreg_status start(chooser *self, zreg_error *err)
{
    size_t count = 0;
    for (; self->platforms[count] != NULL; count++) {
        ZREG__TRY(zreg__platform_check(self->platforms[count], err));
    }
    self->found = zreg__calloc(count + 1, sizeof(bool));
    return self->found != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__choose_platforms(zreg_manifest **out, zreg__endpoint *src,
                                   const zreg_manifest *index, const char *const *platforms,
                                   zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(chooser)
    chooser self = {.src = src, .platforms = platforms, .there = ZREG__BUF(300), .cancel = cancel};
    ZREG__AUTO(zreg_manifest) zreg_manifest *left = NULL;
    ZREG__TRY(start(&self, err));
    ZREG__TRY(choose(&left, &self, index, 0, err));
    for (size_t i = 0; platforms[i] != NULL; i++) {
        if (!self.found[i]) {
            return zreg__fail(err, ZREG_NOTFOUND, "no image for %s; there is: %s", platforms[i],
                              what_is_there(&self));
        }
    }
    if (left == NULL) {
        return zreg__fail(err, ZREG_INVAL, "an empty list of platforms chooses no image");
    }
    *out = zreg__steal(&left);
    return ZREG_OK;
}

static zreg_status count_images(chooser *self, const zreg_manifest *index, unsigned depth,
                                zreg_error *err)
{
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        ZREG__AUTO(zreg_manifest) zreg_manifest *inner = NULL;
        ZREG__TRY(check_bounds(self, depth, err));
        list_platform(self, child);
        if (kind_of(child) == ZREG__KIND_INDEX) {
            ZREG__TRY(
                zreg__endpoint_manifest_get(&inner, self->src, &child->digest, self->cancel, err));
            ZREG__TRY(count_images(self, inner, depth + 1, err));
        } else if (kind_of(child) == ZREG__KIND_IMAGE && !zreg__plan_attests(child)) {
            self->images += !zreg_digest_equal(&self->image, &child->digest);
            self->image = child->digest;
        }
    }
    return ZREG_OK;
}

zreg_status zreg__choose_image(zreg_manifest **out, zreg__endpoint *src, const zreg_manifest *index,
                               const char *where, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(chooser) chooser self = {.src = src, .there = ZREG__BUF(300), .cancel = cancel};
    ZREG__TRY(count_images(&self, index, 0, err));
    if (self.images == 1) {
        return zreg__endpoint_manifest_get(out, src, &self.image, cancel, err);
    }
    return zreg__fail(err, ZREG_INVAL,
                      "%s holds one image, but %s is an index of %zu; choose one by its platform "
                      "(--platform); there is: %s",
                      where, zreg__endpoint_text(src), self.images, what_is_there(&self));
}
