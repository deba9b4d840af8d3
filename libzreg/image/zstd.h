/* SPDX-License-Identifier: Apache-2.0 */
/**
 * zstd streams (RFC 8878) in bounded memory, with the digest of both sides; like image/gzip.h, which says more.
 *
 * libzstd is opened when it is first needed; where it is not there both beginnings are UNSUPPORTED. The same
 * bytes give the same stream by the same version of libzstd.
 */
#ifndef ZREG_IMAGE_ZSTD_H
#define ZREG_IMAGE_ZSTD_H

#include "image/gzip.h"

/** A stream being compressed or inflated. */
typedef struct zreg__zstd {
    void *stream; /* libzstd's context */
    bool compresses;
    bool at_boundary; /* inflating: a frame has ended and no other has begun */
    unsigned char *block;
    zreg__hash plain;  /* of the bytes outside of zstd */
    zreg__hash packed; /* of the zstd stream */
    zreg__gzip_fn write;
    void *user;
} zreg__zstd;

zreg_status zreg__zstd_compress(zreg__zstd *zstd, zreg__gzip_fn write, void *user, zreg_error *err);

/** A window of more than ZREG__MAX_ZSTD_WINDOW_LOG is refused. */
zreg_status zreg__zstd_inflate(zreg__zstd *zstd, zreg__gzip_fn write, void *user, zreg_error *err);

/** Errors: CORRUPT (no zstd stream), and what `write` returned. */
zreg_status zreg__zstd_feed(zreg__zstd *zstd, const void *bytes, size_t size, zreg_error *err);

zreg_status zreg__zstd_end(zreg__zstd *zstd, zreg_error *err);
void zreg__zstd_finish(zreg__zstd *zstd);

#endif
