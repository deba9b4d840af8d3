/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_copy: look at both ends, plan, move blobs, then manifests, the root last. */
#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/options.h"
#include "base/str.h"
#include "image/belongings.h"
#include "image/choose.h"
#include "image/copying.h"
#include "image/endpoint.h"
#include "image/graph.h"
#include "image/pack.h"
#include "image/parallel.h"
#include "image/plan.h"
#include "image/transfer.h"
#include "oci/errors.h"
#include "oci/manifest.h"
#include "registry/client.h"
#include <zreg/copy.h>

typedef struct copy {
    zreg_copy_options options;
    const char *origin; /* or NULL */
    zreg__transfer_options transfer;
    zreg__endpoint *src;
    zreg__endpoint *dst;
    zreg_manifest *root; /* what will be at the destination */
    zreg_manifest *part; /* an index of what is moved of it; NULL: all */
    bool dst_known;      /* the destination's name is taken, by `dst_digest` */
    zreg_digest dst_digest;
    bool looks_first; /* the source counts pulls: it is looked at before it is fetched */
    zreg_digest src_digest;
    bool made; /* `root` is an index that was made here, of chosen platforms */
    zreg__belongings belongings;
    zreg__belongings_stats belonging_stats;
    zreg__transfer_stats stats;
    bool seen; /* no blob was left out unseen */
} copy;

static void copy_finish(copy *self)
{
    zreg__endpoint_free(self->src);
    zreg__endpoint_free(self->dst);
    zreg_manifest_free(self->root);
    zreg_manifest_free(self->part);
    zreg__belongings_finish(&self->belongings);
}

ZREG__DEFINE_AUTO_VALUE(copy, copy_finish)

static bool is_registry(const zreg__endpoint *endpoint, const zreg_server *server)
{
    return endpoint->place->kind == ZREG__PLACE_REGISTRY && server == NULL;
}

static bool same_host(const copy *self)
{
    return is_registry(self->src, self->options.src_server) &&
           is_registry(self->dst, self->options.dst_server) &&
           zreg__client_same_host(zreg_ref_host(self->src->place->ref),
                                  zreg_ref_host(self->dst->place->ref));
}

static zreg_status open_ends(copy *self, zreg_client *client, const char *src, const char *dst,
                             zreg_error *err)
{
    const zreg__endpoint_options from = {.client = client, .server = self->options.src_server};
    const zreg__endpoint_options to = {.client = client,
                                       .server = self->options.dst_server,
                                       .write = true,
                                       .dry_run = self->options.dry_run != 0,
                                       .origin = self->origin,
                                       .mount_from = self->options.mount_from};
    ZREG__TRY(zreg__endpoint_open(&self->src, src, &from, err));
    ZREG__TRY(zreg__endpoint_open(&self->dst, dst, &to, err));
    ZREG__TRY(self->options.with_referrers ? zreg__endpoint_check_belongings(self->dst, err)
                                           : ZREG_OK);
    return zreg__endpoint_expect(self->dst, self->src, err);
}

/* What is at the destination now. A registry that does not let us look may still let us push. */
static zreg_status look_at_destination(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    zreg_status status =
        zreg__endpoint_manifest_head(&self->dst_digest, self->dst, NULL, cancel, &why);
    self->dst_known = status == ZREG_OK;
    return status == ZREG_OK || status == ZREG_NOTFOUND || status == ZREG_DENIED
               ? ZREG_OK
               : zreg__fail_again(err, &why);
}

static zreg_status fetch_root(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    return zreg__endpoint_manifest_get(&self->root, self->src, NULL, cancel, err);
}

static zreg_status look_at(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    copy *self = user;
    if (i == 0) {
        return look_at_destination(self, stop, err);
    }
    return self->looks_first
               ? zreg__endpoint_manifest_head(&self->src_digest, self->src, NULL, stop, err)
               : fetch_root(self, stop, err);
}

/* What is at the destination already is read there, and is no pull. */
static zreg_status fetch_looked_at(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    bool is_there = self->dst_known && zreg_digest_equal(&self->dst_digest, &self->src_digest);
    if (is_there && zreg__endpoint_manifest_get(&self->root, self->dst, &self->dst_digest, cancel,
                                                NULL) == ZREG_OK) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__cancel_check(cancel, err));
    return fetch_root(self, cancel, err);
}

/* Within one repository the name is simply set, so only the source is looked at. On one host the
 * destination goes first and alone: its token covers what is read there too. */
static zreg_status look(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    if (!self->dst->driver->local && zreg__endpoint_same_repository(self->src, self->dst)) {
        return fetch_root(self, cancel, err);
    }
    self->looks_first = !self->options.force && is_registry(self->src, self->options.src_server) &&
                        zreg__client_counts_pulls(zreg_ref_host(self->src->place->ref));
    ZREG__TRY(zreg__parallel_run(2, same_host(self) ? 1 : 2, look_at, NULL, self, cancel, err));
    return self->looks_first ? fetch_looked_at(self, cancel, err) : ZREG_OK;
}

static zreg_status choose(zreg_manifest **out, copy *self, zreg_cancel *cancel, zreg_error *err)
{
    const char *const *platforms = self->options.platforms;
    ZREG__AUTO(zreg_manifest) zreg_manifest *left = NULL;
    ZREG__TRY(platforms != NULL
                  ? zreg__choose_platforms(&left, self->src, self->root, platforms, cancel, err)
                  : ZREG_OK);
    if (!self->dst->driver->one_image) {
        *out = zreg__steal(&left);
        return ZREG_OK;
    }
    return zreg__choose_image(out, self->src, left != NULL ? left : self->root,
                              zreg__endpoint_text(self->dst), cancel, err);
}

static zreg_status filter(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    zreg_manifest *chosen = NULL;
    bool one = self->dst->driver->one_image;
    if ((self->options.platforms == NULL && !one) || !zreg_manifest_is_index(self->root)) {
        return ZREG_OK;
    }
    zreg_status status = choose(&chosen, self, cancel, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", zreg__endpoint_text(self->src));
    }
    if (self->options.sparse != 0 && !one) {
        self->part = chosen;
        return ZREG_OK;
    }
    self->made = !zreg_digest_equal(zreg_manifest_digest(chosen), zreg_manifest_digest(self->root));
    zreg_manifest_free(self->root);
    self->root = chosen;
    return ZREG_OK;
}

static zreg_status check_source(const copy *self, zreg_error *err)
{
    const zreg_digest *wanted = self->options.expect_digest;
    const zreg_digest *found = zreg_manifest_digest(self->root);
    if (wanted != NULL && !zreg_digest_equal(wanted, found)) {
        return zreg__fail(err, ZREG_CONFLICT, "%s is %s, but %s was expected",
                          zreg__endpoint_text(self->src), found->text, wanted->text);
    }
    return ZREG_OK;
}

static zreg_status check_destination(const copy *self, zreg_error *err)
{
    const zreg_digest *pinned = zreg__place_digest(self->dst->place);
    const zreg_digest *found = zreg_manifest_digest(self->root);
    if (pinned != NULL && !zreg_digest_equal(pinned, found)) {
        return zreg__fail(
            err, ZREG_INVAL, "%s cannot hold %s, which is %s; name a tag at the destination",
            zreg__endpoint_text(self->dst), zreg__endpoint_text(self->src), found->text);
    }
    return ZREG_OK;
}

static zreg_status put_root(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(zreg__endpoint_manifest_put(self->dst, self->root, true, cancel, err));
    self->stats.manifests_put++;
    return ZREG_OK;
}

static zreg_status move(copy *self, const zreg__plan *plan, bool named, zreg_cancel *cancel,
                        zreg_error *err)
{
    size_t count = 0;
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    ZREG__TRY(zreg__transfer_blobs(&self->stats, self->src, self->dst, blobs, count,
                                   &self->transfer, cancel, err));
    ZREG__TRY(zreg__transfer_manifests(&self->stats, self->dst, plan, NULL, NULL, &self->transfer,
                                       cancel, err));
    return named ? ZREG_OK : put_root(self, cancel, err);
}

/* `trusting`: a child manifest that the destination has is taken as whole. */
static zreg_status fetch_and_move(copy *self, bool named, bool trusting, size_t *left_out,
                                  zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    ZREG__TRY(zreg__graph_fetch(&plan, left_out, self->src,
                                self->part != NULL ? self->part : self->root,
                                trusting ? self->dst : NULL, &self->transfer, cancel, err));
    return move(self, plan, named, cancel, err);
}

/* When the destination misses something after all, everything is looked at once. */
static zreg_status copy_all(copy *self, bool named, zreg_cancel *cancel, zreg_error *err)
{
    bool trusting = self->dst_known && !self->dst->driver->local && !self->options.force;
    zreg_error why = {.code = ZREG_OK};
    size_t left_out = 0;
    zreg_status status = fetch_and_move(self, named, trusting, &left_out, cancel, &why);
    if (status != ZREG_OK && !self->dst->driver->local && zreg__errors_misses_blob(&why)) {
        status = fetch_and_move(self, named, false, &left_out, cancel, &why);
    }
    self->seen = status == ZREG_OK && left_out == 0 && self->part == NULL;
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
}

/* Nothing moves: the blobs of an image are known without a look, those of an index are not. Copies to
 * other repositories of the destination mount them from here. */
static zreg_status count_skipped(copy *self, zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    size_t count = 0;
    ZREG__TRY(zreg__plan_new(&plan, self->root, err));
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    for (size_t i = 0; i < count; i++) {
        zreg__endpoint_blob_known(self->dst, &blobs[i]->digest);
    }
    self->stats.skipped += (uint32_t)count;
    self->seen = !zreg_manifest_is_index(self->root);
    return ZREG_OK;
}

static zreg_status report_end(const copy *self, zreg_error *err)
{
    const zreg_progress end = {.phase = "copy",
                               .item = zreg__endpoint_text(self->dst),
                               .blobs_done = self->stats.skipped,
                               .blobs_total = self->stats.skipped};
    if (self->options.progress != NULL &&
        self->options.progress(&end, self->options.progress_user) != 0) {
        return zreg__fail(err, ZREG_CALLBACK, "stopped by the progress callback");
    }
    return ZREG_OK;
}

/* A name may stand for a manifest that is broken; where a look costs nothing, that shows. */
static zreg_status look_at_name(bool *out_named, const copy *self, zreg_cancel *cancel,
                                zreg_error *err)
{
    *out_named =
        self->dst_known && zreg_digest_equal(&self->dst_digest, zreg_manifest_digest(self->root));
    return *out_named && self->dst->driver->local
               ? zreg__endpoint_manifest_look(out_named, self->dst, self->root, cancel, err)
               : ZREG_OK;
}

static zreg_status copy_image(copy *self, bool within, zreg_cancel *cancel, zreg_error *err)
{
    bool local = self->dst->driver->local;
    bool retag = !local && within;
    bool named = false;
    ZREG__TRY(look_at_name(&named, self, cancel, err));
    if (self->options.force || (!retag && (!named || local || self->part != NULL))) {
        return copy_all(self, named, cancel, err);
    }
    ZREG__TRY(count_skipped(self, err));
    if (!named) {
        ZREG__TRY(put_root(self, cancel, err));
    }
    return report_end(self, err);
}

static zreg_status move_belongings(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status =
        zreg__belongings_move(&self->belonging_stats, &self->stats, &self->belongings, self->src,
                              self->dst, &self->transfer, cancel, err);
    return status == ZREG_OK || status == ZREG_CANCELLED
               ? status
               : zreg__error_prefix(err, status, "%s is copied, but not all that belongs to it",
                                    zreg__endpoint_text(self->src));
}

/* What belongs to an image is within its repository already: it is tied to digests. */
static zreg_status execute(copy *self, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(look(self, cancel, err));
    ZREG__TRY(check_source(self, err));
    ZREG__TRY(filter(self, cancel, err));
    if (self->part == NULL) {
        ZREG__TRY(zreg__pack_on_the_way(&self->root, self->src, self->dst, self->options.layers,
                                        &self->transfer, cancel, err));
    }
    ZREG__TRY(check_destination(self, err));
    bool within = zreg__endpoint_same_repository(self->src, self->dst);
    if (!self->options.with_referrers || within) {
        ZREG__TRY(copy_image(self, within, cancel, err));
        return zreg__endpoint_finish(self->dst, cancel, err);
    }
    ZREG__TRY(zreg__belongings_find(&self->belongings, self->src, self->root, self->made,
                                    &self->transfer, cancel, err));
    ZREG__TRY(copy_image(self, within, cancel, err));
    ZREG__TRY(move_belongings(self, cancel, err));
    return zreg__endpoint_finish(self->dst, cancel, err);
}

static uint64_t requests(const zreg__endpoint *endpoint, const zreg_server *server,
                         const zreg_client *client)
{
    zreg_counters counters = {.requests = 0};
    if (is_registry(endpoint, server)) {
        zreg_client_counters(&counters, client, zreg_ref_host(endpoint->place->ref));
    }
    return counters.requests;
}

static void fill(zreg_copy_result *out, const copy *self)
{
    out->digest = *zreg_manifest_digest(self->root);
    (void)zreg__str_copy(out->media_type, sizeof(out->media_type),
                         zreg_manifest_media_type(self->root));
    out->bytes = self->stats.bytes;
    out->blobs_copied = self->stats.copied;
    out->blobs_mounted = self->stats.mounted;
    out->blobs_skipped = self->stats.skipped;
    out->manifests_put = self->stats.manifests_put;
    out->referrers_copied = self->belonging_stats.copied;
    out->referrers_skipped = self->belonging_stats.skipped;
}

zreg_status zreg_copy_sized(zreg_copy_result *out, size_t out_size, zreg_client *client,
                            const char *src, const char *dst, const zreg_copy_options *options,
                            zreg_cancel *cancel, zreg_error *err)
{
    zreg_copy_result result;
    bool seen = false;
    ZREG__TRY(zreg__copy_from_origin(&result, &seen, client, src, dst, options, NULL, cancel, err));
    zreg__result_write(out, out_size, &result, sizeof(result));
    return ZREG_OK;
}

zreg_status zreg__copy_from_origin(zreg_copy_result *out, bool *out_seen, zreg_client *client,
                                   const char *src, const char *dst,
                                   const zreg_copy_options *options, const char *origin,
                                   zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(copy) copy self = {.origin = origin};
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&self.options, options, err));
    self.transfer = (zreg__transfer_options){.jobs = self.options.jobs,
                                             .force = self.options.force != 0,
                                             .phase = "copy",
                                             .progress = self.options.progress,
                                             .progress_user = self.options.progress_user};
    uint64_t started_ms = zreg__clock_ms();
    ZREG__TRY(open_ends(&self, client, src, dst, err));
    zreg_copy_result result = {.src_requests = requests(self.src, self.options.src_server, client),
                               .dst_requests = requests(self.dst, self.options.dst_server, client)};
    ZREG__TRY(execute(&self, cancel, err));
    fill(&result, &self);
    result.src_requests = requests(self.src, self.options.src_server, client) - result.src_requests;
    result.dst_requests = requests(self.dst, self.options.dst_server, client) - result.dst_requests;
    result.src_requests = same_host(&self) ? 0 : result.src_requests;
    result.elapsed_ms = zreg__clock_ms() - started_ms;
    *out = result;
    *out_seen = self.seen;
    return ZREG_OK;
}
