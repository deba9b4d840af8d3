/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What has to move for an image: pure, manifests go in, ordered lists come out.
 *
 * Begin with the root, or with several manifests, add each manifest that is still wanted until none is, then
 * finish. Every
 * digest stands in the lists once, however often the graph names it. Bounded in depth, nodes and
 * bytes.
 */
#ifndef ZREG_IMAGE_PLAN_H
#define ZREG_IMAGE_PLAN_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/manifest.h>

typedef struct zreg__plan zreg__plan;

/** Begins with the root manifest; the plan shares it. Errors: NOMEM, LIMIT, CORRUPT. */
zreg_status zreg__plan_new(zreg__plan **out, const zreg_manifest *root, zreg_error *err);

/** Begins without a root: all manifests that it is begun with stand in the lists. */
zreg_status zreg__plan_new_rootless(zreg__plan **out, zreg_error *err);

/** One more manifest to begin with; it may be named by another, or be given twice. */
zreg_status zreg__plan_begin_with(zreg__plan *plan, const zreg_manifest *manifest, zreg_error *err);

/** How many manifests are named by those added so far, but not added themselves. */
size_t zreg__plan_wanted_count(const zreg__plan *plan);

/** Wanted manifest number `i`; valid until the next add. */
const zreg_descriptor *zreg__plan_wanted(const zreg__plan *plan, size_t i);

/**
 * Adds a manifest that is wanted. Errors: CORRUPT (its size is not that of its descriptor, or two
 * descriptors of one blob differ in size), INVAL (nobody wants it), LIMIT, NOMEM.
 */
zreg_status zreg__plan_add(zreg__plan *plan, const zreg_manifest *manifest, zreg_error *err);

/** A wanted manifest is none, but a blob: it moves to the blobs. Errors: as above. */
zreg_status zreg__plan_add_as_blob(zreg__plan *plan, const zreg_digest *digest, zreg_error *err);

/** How many layers there are that may not be given on (image-spec, layer.md), each once. */
size_t zreg__plan_foreign_count(const zreg__plan *plan);

/** One of them. `*out_has_urls` tells whether it names a place to fetch it from. */
const zreg_descriptor *zreg__plan_foreign(const zreg__plan *plan, size_t i, bool *out_has_urls);

/** Number `i` is copied like any other blob; before the plan is finished. Errors: as _add. */
zreg_status zreg__plan_add_foreign(zreg__plan *plan, size_t i, zreg_error *err);

/** Takes a wanted manifest off the list: the destination has it and all that it names. */
void zreg__plan_skip(zreg__plan *plan, const zreg_digest *digest);

/** Orders the lists. Errors: INVAL (manifests are still wanted), NOMEM. */
zreg_status zreg__plan_finish(zreg__plan *plan, zreg_error *err);

/** All blobs, largest first; of the foreign layers those that were added. */
const zreg_descriptor *const *zreg__plan_blobs(const zreg__plan *plan, size_t *out_count);

/** The sum of the blobs' sizes in bytes; UINT64_MAX when it is larger. */
uint64_t zreg__plan_bytes(const zreg__plan *plan);

/** The manifests but the one root, children before parents. */
size_t zreg__plan_manifest_count(const zreg__plan *plan);
const zreg_manifest *zreg__plan_manifest(const zreg__plan *plan, size_t i);

/** The manifest of a digest, the root included; NULL when it was not added. */
const zreg_manifest *zreg__plan_find(const zreg__plan *plan, const zreg_digest *digest);

/**
 * Manifests of one height need only those of smaller heights, so they can be put side by side:
 * the end of the run of equal heights that begins at `i`.
 */
size_t zreg__plan_run_end(const zreg__plan *plan, size_t i);

void zreg__plan_free(zreg__plan *plan);

ZREG__DEFINE_AUTO(zreg__plan, zreg__plan_free)

/**
 * An index with only those children of `index` that match one of `platforms` ("os/arch[/variant]",
 * ends with NULL), and what attests one of them; all else stays as it is. `inner` has one item for each
 * child, or is NULL: what is left of a child that is an index of several platforms, which then stands
 * in its place. When nothing is left out the same manifest is shared; when nothing is left, `*out` is
 * NULL. Errors: NOMEM, LIMIT.
 */
zreg_status zreg__plan_filter(zreg_manifest **out, const zreg_manifest *index,
                              const zreg_manifest *const *inner, const char *const *platforms,
                              zreg_error *err);

/** Whether a child attests another (BuildKit: provenance, SBOM), and is no image to run. */
bool zreg__plan_attests(const zreg_descriptor *child);

#endif
