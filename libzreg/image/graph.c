/* SPDX-License-Identifier: Apache-2.0 */
#include "image/graph.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "image/parallel.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <string.h>

/* One wanted manifest; after fetching, neither here (left out) nor missing. */
typedef struct fetched {
    const zreg_descriptor *named_by;
    zreg_manifest *manifest; /* NULL: the destination has it, or it is a blob */
    bool is_blob;
} fetched;

typedef struct level {
    zreg__endpoint *src;
    zreg__endpoint *dst;
    fetched *items;
    size_t count;
} level;

static void level_finish(level *self)
{
    for (size_t i = 0; i < self->count; i++) {
        zreg_manifest_free(self->items[i].manifest);
    }
    free(self->items);
}

ZREG__DEFINE_AUTO_VALUE(level, level_finish)

/* A failing look is no reason to stop: what is not known to be there is copied. */
static bool is_at_destination(level *self, const zreg_digest *digest, zreg_cancel *stop)
{
    zreg_digest found;
    return self->dst != NULL &&
           zreg__endpoint_manifest_head(&found, self->dst, digest, stop, NULL) == ZREG_OK &&
           zreg_digest_equal(&found, digest);
}

bool zreg__graph_is_known(const zreg_descriptor *child)
{
    return zreg__mediatype_kind_of(zreg__span_of(child->media_type)) != ZREG__KIND_UNKNOWN;
}

/* What BuildKit lists in the index of a cache are blobs, so no manifest is asked for. */
static bool is_blob_type(const char *type)
{
    return strstr(type, ".layer.") != NULL || strstr(type, ".rootfs.") != NULL ||
           strstr(type, ".config.v1+json") != NULL || strstr(type, ".cacheconfig.") != NULL;
}

static bool ends_all(zreg_status status)
{
    return status == ZREG_CANCELLED || status == ZREG_DENIED || status == ZREG_NOMEM;
}

/* Bytes that are a manifest are one wherever they are read: what it names has to be copied too. */
static zreg_status read_as_blob(zreg_manifest **out, zreg__endpoint *src,
                                const zreg_descriptor *child, zreg_cancel *cancel)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    ZREG__TRY(zreg__endpoint_blob_bytes(&bytes, src, child, cancel, NULL));
    (void)zreg__manifest_parse_verified(out, zreg__buf_cstr(&bytes), bytes.size, NULL,
                                        &child->digest, NULL);
    return ZREG_OK;
}

/* The specification has it that an unknown type is no error. A registry that does not know what to
 * answer may have the blob. */
zreg_status zreg__graph_fetch_unknown(zreg_manifest **out, zreg__endpoint *src,
                                      const zreg_descriptor *child, zreg_cancel *cancel,
                                      zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    *out = NULL;
    if (child->size_bytes > ZREG__MAX_MANIFEST_BYTES || is_blob_type(child->media_type)) {
        return ZREG_OK;
    }
    zreg_status status = zreg__endpoint_manifest_get_unknown(out, src, child, cancel, &why);
    if (status == ZREG_OK || status == ZREG_NOTFOUND) {
        return ZREG_OK;
    }
    if (!ends_all(status) && read_as_blob(out, src, child, cancel) == ZREG_OK) {
        return ZREG_OK;
    }
    return zreg__fail_again(err, &why);
}

static zreg_status fetch_one(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    level *self = user;
    fetched *item = &self->items[i];
    const zreg_digest *digest = &item->named_by->digest;
    if (!zreg__graph_is_known(item->named_by)) {
        ZREG__TRY(zreg__graph_fetch_unknown(&item->manifest, self->src, item->named_by, stop, err));
        item->is_blob = item->manifest == NULL;
        return ZREG_OK;
    }
    if (is_at_destination(self, digest, stop)) {
        return ZREG_OK;
    }
    return zreg__endpoint_manifest_get(&item->manifest, self->src, digest, stop, err);
}

static zreg_status take_wanted(level *self, const zreg__plan *plan, zreg_error *err)
{
    size_t count = zreg__plan_wanted_count(plan);
    self->items = zreg__calloc(count, sizeof(fetched));
    if (self->items == NULL) {
        return zreg__fail_nomem(err);
    }
    for (; self->count < count; self->count++) {
        self->items[self->count].named_by = zreg__plan_wanted(plan, self->count);
    }
    return ZREG_OK;
}

static zreg_status add_level(zreg__plan *plan, size_t *left_out, const level *self, zreg_error *err)
{
    for (size_t i = 0; i < self->count; i++) {
        const fetched *item = &self->items[i];
        if (item->manifest != NULL) {
            ZREG__TRY(zreg__endpoint_offer(self->src, item->manifest, err));
            ZREG__TRY(zreg__plan_add(plan, item->manifest, err));
        } else if (item->is_blob) {
            ZREG__TRY(zreg__plan_add_as_blob(plan, &item->named_by->digest, err));
        } else {
            zreg__plan_skip(plan, &item->named_by->digest);
            (*left_out)++;
        }
    }
    return ZREG_OK;
}

static zreg_status fetch_level(zreg__plan *plan, size_t *left_out, zreg__endpoint *src,
                               zreg__endpoint *dst, const zreg__transfer_options *options,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(level) level self = {.src = src, .dst = dst};
    ZREG__TRY(take_wanted(&self, plan, err));
    ZREG__TRY(zreg__parallel_run(self.count, zreg__transfer_jobs(options), fetch_one, NULL, &self,
                                 cancel, err));
    zreg_status status = add_level(plan, left_out, &self, err);
    return status == ZREG_OK ? ZREG_OK
                             : zreg__error_prefix(err, status, "%s", zreg__endpoint_text(src));
}

typedef struct foreigners {
    const zreg__plan *plan;
    zreg__endpoint *src;
    bool *there;
} foreigners;

/* A layer that is missing is left out only where it says where else it is. */
static zreg_status look_at_foreign(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    foreigners *self = user;
    bool has_urls = false;
    const zreg_descriptor *layer = zreg__plan_foreign(self->plan, i, &has_urls);
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = zreg__endpoint_blob_head(self->src, &layer->digest, stop, &why);
    self->there[i] = status == ZREG_OK;
    if (status == ZREG_OK || (status == ZREG_NOTFOUND && has_urls)) {
        return ZREG_OK;
    }
    return status != ZREG_NOTFOUND
               ? zreg__fail_again(err, &why)
               : zreg__fail(err, ZREG_NOTFOUND,
                            "%s: it has no layer %s (%s), which names no other place for it in "
                            "\"urls\"",
                            zreg__endpoint_text(self->src), layer->digest.text, layer->media_type);
}

static zreg_status add_foreign(zreg__plan *plan, zreg__endpoint *src,
                               const zreg__transfer_options *options, zreg_cancel *cancel,
                               zreg_error *err)
{
    size_t count = zreg__plan_foreign_count(plan);
    if (count == 0) {
        return ZREG_OK;
    }
    ZREG__AUTO_FREE bool *there = zreg__calloc(count, sizeof(bool));
    foreigners self = {.plan = plan, .src = src, .there = there};
    if (there == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__parallel_run(count, zreg__transfer_jobs(options), look_at_foreign, NULL, &self,
                                 cancel, err));
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(there[i] ? zreg__plan_add_foreign(plan, i, err) : ZREG_OK);
    }
    return ZREG_OK;
}

zreg_status zreg__graph_complete(zreg__plan *plan, size_t *out_left_out, zreg__endpoint *src,
                                 zreg__endpoint *dst, const zreg__transfer_options *options,
                                 zreg_cancel *cancel, zreg_error *err)
{
    size_t left_out = 0;
    while (zreg__plan_wanted_count(plan) > 0) {
        ZREG__TRY(fetch_level(plan, &left_out, src, dst, options, cancel, err));
    }
    ZREG__TRY(add_foreign(plan, src, options, cancel, err));
    ZREG__TRY(zreg__plan_finish(plan, err));
    *out_left_out = left_out;
    return ZREG_OK;
}

zreg_status zreg__graph_fetch(zreg__plan **out, size_t *out_left_out, zreg__endpoint *src,
                              const zreg_manifest *root, zreg__endpoint *dst,
                              const zreg__transfer_options *options, zreg_cancel *cancel,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    ZREG__TRY(zreg__endpoint_offer(src, root, err));
    ZREG__TRY(zreg__plan_new(&plan, root, err));
    ZREG__TRY(zreg__graph_complete(plan, out_left_out, src, dst, options, cancel, err));
    *out = zreg__steal(&plan);
    return ZREG_OK;
}
