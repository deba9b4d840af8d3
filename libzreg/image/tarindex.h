/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where the regular files of a tar archive lie, so that they can be read in any order.
 *
 * Reads ustar, GNU long names and pax headers (path, size). Nothing is unpacked: names only look
 * entries up, links are followed inside the archive alone. Bounded in entries and name length.
 */
#ifndef ZREG_IMAGE_TARINDEX_H
#define ZREG_IMAGE_TARINDEX_H

#include "base/compiler.h"
#include <stdint.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

typedef struct zreg__tarindex zreg__tarindex;

/** One file's content within the archive. */
typedef struct zreg__tarindex_file {
    uint64_t offset;
    uint64_t size_bytes;
} zreg__tarindex_file;

/**
 * Walks the headers of an archive. "-" is standard input. What cannot be read at any offset, such as a
 * pipe, and what is compressed with gzip, goes into a temporary file first (image/filesource.h).
 * Errors: NOTFOUND, INVAL (no tar, another compression), LIMIT, IO.
 */
zreg_status zreg__tarindex_open(zreg__tarindex **out, const char *path, zreg_cancel *cancel,
                                zreg_error *err);

/** The same for a descriptor, which is the archive's from then on; on error it is closed. */
zreg_status zreg__tarindex_open_fd(zreg__tarindex **out, int fd, uint64_t size_bytes,
                                   zreg_cancel *cancel, zreg_error *err);

/** Looks up a file, through links. Errors: NOTFOUND. */
zreg_status zreg__tarindex_find(zreg__tarindex_file *out, const zreg__tarindex *tar,
                                const char *name, zreg_error *err);

/** Reads from the archive at any offset; safe from many threads. 0 bytes at the end. */
zreg_status zreg__tarindex_read(size_t *out_size, const zreg__tarindex *tar, uint64_t offset,
                                void *buffer, size_t capacity, zreg_error *err);

/** The file that offsets are in; it stays the archive's. */
int zreg__tarindex_fd(const zreg__tarindex *tar);

void zreg__tarindex_free(zreg__tarindex *tar);

ZREG__DEFINE_AUTO(zreg__tarindex, zreg__tarindex_free)

#endif
