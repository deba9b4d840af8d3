/* SPDX-License-Identifier: Apache-2.0 */
/** Writing to an endpoint that is opened for a dry run: the place is looked at, and stays as it is. */
#ifndef ZREG_IMAGE_DRY_H
#define ZREG_IMAGE_DRY_H

#include "image/endpoint.h"

/**
 * What zreg__endpoint_blob_create would find: PRESENT, MOUNTED where the blob is elsewhere on the same host, or
 * WANTED with a sink that hashes and checks what it gets, and keeps nothing. A destination that does not let us
 * look counts as empty, as it does for a copy. Errors: those of looking.
 */
zreg_status zreg__dry_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                  zreg__endpoint *endpoint, const zreg_digest *digest,
                                  uint64_t size_bytes, const zreg__endpoint *from,
                                  zreg_cancel *cancel, zreg_error *err);

#endif
