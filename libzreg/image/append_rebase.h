/* SPDX-License-Identifier: Apache-2.0 */
/** The layers of an old base of an image give way to those of a new one (image-spec, config.md). */
#ifndef ZREG_IMAGE_APPEND_REBASE_H
#define ZREG_IMAGE_APPEND_REBASE_H

#include "image/append_base.h"
#include <zreg/copy.h>

/** Where an image's bases are: places as text, in new memory. */
typedef struct zreg__append_bases {
    char *old_base;
    char *new_base;
} zreg__append_bases;

/** Those of the options, or of the image's annotations. Errors: INVAL (neither tells). */
zreg_status zreg__append_rebase_find(zreg__append_bases *out, const zreg__json *document,
                                     const zreg_append_options *options, zreg_error *err);

void zreg__append_bases_finish(zreg__append_bases *bases);

ZREG__DEFINE_AUTO_VALUE(zreg__append_bases, zreg__append_bases_finish)

/**
 * The platform of an image for which its bases are chosen, in new memory: what its config tells. `known` is what is
 * known of it otherwise, and counts where the config tells less. Errors: INVAL (no platform), NOMEM.
 */
zreg_status zreg__append_rebase_platform(char **out, const zreg__json *config, const char *known,
                                         zreg_error *err);

/**
 * Changes the document and the config of `image`: layers, diff_ids, history, platform, and the annotations that name
 * the base. A history that would not be in step with the layers is left out. Media types become OCI's where one of
 * the two is not docker's. `*out_own` is the number of the first layer that is the image's own, in what it was.
 * Errors: CONFLICT (the image does not begin with the old base; the new one is for another platform).
 */
zreg_status zreg__append_rebase_apply(size_t *out_own, zreg__append_base *image,
                                      const zreg__append_base *old_base,
                                      const zreg__append_base *new_base, zreg_error *err);

#endif
