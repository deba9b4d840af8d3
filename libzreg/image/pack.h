/* SPDX-License-Identifier: Apache-2.0 */
/** Plain layers of an archive, compressed on the way to a registry. */
#ifndef ZREG_IMAGE_PACK_H
#define ZREG_IMAGE_PACK_H

#include "image/transfer.h"

/**
 * The same image with each plain tar layer as gzip (image/gzip.h: the same bytes give the same
 * stream). The streams lie in temporary files without a name, in the overlay of `src`; the config, and
 * with it the diff_ids, stays. Without plain layers the same manifest is shared. Each plain layer is
 * verified. Errors: CORRUPT, IO (no room in $TMPDIR), CANCELLED.
 */
zreg_status zreg__pack_layers(zreg_manifest **out, zreg__endpoint *src, const zreg_manifest *image,
                              const zreg__transfer_options *options, zreg_cancel *cancel,
                              zreg_error *err);

#endif
