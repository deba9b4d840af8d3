/* SPDX-License-Identifier: Apache-2.0 */
/** Which images of an index are wanted, by their platforms; indexes within indexes are looked into. */
#ifndef ZREG_IMAGE_CHOOSE_H
#define ZREG_IMAGE_CHOOSE_H

#include "image/endpoint.h"

/**
 * What is left of `index` with `platforms` (ends with NULL) alone, and what attests these. An inner
 * index that changed is in the overlay of `src`. Errors: INVAL (a platform's text), NOTFOUND (no image
 * for one of them; names what there is), LIMIT, those of fetching.
 */
zreg_status zreg__choose_platforms(zreg_manifest **out, zreg__endpoint *src,
                                   const zreg_manifest *index, const char *const *platforms,
                                   zreg_cancel *cancel, zreg_error *err);

/** The one image of an index, for a place that holds no more; `where` names that place. Errors: INVAL
 *  (several, or none; names what there is), LIMIT, those of fetching. */
zreg_status zreg__choose_image(zreg_manifest **out, zreg__endpoint *src, const zreg_manifest *index,
                               const char *where, zreg_cancel *cancel, zreg_error *err);

#endif
