/* SPDX-License-Identifier: Apache-2.0 */
#include "image/transfer.h"

#include "base/error.h"
#include "base/limits.h"
#include "image/flow.h"
#include "image/parallel.h"
#include "registry/client.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

typedef struct transfer {
    zreg__endpoint *src;
    zreg__endpoint *dst;
    const zreg_descriptor *const *blobs;
    size_t count;
    uint64_t bytes_total;
    const zreg__transfer_options *options;
    zreg__flow_counts bytes;
    _Atomic uint32_t copied, mounted, skipped;
    _Atomic size_t last; /* index of the blob worked on last */
} transfer;

unsigned zreg__transfer_jobs(const zreg__transfer_options *options)
{
    uint32_t jobs = options->jobs == 0 ? ZREG__DEFAULT_JOBS : options->jobs;
    return jobs > ZREG__MAX_JOBS ? ZREG__MAX_JOBS : jobs;
}

static int report(void *user)
{
    transfer *self = user;
    const zreg__transfer_options *options = self->options;
    if (options->progress == NULL) {
        return 0;
    }
    const zreg_progress progress = {
        .phase = options->phase,
        .item = self->blobs[atomic_load(&self->last)]->digest.text,
        .bytes_done = atomic_load(&self->bytes.done),
        .bytes_total = self->bytes_total,
        .blobs_done = self->copied + self->mounted + self->skipped,
        .blobs_total = (uint32_t)self->count,
    };
    return options->progress(&progress, options->progress_user);
}

static zreg_status move(transfer *self, const zreg_descriptor *blob, zreg_cancel *stop,
                        zreg_error *err)
{
    ZREG__AUTO(zreg__sink) zreg__sink *sink = NULL;
    zreg__endpoint_blob_state state = ZREG__BLOB_WANTED;
    ZREG__TRY(zreg__endpoint_blob_create(&sink, &state, self->dst, &blob->digest, blob->size_bytes,
                                         self->src, stop, err));
    switch (state) {
    case ZREG__BLOB_WANTED:
        if (self->dst->options.dry_run) {
            self->bytes.moved += blob->size_bytes;
            self->copied++;
            break;
        }
        ZREG__TRY(zreg__flow_run(&self->bytes, sink, self->src, blob, stop, err));
        self->copied++;
        return ZREG_OK;
    case ZREG__BLOB_MOUNTED:
        self->mounted++;
        break;
    case ZREG__BLOB_PRESENT:
        self->skipped++;
        break;
    }
    self->bytes.done += blob->size_bytes;
    return ZREG_OK;
}

/* What a registry gave that is not the blob may have been the fault of a moment. */
static bool may_be_mended(const transfer *self, zreg_status status)
{
    return status == ZREG_CORRUPT && !self->src->driver->local && self->src->options.client != NULL;
}

static zreg_status move_surely(transfer *self, const zreg_descriptor *blob, zreg_cancel *stop,
                               zreg_error *err)
{
    for (unsigned tries = 0;;) {
        zreg_error failed = {0};
        zreg_status status = move(self, blob, stop, &failed);
        if (status == ZREG_OK) {
            return ZREG_OK;
        }
        if (!may_be_mended(self, status)) {
            return zreg__fail_again(err, &failed);
        }
        ZREG__TRY(zreg__client_again(&tries, self->src->options.client, blob->digest.text, &failed,
                                     stop, err));
    }
}

static zreg_status move_one(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    transfer *self = user;
    const zreg_descriptor *blob = self->blobs[i];
    self->last = i;
    zreg_status status = move_surely(self, blob, stop, err);
    if (status != ZREG_OK && status != ZREG_CANCELLED) {
        return zreg__error_prefix(err, status, "blob %s to %s", blob->digest.text,
                                  zreg__endpoint_text(self->dst));
    }
    return status;
}

zreg_status zreg__transfer_blobs(zreg__transfer_stats *stats, zreg__endpoint *src,
                                 zreg__endpoint *dst, const zreg_descriptor *const *blobs,
                                 size_t count, const zreg__transfer_options *options,
                                 zreg_cancel *cancel, zreg_error *err)
{
    transfer self = {.src = src, .dst = dst, .blobs = blobs, .count = count, .options = options};
    if (count == 0) {
        return ZREG_OK;
    }
    self.bytes.streams.most = zreg__transfer_jobs(options);
    for (size_t i = 0; i < count; i++) {
        self.bytes_total += blobs[i]->size_bytes;
    }
    zreg_status status = zreg__parallel_run(count, zreg__transfer_jobs(options), move_one, report,
                                            &self, cancel, err);
    stats->bytes += self.bytes.moved;
    stats->copied += self.copied;
    stats->mounted += self.mounted;
    stats->skipped += self.skipped;
    return status;
}

typedef struct manifest_puts {
    zreg__endpoint *dst;
    const zreg__plan *plan;
    zreg__transfer_put_fn put_as; /* NULL: by digest */
    void *user;
    size_t first;
    bool look_first; /* a look costs nothing there */
    _Atomic uint32_t put;
} manifest_puts;

static zreg_status put_one(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    manifest_puts *self = user;
    const zreg_manifest *manifest = zreg__plan_manifest(self->plan, self->first + i);
    bool there = false;
    if (self->look_first &&
        zreg__endpoint_manifest_look(&there, self->dst, manifest, stop, NULL) == ZREG_OK && there) {
        return ZREG_OK;
    }
    ZREG__TRY(self->put_as != NULL
                  ? self->put_as(self->user, manifest, stop, err)
                  : zreg__endpoint_manifest_put(self->dst, manifest, false, stop, err));
    self->put++;
    return ZREG_OK;
}

zreg_status zreg__transfer_manifests(zreg__transfer_stats *stats, zreg__endpoint *dst,
                                     const zreg__plan *plan, zreg__transfer_put_fn put, void *user,
                                     const zreg__transfer_options *options, zreg_cancel *cancel,
                                     zreg_error *err)
{
    manifest_puts self = {.dst = dst,
                          .plan = plan,
                          .put_as = put,
                          .user = user,
                          .look_first = dst->driver->local && put == NULL};
    size_t count = zreg__plan_manifest_count(plan);
    for (size_t end; self.first < count; self.first = end) {
        end = zreg__plan_run_end(plan, self.first);
        ZREG__TRY(zreg__parallel_run(end - self.first, zreg__transfer_jobs(options), put_one, NULL,
                                     &self, cancel, err));
    }
    stats->manifests_put += self.put;
    return ZREG_OK;
}
