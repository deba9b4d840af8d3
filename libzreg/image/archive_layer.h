/* SPDX-License-Identifier: Apache-2.0 */
/** What a layer of a docker archive is, by its bytes: plain tar, gzip or zstd. */
#ifndef ZREG_IMAGE_ARCHIVE_LAYER_H
#define ZREG_IMAGE_ARCHIVE_LAYER_H

#include "image/tarindex.h"
#include <zreg/manifest.h>

/**
 * Sets type, digest and size. A plain layer has the digest that the config tells, and is verified when
 * it is copied; a compressed one is read here, and what is in it is compared with the config; of zstd the
 * stream alone is hashed where the library was built without libzstd. Errors: CORRUPT (another content than the config tells), IO, CANCELLED.
 */
zreg_status zreg__archive_layer_describe(zreg_descriptor *out, const zreg__tarindex *tar,
                                         const zreg__tarindex_file *file,
                                         const zreg_digest *diff_id, zreg_cancel *cancel,
                                         zreg_error *err);

#endif
