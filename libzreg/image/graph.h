/* SPDX-License-Identifier: Apache-2.0 */
/** Fetches the manifests of an image until its plan is whole. */
#ifndef ZREG_IMAGE_GRAPH_H
#define ZREG_IMAGE_GRAPH_H

#include "image/plan.h"
#include "image/transfer.h"

/**
 * Makes a finished plan of `root`, whose children are fetched from `src`. With `dst` not NULL,
 * children that are there are left out with all that they name, and counted in `*out_left_out`.
 */
zreg_status zreg__graph_fetch(zreg__plan **out, size_t *out_left_out, zreg__endpoint *src,
                              const zreg_manifest *root, zreg__endpoint *dst,
                              const zreg__transfer_options *options, zreg_cancel *cancel,
                              zreg_error *err);

/* Children of an index that are of no type we know are taken as what the source has: a manifest, which
 * is copied as it is, or a blob. Foreign layers are copied where the source has them, and left where
 * they are when they tell where that is. Errors: NOTFOUND (neither), and those of fetching. */

/** The same for a plan that was begun, which is finished here. */
zreg_status zreg__graph_complete(zreg__plan *plan, size_t *out_left_out, zreg__endpoint *src,
                                 zreg__endpoint *dst, const zreg__transfer_options *options,
                                 zreg_cancel *cancel, zreg_error *err);

/** Whether a child of an index is of a type that we know. */
bool zreg__graph_is_known(const zreg_descriptor *child);

/** Fetches a child that is not; `*out` is NULL when it is a blob, or is nowhere. Errors: those of
 *  fetching. */
zreg_status zreg__graph_fetch_unknown(zreg_manifest **out, zreg__endpoint *src,
                                      const zreg_descriptor *child, zreg_cancel *cancel,
                                      zreg_error *err);

#endif
