/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "image/zstd.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"

#if ZREG_WITH_ZSTD
#include <dlfcn.h>
#include <pthread.h>
#include <zstd.h>

/* The library is opened when a stream of zstd is first met, which is seldom: whoever meets none needs none. */
#define ZSTD_NAME "libzstd.so.1"

#define FUNCTIONS(each)                                                                            \
    each(ZSTD_createCCtx) each(ZSTD_freeCCtx) each(ZSTD_CCtx_setParameter)                         \
        each(ZSTD_compressStream2) each(ZSTD_createDCtx) each(ZSTD_freeDCtx)                       \
            each(ZSTD_DCtx_setParameter) each(ZSTD_decompressStream) each(ZSTD_isError)            \
                each(ZSTD_getErrorName)

#define MEMBER(name) __typeof__(name) *name;
#define FIND(name)                                                                                 \
    if ((*(void **)&lib.name = dlsym(library, #name)) == NULL) {                                   \
        return;                                                                                    \
    }

static struct {
    FUNCTIONS(MEMBER)
    bool complete;
} lib;

static void open_library(void)
{
    void *library = dlopen(ZSTD_NAME, RTLD_NOW | RTLD_LOCAL);

    if (library != NULL) {
        FUNCTIONS(FIND)
        lib.complete = true;
    }
}

static zreg_status need_library(zreg_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, open_library);
    return lib.complete
               ? ZREG_OK
               : zreg__fail(err, ZREG_UNSUPPORTED,
                            "zstd needs the library %s, which is not installed here", ZSTD_NAME);
}

static zreg_status begin(zreg__zstd *zstd, bool compresses, zreg__gzip_fn write, void *user,
                         zreg_error *err)
{
    *zstd = (zreg__zstd){.compresses = compresses, .write = write, .user = user};
    ZREG__TRY(need_library(err));
    zreg__hash_init(&zstd->plain, ZREG__SHA256);
    zreg__hash_init(&zstd->packed, ZREG__SHA256);
    zstd->block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    zstd->stream = compresses ? (void *)lib.ZSTD_createCCtx() : (void *)lib.ZSTD_createDCtx();
    return zstd->block == NULL || zstd->stream == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

zreg_status zreg__zstd_compress(zreg__zstd *zstd, zreg__gzip_fn write, void *user, zreg_error *err)
{
    ZREG__TRY(begin(zstd, true, write, user, err));
    lib.ZSTD_CCtx_setParameter(zstd->stream, ZSTD_c_compressionLevel, ZSTD_CLEVEL_DEFAULT);
    lib.ZSTD_CCtx_setParameter(zstd->stream, ZSTD_c_checksumFlag, 1);
    return ZREG_OK;
}

zreg_status zreg__zstd_inflate(zreg__zstd *zstd, zreg__gzip_fn write, void *user, zreg_error *err)
{
    ZREG__TRY(begin(zstd, false, write, user, err));
    lib.ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, ZREG__MAX_ZSTD_WINDOW_LOG);
    return ZREG_OK;
}

static zreg_status check(const zreg__zstd *zstd, size_t result, zreg_error *err)
{
    if (!lib.ZSTD_isError(result)) {
        return ZREG_OK;
    }
    return zstd->compresses ? zreg__fail_nomem(err)
                            : zreg__fail(err, ZREG_CORRUPT, "broken zstd stream: %s",
                                         lib.ZSTD_getErrorName(result));
}

/* Gives what libzstd has put into the block to the callback. */
static zreg_status drain(zreg__zstd *zstd, size_t size, zreg_error *err)
{
    if (size == 0) {
        return ZREG_OK;
    }
    zreg__hash_update(zstd->compresses ? &zstd->packed : &zstd->plain, zstd->block, size);
    return zstd->write(zstd->user, zstd->block, size, err);
}

static zreg_status compress_piece(zreg__zstd *zstd, ZSTD_inBuffer *in, ZSTD_EndDirective how,
                                  zreg_error *err)
{
    bool more = true;
    while (more) {
        ZSTD_outBuffer out = {zstd->block, ZREG__STREAM_BYTES, 0};
        size_t left = lib.ZSTD_compressStream2(zstd->stream, &out, in, how);
        ZREG__TRY(check(zstd, left, err));
        ZREG__TRY(drain(zstd, out.pos, err));
        more = how == ZSTD_e_end ? left > 0 : in->pos < in->size;
    }
    return ZREG_OK;
}

static zreg_status inflate_piece(zreg__zstd *zstd, ZSTD_inBuffer *in, zreg_error *err)
{
    bool more = true;
    while (more) {
        ZSTD_outBuffer out = {zstd->block, ZREG__STREAM_BYTES, 0};
        size_t before = in->pos;
        size_t hint = lib.ZSTD_decompressStream(zstd->stream, &out, in);
        ZREG__TRY(check(zstd, hint, err));
        if (hint == 0 || in->pos > before || out.pos > 0) {
            zstd->at_boundary = hint == 0;
        }
        ZREG__TRY(drain(zstd, out.pos, err));
        more = in->pos < in->size || out.pos == out.size;
    }
    return ZREG_OK;
}

zreg_status zreg__zstd_feed(zreg__zstd *zstd, const void *bytes, size_t size, zreg_error *err)
{
    ZSTD_inBuffer in = {bytes, size, 0};
    zreg__hash_update(zstd->compresses ? &zstd->plain : &zstd->packed, bytes, size);
    if (size == 0) {
        return ZREG_OK;
    }
    return zstd->compresses ? compress_piece(zstd, &in, ZSTD_e_continue, err)
                            : inflate_piece(zstd, &in, err);
}

zreg_status zreg__zstd_end(zreg__zstd *zstd, zreg_error *err)
{
    ZSTD_inBuffer none = {NULL, 0, 0};
    if (zstd->compresses) {
        return compress_piece(zstd, &none, ZSTD_e_end, err);
    }
    return zstd->at_boundary ? ZREG_OK
                             : zreg__fail(err, ZREG_CORRUPT, "the zstd stream ends too early");
}

void zreg__zstd_finish(zreg__zstd *zstd)
{
    if (zstd->stream != NULL && zstd->compresses) {
        lib.ZSTD_freeCCtx(zstd->stream);
    } else if (zstd->stream != NULL) {
        lib.ZSTD_freeDCtx(zstd->stream);
    }
    free(zstd->block);
    *zstd = (zreg__zstd){.stream = NULL};
}

#else

static zreg_status has_none(zreg__zstd *zstd, zreg_error *err)
{
    *zstd = (zreg__zstd){.stream = NULL};
    return zreg__fail(err, ZREG_UNSUPPORTED, "this build has no libzstd, and does not know zstd");
}

zreg_status zreg__zstd_compress(zreg__zstd *zstd, zreg__gzip_fn write, void *user, zreg_error *err)
{
    (void)write, (void)user;
    return has_none(zstd, err);
}

zreg_status zreg__zstd_inflate(zreg__zstd *zstd, zreg__gzip_fn write, void *user, zreg_error *err)
{
    (void)write, (void)user;
    return has_none(zstd, err);
}

zreg_status zreg__zstd_feed(zreg__zstd *zstd, const void *bytes, size_t size, zreg_error *err)
{
    (void)bytes, (void)size;
    return has_none(zstd, err);
}

zreg_status zreg__zstd_end(zreg__zstd *zstd, zreg_error *err)
{
    return has_none(zstd, err);
}

void zreg__zstd_finish(zreg__zstd *zstd)
{
    (void)zstd;
}

#endif
