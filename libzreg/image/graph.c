/* SPDX-License-Identifier: Apache-2.0 */
#include "image/graph.h"

#include "base/error.h"
#include "base/mem.h"
#include "image/parallel.h"
#include "oci/manifest.h"

/* One wanted manifest; after fetching, neither here (left out) nor missing. */
typedef struct fetched {
    zreg_digest digest;
    zreg_manifest *manifest; /* NULL: the destination has it */
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

static zreg_status fetch_one(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    level *self = user;
    fetched *item = &self->items[i];
    if (is_at_destination(self, &item->digest, stop)) {
        return ZREG_OK;
    }
    return zreg__endpoint_manifest_get(&item->manifest, self->src, &item->digest, stop, err);
}

static zreg_status take_wanted(level *self, const zreg__plan *plan, zreg_error *err)
{
    size_t count = zreg__plan_wanted_count(plan);
    self->items = zreg__calloc(count, sizeof(fetched));
    if (self->items == NULL) {
        return zreg__fail_nomem(err);
    }
    for (; self->count < count; self->count++) {
        self->items[self->count].digest = zreg__plan_wanted(plan, self->count)->digest;
    }
    return ZREG_OK;
}

static zreg_status add_level(zreg__plan *plan, size_t *left_out, const level *self, zreg_error *err)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->items[i].manifest != NULL) {
            ZREG__TRY(zreg__plan_add(plan, self->items[i].manifest, err));
        } else {
            zreg__plan_skip(plan, &self->items[i].digest);
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

zreg_status zreg__graph_complete(zreg__plan *plan, size_t *out_left_out, zreg__endpoint *src,
                                 zreg__endpoint *dst, const zreg__transfer_options *options,
                                 zreg_cancel *cancel, zreg_error *err)
{
    size_t left_out = 0;
    while (zreg__plan_wanted_count(plan) > 0) {
        ZREG__TRY(fetch_level(plan, &left_out, src, dst, options, cancel, err));
    }
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
    ZREG__TRY(zreg__plan_new(&plan, root, err));
    ZREG__TRY(zreg__graph_complete(plan, out_left_out, src, dst, options, cancel, err));
    *out = zreg__steal(&plan);
    return ZREG_OK;
}
