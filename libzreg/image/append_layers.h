/* SPDX-License-Identifier: Apache-2.0 */
/** The layers that an append adds: folders and tar files, pushed to a destination side by side. */
#ifndef ZREG_IMAGE_APPEND_LAYERS_H
#define ZREG_IMAGE_APPEND_LAYERS_H

#include "image/endpoint.h"
#include "image/tarlayer.h"
#include <zreg/copy.h>

typedef struct zreg__append_layers zreg__append_layers;

/** Takes the paths, which must stay as they are. Errors: LIMIT, NOMEM. */
zreg_status zreg__append_layers_new(zreg__append_layers **out, const char *const *paths,
                                    zreg_error *err);

/** Packs or reads each layer and stores it, unless it is a tar file that is there already. */
zreg_status zreg__append_layers_push(zreg__append_layers *layers, zreg__endpoint *dst,
                                     const zreg_append_options *options, zreg_cancel *cancel,
                                     zreg_error *err);

size_t zreg__append_layers_count(const zreg__append_layers *layers);

/** Layer number `i`, known once it was pushed. */
const zreg__tarlayer *zreg__append_layers_at(const zreg__append_layers *layers, size_t i);

void zreg__append_layers_free(zreg__append_layers *layers);

#endif
