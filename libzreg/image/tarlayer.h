/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Layers made of local things: a folder is packed, a tar file is used as it is.
 *
 * Packing is reproducible: entries in byte order, owner 0:0, one time for all, modes kept, no
 * extended attributes, gzip without name and time. Everything streams; memory is bounded.
 */
#ifndef ZREG_IMAGE_TARLAYER_H
#define ZREG_IMAGE_TARLAYER_H

#include "image/codec.h"
#include <zreg/cancel.h>
#include <zreg/digest.h>

/** A layer: what names the blob, and what names its content when it is unpacked. */
typedef struct zreg__tarlayer {
    zreg_digest digest;  /* of the bytes that were written */
    zreg_digest diff_id; /* of the plain tar */
    uint64_t size_bytes;
    zreg__codec_kind packing;
} zreg__tarlayer;

/**
 * Packs a folder into a gzip stream that goes to `write`. Links are kept as links; names of one
 * file become hard links. Errors: NOTFOUND, INVAL (no folder; a device, pipe or socket in it), IO,
 * LIMIT (too deep), CANCELLED, and what `write` returned.
 */
zreg_status zreg__tarlayer_pack(zreg__tarlayer *out, const char *folder, int64_t mtime_s,
                                zreg__gzip_fn write, void *user, zreg_cancel *cancel,
                                zreg_error *err);

/**
 * Reads a tar file, plain, gzip or zstd, to tell what layer it is.
 * Errors: NOTFOUND, INVAL (no tar), UNSUPPORTED (another compression), CORRUPT, IO, CANCELLED.
 */
zreg_status zreg__tarlayer_measure(zreg__tarlayer *out, const char *file, zreg_cancel *cancel,
                                   zreg_error *err);

/** Gives the bytes of a file to `write`. */
zreg_status zreg__tarlayer_send(const char *file, zreg__gzip_fn write, void *user,
                                zreg_cancel *cancel, zreg_error *err);

#endif
