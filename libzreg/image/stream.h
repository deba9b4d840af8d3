/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Blob streams of an endpoint: a source is pulled, a sink is pushed.
 *
 * Drivers put one of these structs first in their own. A stream is used by one thread at a time
 * and must not outlive its endpoint or the cancel token it was opened with.
 */
#ifndef ZREG_IMAGE_STREAM_H
#define ZREG_IMAGE_STREAM_H

#include "base/compiler.h"
#include "base/hash.h"
#include <stdbool.h>
#include <zreg/common.h>
#include <zreg/digest.h>

typedef struct zreg__source zreg__source;
typedef struct zreg__sink zreg__sink;

struct zreg__source {
    zreg_status (*read)(size_t *out_size, zreg__source *source, void *buffer, size_t capacity,
                        zreg_error *err);
    bool (*doubt)(zreg__source *source); /* NULL: it gives the same each time */
    void (*free)(zreg__source *source);
};

struct zreg__sink {
    zreg_status (*write)(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err);
    zreg_status (*commit)(zreg_digest *out, zreg__sink *sink, zreg_error *err);
    void (*feed)(zreg__sink *sink); /* NULL: it verifies in any case */
    zreg_status (*recover)(uint64_t *out_offset, bool *out_stored, zreg__sink *sink,
                           const zreg_error *failed,
                           zreg_error *err); /* NULL: a failure is final */
    void (*free)(zreg__sink *sink);
};

/** Reads up to `capacity` bytes; `*out_size` is 0 only at the end. */
zreg_status zreg__source_read(size_t *out_size, zreg__source *source, void *buffer, size_t capacity,
                              zreg_error *err);

/** Says that what it gave is not what it should be. True: opened once more, it comes from elsewhere. Accepts NULL. */
bool zreg__source_doubt(zreg__source *source);

/** Ends reading wherever it is. Accepts NULL. */
void zreg__source_free(zreg__source *source);

/** Says before the first write that the caller verifies size and digest before it gives the last byte,
 *  and can give any byte again. False: the sink verifies all the same, so the caller need not. */
bool zreg__sink_feed(zreg__sink *sink);

/** Takes all `size` bytes. After an error only _recover and _free are allowed. */
zreg_status zreg__sink_write(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err);

/**
 * Stores the blob if its bytes have the digest and size given at the start, and nothing otherwise
 * (CORRUPT). `out` (may be NULL) gets the digest.
 */
zreg_status zreg__sink_commit(zreg_digest *out, zreg__sink *sink, zreg_error *err);

/**
 * After a write or commit failed: OK when it is to be written again from byte `*out_offset` on, or when
 * the blob turns out to be stored. Waits as long as is fit. `failed` is that failure, which is returned
 * if it is final. Only of a sink that is fed.
 */
zreg_status zreg__sink_recover(uint64_t *out_offset, bool *out_stored, zreg__sink *sink,
                               const zreg_error *failed, zreg_error *err);

/** Writes and commits a blob that is in memory, again as far as the sink lost it. */
zreg_status zreg__sink_put(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err);

/** What a sink that hashes checks before it commits: `wanted` may be empty, `size_bytes` UINT64_MAX. `*out` is the
 *  digest of what was written. Errors: CORRUPT. */
zreg_status zreg__sink_check(zreg_digest *out, const zreg__hash *hash, const zreg_digest *wanted,
                             uint64_t size_bytes, zreg_error *err);

/** Frees the sink; what was not committed is dropped. Accepts NULL. */
void zreg__sink_free(zreg__sink *sink);

ZREG__DEFINE_AUTO(zreg__source, zreg__source_free)
ZREG__DEFINE_AUTO(zreg__sink, zreg__sink_free)

#endif
