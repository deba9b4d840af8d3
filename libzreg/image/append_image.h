/* SPDX-License-Identifier: Apache-2.0 */
/** One image that is made of another: layers, config and manifest, stored but not named. */
#ifndef ZREG_IMAGE_APPEND_IMAGE_H
#define ZREG_IMAGE_APPEND_IMAGE_H

#include "image/append_layers.h"

/** What the images of one call share. */
typedef struct zreg__append {
    zreg_append_options options;
    zreg_client *client;
    char *platform;      /* of an index, the child to take */
    zreg__endpoint *src; /* of the base; NULL from scratch */
    zreg__endpoint *dst;
    zreg__append_layers *layers;
    zreg_cancel *cancel;
} zreg__append;

/**
 * Stores all that the new image needs, and gives its manifest, which is not stored yet. `digest` (may be NULL) names
 * the base at the source, else the source does. Errors: those of zreg_append.
 */
zreg_status zreg__append_image(zreg_manifest **out, zreg__append *run, const zreg_digest *digest,
                               const char *platform, zreg_error *err);

#endif
