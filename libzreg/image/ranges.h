/* SPDX-License-Identifier: Apache-2.0 */
/** A large blob on its way: by one stream, and by several where one is slower than what takes it. */
#ifndef ZREG_IMAGE_RANGES_H
#define ZREG_IMAGE_RANGES_H

#include "image/endpoint.h"

#include <stdatomic.h>

/** How many streams from a source are open, and how many may be. */
typedef struct zreg__streams {
    _Atomic unsigned open;
    unsigned most;
    atomic_bool alone; /* the source gave no segments, or refused them: it is not asked again */
} zreg__streams;

/**
 * Opens a blob from byte `offset` on. The caller has one stream; more are taken from `streams` when they
 * are free, and given back. Where the source gives no segments, or one fails, the blob goes on by one stream.
 * Nothing is verified.
 */
zreg_status zreg__ranges_open(zreg__source **out, zreg__streams *streams, zreg__endpoint *src,
                              const zreg_descriptor *blob, uint64_t offset, zreg_cancel *cancel,
                              zreg_error *err);

#endif
