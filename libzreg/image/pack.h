/* SPDX-License-Identifier: Apache-2.0 */
/** Plain layers of an archive, compressed on the way to a registry. */
#ifndef ZREG_IMAGE_PACK_H
#define ZREG_IMAGE_PACK_H

#include "image/transfer.h"

/**
 * On the way from a docker archive or a daemon to a registry, puts in the place of an image the same with each
 * plain tar layer compressed (image/codec.h: the same bytes give the same stream): what is in such an
 * archive has no manifest of its own that anyone could know. The streams lie in temporary files without
 * a name, in the overlay of `src`; the config, and with it the diff_ids, stays. Each plain layer is
 * verified. On other ways, and with "as-is", nothing is done. `layers` is that of zreg_copy_options.
 * Errors: INVAL, UNSUPPORTED (`layers`), CORRUPT, IO (no room in $TMPDIR), CANCELLED.
 */
zreg_status zreg__pack_on_the_way(zreg_manifest **image, zreg__endpoint *src,
                                  const zreg__endpoint *dst, const char *layers,
                                  const zreg__transfer_options *options, zreg_cancel *cancel,
                                  zreg_error *err);

#endif
