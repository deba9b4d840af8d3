/* SPDX-License-Identifier: Apache-2.0 */
/** Compressed streams of the kinds that layers and archives have: gzip and, where the library has it, zstd. */
#ifndef ZREG_IMAGE_CODEC_H
#define ZREG_IMAGE_CODEC_H

#include "image/zstd.h"

typedef enum zreg__codec_kind {
    ZREG__CODEC_NONE,
    ZREG__CODEC_GZIP,
    ZREG__CODEC_ZSTD,
} zreg__codec_kind;

#define ZREG__CODEC_HEAD_BYTES 6 /* enough for zreg__codec_of */

/** A stream being compressed or inflated. {.kind = ZREG__CODEC_NONE}: none yet. Must not move in memory once
 *  begun. */
typedef struct zreg__codec {
    zreg__codec_kind kind;
    zreg__gzip gzip;
    zreg__zstd zstd;
} zreg__codec;

/** What begins like this. */
zreg__codec_kind zreg__codec_of(const void *head, size_t size);

/** The name of a compression that is not read here and that begins like this ("xz"), or NULL. */
const char *zreg__codec_foreign(const void *head, size_t size);

/** Whether this library reads and writes it. */
bool zreg__codec_is_known(zreg__codec_kind kind);

/** As those of image/gzip.h, which say what errors there are; UNSUPPORTED beside. Not of NONE. */
zreg_status zreg__codec_compress(zreg__codec *codec, zreg__codec_kind kind, zreg__gzip_fn write,
                                 void *user, zreg_error *err);
zreg_status zreg__codec_inflate(zreg__codec *codec, zreg__codec_kind kind, zreg__gzip_fn write,
                                void *user, zreg_error *err);
zreg_status zreg__codec_feed(zreg__codec *codec, const void *bytes, size_t size, zreg_error *err);
zreg_status zreg__codec_end(zreg__codec *codec, zreg_error *err);

/** Both sides as they went by. */
const zreg__hash *zreg__codec_plain(const zreg__codec *codec);
const zreg__hash *zreg__codec_packed(const zreg__codec *codec);

void zreg__codec_finish(zreg__codec *codec);

ZREG__DEFINE_AUTO_VALUE(zreg__codec, zreg__codec_finish)

#endif
