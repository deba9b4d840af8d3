/* SPDX-License-Identifier: Apache-2.0 */
/** One blob on its way from a place to a sink: verified, and begun again where the sink lost it. */
#ifndef ZREG_IMAGE_FLOW_H
#define ZREG_IMAGE_FLOW_H

#include "image/ranges.h"

/** What several flows count together. */
typedef struct zreg__flow_counts {
    _Atomic uint64_t done;  /* bytes that are there; less again when they were lost */
    _Atomic uint64_t moved; /* bytes that were sent */
    zreg__streams streams;
} zreg__flow_counts;

/**
 * Moves one blob and commits it. It is hashed once: here, unless the sink does so in any case.
 * Errors: CORRUPT (the source gave something else), those of source and sink.
 */
zreg_status zreg__flow_run(zreg__flow_counts *counts, zreg__sink *sink, zreg__endpoint *src,
                           const zreg_descriptor *blob, zreg_cancel *cancel, zreg_error *err);

#endif
