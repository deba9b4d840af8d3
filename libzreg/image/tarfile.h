/* SPDX-License-Identifier: Apache-2.0 */
/** The file of an archive, such that it can be read at any offset. */
#ifndef ZREG_IMAGE_TARFILE_H
#define ZREG_IMAGE_TARFILE_H

#include <stdint.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

/** A regular file as it is; a pipe and a gzip stream by a temporary file. `path` "-" is standard
 *  input. Errors: NOTFOUND, INVAL (a folder, another compression), CORRUPT, LIMIT, IO, CANCELLED. */
zreg_status zreg__tarfile_open(int *out_fd, uint64_t *out_size_bytes, const char *path,
                               zreg_cancel *cancel, zreg_error *err);

#endif
