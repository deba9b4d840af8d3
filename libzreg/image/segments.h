/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rest of a blob, fetched segment by segment over several streams at once and read in order.
 *
 * Some MiB lie ready in memory at most. Read by one thread.
 */
#ifndef ZREG_IMAGE_SEGMENTS_H
#define ZREG_IMAGE_SEGMENTS_H

#include "image/endpoint.h"

/** What is fetched at once by one stream. */
#define ZREG__SEGMENT_BYTES (2 * ZREG__MIB)

typedef struct zreg__segments zreg__segments;

/** Begins at byte `first`, with so many streams; nothing is waited for. Errors: NOMEM, IO. */
zreg_status zreg__segments_open(zreg__segments **out, zreg__endpoint *src,
                                const zreg_descriptor *blob, uint64_t first, unsigned streams,
                                zreg_cancel *cancel, zreg_error *err);

/** True when bytes of the first segment are there, and nothing has failed. */
bool zreg__segments_begun(zreg__segments *segments);

/** Reads up to `capacity` bytes; `*out_size` is 0 only at the end of the blob. An error ends all streams. */
zreg_status zreg__segments_read(size_t *out_size, zreg__segments *segments, void *buffer,
                                size_t capacity, zreg_error *err);

/** Ends all streams, within 100 ms. Accepts NULL. */
void zreg__segments_free(zreg__segments *segments);

ZREG__DEFINE_AUTO(zreg__segments, zreg__segments_free)

#endif
