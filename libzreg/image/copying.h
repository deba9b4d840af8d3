/* SPDX-License-Identifier: Apache-2.0 */
/** What the gate layer needs of a copy beyond the public API. */
#ifndef ZREG_IMAGE_COPYING_H
#define ZREG_IMAGE_COPYING_H

#include <stdbool.h>
#include <zreg/copy.h>

/** zreg_copy, telling the destination where the image came from (oci/origin.h; may be NULL). `*out_seen`: this
 *  session knows of each blob of the image that it is at the destination, and mounts it from there. */
zreg_status zreg__copy_from_origin(zreg_copy_result *out, bool *out_seen, zreg_client *client,
                                   const char *src, const char *dst,
                                   const zreg_copy_options *options, const char *origin,
                                   zreg_cancel *cancel, zreg_error *err);

#endif
