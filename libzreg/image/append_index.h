/* SPDX-License-Identifier: Apache-2.0 */
/** Each image of an index is changed, and an index of the new ones made. */
#ifndef ZREG_IMAGE_APPEND_INDEX_H
#define ZREG_IMAGE_APPEND_INDEX_H

#include "image/append_image.h"

/** Stores all that the new index names, and gives it; it is not stored yet. Errors: INVAL (a child that is no image
 *  of a container, nothing but attestations), LIMIT (indexes within indexes), those of zreg__append_image. */
zreg_status zreg__append_index(zreg_manifest **out, zreg__append *run, const zreg_manifest *index,
                               zreg_error *err);

#endif
