/* SPDX-License-Identifier: Apache-2.0 */
/**
 * gzip streams (RFC 1952) in bounded memory, with the digest of both sides.
 *
 * What is compressed holds no name and no time, so the same bytes give the same stream.
 */
#ifndef ZREG_IMAGE_GZIP_H
#define ZREG_IMAGE_GZIP_H

#include "base/compiler.h"
#include "base/hash.h"
#include <stdbool.h>
#include <zreg/common.h>

#define ZLIB_CONST
#include <zlib.h>

/** Takes bytes of a stream; anything but OK ends it. */
typedef zreg_status (*zreg__gzip_fn)(void *user, const void *bytes, size_t size, zreg_error *err);

/** A stream being compressed or inflated. Must not move in memory once begun. */
typedef struct zreg__gzip {
    z_stream zlib;
    gz_header header;
    bool begun;
    bool compresses;
    bool at_boundary;   /* inflating: a member has ended and no other has begun */
    bool may_be_padded; /* set by whoever inflates: zeros may follow the last member, as on tapes */
    bool padded;        /* they did */
    unsigned char *block;
    zreg__hash plain;  /* of the bytes outside of gzip */
    zreg__hash packed; /* of the gzip stream */
    zreg__gzip_fn write;
    void *user;
} zreg__gzip;

/** Begins to compress; the stream goes to `write`. */
zreg_status zreg__gzip_compress(zreg__gzip *gzip, zreg__gzip_fn write, void *user, zreg_error *err);

/** Begins to inflate; the plain bytes go to `write`. */
zreg_status zreg__gzip_inflate(zreg__gzip *gzip, zreg__gzip_fn write, void *user, zreg_error *err);

/** Feeds bytes. Errors: CORRUPT (no gzip stream), and what `write` returned. */
zreg_status zreg__gzip_feed(zreg__gzip *gzip, const void *bytes, size_t size, zreg_error *err);

/** No more bytes come. Errors: CORRUPT (the stream is not whole), and what `write` returned. */
zreg_status zreg__gzip_end(zreg__gzip *gzip, zreg_error *err);

void zreg__gzip_finish(zreg__gzip *gzip);

ZREG__DEFINE_AUTO_VALUE(zreg__gzip, zreg__gzip_finish)

#endif
