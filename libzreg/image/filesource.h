/* SPDX-License-Identifier: Apache-2.0 */
/** A part of a file as the source of a blob, and files that hold what has no place of its own. */
#ifndef ZREG_IMAGE_FILESOURCE_H
#define ZREG_IMAGE_FILESOURCE_H

#include "image/stream.h"
#include <zreg/cancel.h>

/** `size_bytes` from `offset` on. The descriptor is read at offsets, so that several sources may share
 *  one; with `owned` it is closed with the source. `name` is shown in errors. On error it is the
 *  caller's still. */
zreg_status zreg__filesource_new(zreg__source **out, int fd, bool owned, uint64_t offset,
                                 uint64_t size_bytes, const zreg_digest *name, zreg_cancel *cancel,
                                 zreg_error *err);

/** A file in $TMPDIR, or /tmp, that has no name and goes when it is closed. Errors: IO. */
zreg_status zreg__filesource_spool(int *out_fd, zreg_error *err);

/** What comes from a stream into such a file. */
typedef struct zreg__spool {
    int fd;
    uint64_t size_bytes; /* so far */
    const char *what;    /* for errors: "the archive" */
    const char *advice;  /* and what to do when it is too large: "; ..." or "" */
} zreg__spool;

/** Adds bytes; `user` is the spool. Errors: LIMIT (more than ZREG__MAX_SPOOL_BYTES), IO. */
zreg_status zreg__spool_write(void *user, const void *bytes, size_t size, zreg_error *err);

#endif
