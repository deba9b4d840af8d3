/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Moves what a plan lists, with several threads, which are joined before a call returns.
 *
 * The first error stops all other work and is the one reported. Progress and cancellation are
 * handled on the calling thread.
 */
#ifndef ZREG_IMAGE_TRANSFER_H
#define ZREG_IMAGE_TRANSFER_H

#include "image/endpoint.h"
#include "image/plan.h"

#define ZREG__DEFAULT_JOBS 8

typedef struct zreg__transfer_options {
    uint32_t jobs;     /* 0: 8 */
    bool force;        /* what the destination has may be broken: all of it is looked at */
    const char *phase; /* of the progress: "copy", "append", ... */
    zreg_progress_fn progress;
    void *progress_user;
} zreg__transfer_options;

/** Counts; added to, never reset, so that one struct can collect several transfers. */
typedef struct zreg__transfer_stats {
    uint64_t bytes;
    uint32_t copied;
    uint32_t mounted;
    uint32_t skipped;
    uint32_t manifests_put;
} zreg__transfer_stats;

/** Makes each of `blobs` (distinct digests; started in this order) appear at the destination. */
zreg_status zreg__transfer_blobs(zreg__transfer_stats *stats, zreg__endpoint *src,
                                 zreg__endpoint *dst, const zreg_descriptor *const *blobs,
                                 size_t count, const zreg__transfer_options *options,
                                 zreg_cancel *cancel, zreg_error *err);

/** Stores one manifest; from several threads at once. */
typedef zreg_status (*zreg__transfer_put_fn)(void *user, const zreg_manifest *manifest,
                                             zreg_cancel *cancel, zreg_error *err);

/** Puts the manifests of a plan but the one root, children before parents: by their digests, or
 *  with `put` (may be NULL) as that does. */
zreg_status zreg__transfer_manifests(zreg__transfer_stats *stats, zreg__endpoint *dst,
                                     const zreg__plan *plan, zreg__transfer_put_fn put, void *user,
                                     const zreg__transfer_options *options, zreg_cancel *cancel,
                                     zreg_error *err);

/** How many threads the options ask for. */
unsigned zreg__transfer_jobs(const zreg__transfer_options *options);

#endif
