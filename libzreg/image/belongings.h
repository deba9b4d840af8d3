/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What belongs to an image: what names it as its subject (OCI 1.1), and what cosign keeps under a
 * tag made of its digest; of an index, also what belongs to each child; and what belongs to all of
 * these in turn.
 *
 * Found first, so that a fault at the source shows before anything moves. Everything is taken by its
 * digest. Bounded in number, depth and bytes.
 */
#ifndef ZREG_IMAGE_BELONGINGS_H
#define ZREG_IMAGE_BELONGINGS_H

#include "image/transfer.h"
#include "oci/referrers.h"

/** One manifest that belongs to another. */
typedef struct zreg__belonging {
    zreg_digest subject;
    zreg_manifest *manifest;
    zreg__digest_tag tag; /* cosign's; "" for a referrer */
} zreg__belonging;

/** A list that grows. */
typedef struct zreg__belonging_list {
    zreg__belonging *items;
    size_t count;
    size_t capacity;
} zreg__belonging_list;

/** All zero: nothing. Subjects stand before what refers to them, and the referrers of one subject
 *  side by side. */
typedef struct zreg__belongings {
    zreg__belonging_list referrers;
    zreg__belonging_list tagged;
} zreg__belongings;

/** Counts; added to, never reset. */
typedef struct zreg__belongings_stats {
    uint32_t copied;
    uint32_t skipped; /* were there already */
} zreg__belongings_stats;

/**
 * Finds what belongs to `root` and its children at `src`. `made` tells that the index `root` was
 * made here, so that nothing belongs to it yet. What names another subject than it is listed for is
 * left out, with a warning. Errors: UNSUPPORTED (an archive), LIMIT, those of fetching.
 */
zreg_status zreg__belongings_find(zreg__belongings *out, zreg__endpoint *src,
                                  const zreg_manifest *root, bool made,
                                  const zreg__transfer_options *options, zreg_cancel *cancel,
                                  zreg_error *err);

/**
 * Brings them to `dst`, whose images are there: referrers first, then cosign's tags. Errors:
 * CONFLICT (a tag at the destination holds what ours does not), those of a copy.
 */
zreg_status zreg__belongings_move(zreg__belongings_stats *stats, zreg__transfer_stats *moved,
                                  const zreg__belongings *what, zreg__endpoint *src,
                                  zreg__endpoint *dst, const zreg__transfer_options *options,
                                  zreg_cancel *cancel, zreg_error *err);

void zreg__belongings_finish(zreg__belongings *what);

ZREG__DEFINE_AUTO_VALUE(zreg__belongings, zreg__belongings_finish)

#endif
