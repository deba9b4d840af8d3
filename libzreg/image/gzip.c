/* SPDX-License-Identifier: Apache-2.0 */
#include "image/gzip.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"

#define GZIP_WINDOW (15 + 16) /* the largest window, in the gzip format */
#define LEVEL 6
#define MEMORY 8
#define UNKNOWN_SYSTEM 255

/* Longest piece that zlib's counters take. */
#define LARGEST_PIECE ((size_t)1 << 30)

static zreg_status begin(zreg__gzip *gzip, zreg__gzip_fn write, void *user, zreg_error *err)
{
    *gzip = (zreg__gzip){.write = write, .user = user};
    zreg__hash_init(&gzip->plain, ZREG__SHA256);
    zreg__hash_init(&gzip->packed, ZREG__SHA256);
    gzip->block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    return gzip->block == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

zreg_status zreg__gzip_compress(zreg__gzip *gzip, zreg__gzip_fn write, void *user, zreg_error *err)
{
    ZREG__TRY(begin(gzip, write, user, err));
    gzip->compresses = true;
    if (deflateInit2(&gzip->zlib, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return zreg__fail_nomem(err);
    }
    gzip->begun = true;
    gzip->header.os = UNKNOWN_SYSTEM;
    deflateSetHeader(&gzip->zlib, &gzip->header);
    return ZREG_OK;
}

zreg_status zreg__gzip_inflate(zreg__gzip *gzip, zreg__gzip_fn write, void *user, zreg_error *err)
{
    ZREG__TRY(begin(gzip, write, user, err));
    if (inflateInit2(&gzip->zlib, GZIP_WINDOW) != Z_OK) {
        return zreg__fail_nomem(err);
    }
    gzip->begun = true;
    return ZREG_OK;
}

/* Gives what zlib has put into the block to the callback. */
static zreg_status drain(zreg__gzip *gzip, zreg__hash *hash, zreg_error *err)
{
    size_t size = ZREG__STREAM_BYTES - gzip->zlib.avail_out;
    if (size == 0) {
        return ZREG_OK;
    }
    zreg__hash_update(hash, gzip->block, size);
    return gzip->write(gzip->user, gzip->block, size, err);
}

static void offer_block(zreg__gzip *gzip)
{
    gzip->zlib.next_out = gzip->block;
    gzip->zlib.avail_out = (uInt)ZREG__STREAM_BYTES;
}

static zreg_status deflate_piece(zreg__gzip *gzip, int flush, zreg_error *err)
{
    do {
        offer_block(gzip);
        (void)deflate(&gzip->zlib, flush); /* cannot fail on a stream that was begun */
        ZREG__TRY(drain(gzip, &gzip->packed, err));
    } while (gzip->zlib.avail_out == 0);
    return ZREG_OK;
}

/* gzip takes such zeros too; what follows them is no part of the stream. */
static zreg_status skip_padding(zreg__gzip *gzip, zreg_error *err)
{
    z_stream *zlib = &gzip->zlib;
    while (gzip->may_be_padded && zlib->avail_in > 0 && zlib->next_in[0] == 0) {
        gzip->padded = true;
        zlib->next_in++;
        zlib->avail_in--;
    }
    return gzip->padded && zlib->avail_in > 0
               ? zreg__fail(err, ZREG_CORRUPT, "more follows the zeros after the gzip stream")
               : ZREG_OK;
}

static zreg_status inflate_piece(zreg__gzip *gzip, zreg_error *err)
{
    do {
        ZREG__TRY(gzip->at_boundary ? skip_padding(gzip, err) : ZREG_OK);
        if (gzip->padded) {
            return ZREG_OK;
        }
        if (gzip->at_boundary && gzip->zlib.avail_in > 0) {
            inflateReset(&gzip->zlib); /* several members make one stream too */
            gzip->at_boundary = false;
        }
        offer_block(gzip);
        int result = inflate(&gzip->zlib, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            return zreg__fail(err, ZREG_CORRUPT, "broken gzip stream: %s",
                              gzip->zlib.msg != NULL ? gzip->zlib.msg : "it cannot be inflated");
        }
        gzip->at_boundary = result == Z_STREAM_END;
        ZREG__TRY(drain(gzip, &gzip->plain, err));
    } while (gzip->zlib.avail_in > 0 || gzip->zlib.avail_out == 0);
    return ZREG_OK;
}

zreg_status zreg__gzip_feed(zreg__gzip *gzip, const void *bytes, size_t size, zreg_error *err)
{
    const unsigned char *from = bytes;
    zreg__hash_update(gzip->compresses ? &gzip->plain : &gzip->packed, bytes, size);
    while (size > 0) {
        size_t piece = size < LARGEST_PIECE ? size : LARGEST_PIECE;
        gzip->zlib.next_in = from;
        gzip->zlib.avail_in = (uInt)piece;
        ZREG__TRY(gzip->compresses ? deflate_piece(gzip, Z_NO_FLUSH, err)
                                   : inflate_piece(gzip, err));
        from += piece;
        size -= piece;
    }
    return ZREG_OK;
}

zreg_status zreg__gzip_end(zreg__gzip *gzip, zreg_error *err)
{
    if (gzip->compresses) {
        return deflate_piece(gzip, Z_FINISH, err);
    }
    return gzip->at_boundary ? ZREG_OK
                             : zreg__fail(err, ZREG_CORRUPT, "the gzip stream ends too early");
}

void zreg__gzip_finish(zreg__gzip *gzip)
{
    if (gzip->begun && gzip->compresses) {
        deflateEnd(&gzip->zlib);
    } else if (gzip->begun) {
        inflateEnd(&gzip->zlib);
    }
    free(gzip->block);
    gzip->begun = false;
    gzip->block = NULL;
}
