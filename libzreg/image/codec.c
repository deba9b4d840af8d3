/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "image/codec.h"

#include <string.h>

typedef struct magic {
    unsigned char bytes[ZREG__CODEC_HEAD_BYTES];
    size_t size;
    zreg__codec_kind kind; /* NONE: not read here */
    const char *name;
} magic;

static const magic magics[] = {
    {{0x1f, 0x8b}, 2, ZREG__CODEC_GZIP, "gzip"},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, ZREG__CODEC_ZSTD, "zstd"},
    {{0xfd, '7', 'z', 'X', 'Z', 0}, 6, ZREG__CODEC_NONE, "xz"},
    {{'B', 'Z', 'h'}, 3, ZREG__CODEC_NONE, "bzip2"},
};

static const magic *find(const void *head, size_t size)
{
    for (size_t i = 0; i < ZREG__COUNT(magics); i++) {
        if (size >= magics[i].size && memcmp(head, magics[i].bytes, magics[i].size) == 0) {
            return &magics[i];
        }
    }
    return NULL;
}

zreg__codec_kind zreg__codec_of(const void *head, size_t size)
{
    const magic *found = find(head, size);
    return found != NULL ? found->kind : ZREG__CODEC_NONE;
}

bool zreg__codec_is_known(zreg__codec_kind kind)
{
    return kind == ZREG__CODEC_GZIP || (kind == ZREG__CODEC_ZSTD && ZREG_WITH_ZSTD);
}

const char *zreg__codec_foreign(const void *head, size_t size)
{
    const magic *found = find(head, size);
    return found != NULL && !zreg__codec_is_known(found->kind) ? found->name : NULL;
}

zreg_status zreg__codec_compress(zreg__codec *codec, zreg__codec_kind kind, zreg__gzip_fn write,
                                 void *user, zreg_error *err)
{
    codec->kind = kind;
    return kind == ZREG__CODEC_ZSTD ? zreg__zstd_compress(&codec->zstd, write, user, err)
                                    : zreg__gzip_compress(&codec->gzip, write, user, err);
}

zreg_status zreg__codec_inflate(zreg__codec *codec, zreg__codec_kind kind, zreg__gzip_fn write,
                                void *user, zreg_error *err)
{
    codec->kind = kind;
    return kind == ZREG__CODEC_ZSTD ? zreg__zstd_inflate(&codec->zstd, write, user, err)
                                    : zreg__gzip_inflate(&codec->gzip, write, user, err);
}

zreg_status zreg__codec_feed(zreg__codec *codec, const void *bytes, size_t size, zreg_error *err)
{
    return codec->kind == ZREG__CODEC_ZSTD ? zreg__zstd_feed(&codec->zstd, bytes, size, err)
                                           : zreg__gzip_feed(&codec->gzip, bytes, size, err);
}

zreg_status zreg__codec_end(zreg__codec *codec, zreg_error *err)
{
    return codec->kind == ZREG__CODEC_ZSTD ? zreg__zstd_end(&codec->zstd, err)
                                           : zreg__gzip_end(&codec->gzip, err);
}

const zreg__hash *zreg__codec_plain(const zreg__codec *codec)
{
    return codec->kind == ZREG__CODEC_ZSTD ? &codec->zstd.plain : &codec->gzip.plain;
}

const zreg__hash *zreg__codec_packed(const zreg__codec *codec)
{
    return codec->kind == ZREG__CODEC_ZSTD ? &codec->zstd.packed : &codec->gzip.packed;
}

void zreg__codec_finish(zreg__codec *codec)
{
    if (codec->kind == ZREG__CODEC_ZSTD) {
        zreg__zstd_finish(&codec->zstd);
    } else if (codec->kind == ZREG__CODEC_GZIP) {
        zreg__gzip_finish(&codec->gzip);
    }
    codec->kind = ZREG__CODEC_NONE;
}
