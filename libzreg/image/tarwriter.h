/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A tar archive that is being written, by several threads at once: each file has its room.
 *
 * A file is written beside the one that it becomes and renamed when it is whole. What cannot be
 * written at any offset, such as a pipe, gets the archive from a temporary file
 * (image/filesource.h) when it is whole. The same contents in the same order give the same bytes.
 */
#ifndef ZREG_IMAGE_TARWRITER_H
#define ZREG_IMAGE_TARWRITER_H

#include "base/compiler.h"
#include <stdint.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

typedef struct zreg__tarwriter zreg__tarwriter;

/** `path` "-" is standard output; NULL: a file without a name (zreg__tarwriter_fd). Errors: NOTFOUND (the folder it is to lie in), INVAL (a folder, a
 *  terminal), IO, NOMEM. */
zreg_status zreg__tarwriter_new(zreg__tarwriter **out, const char *path, zreg_error *err);

/** Makes room for a file; its bytes are written from `*out_offset` on. Errors: IO, LIMIT, NOMEM. */
zreg_status zreg__tarwriter_make_room(uint64_t *out_offset, zreg__tarwriter *tar, const char *name,
                                      uint64_t size_bytes, zreg_error *err);

/** Writes into a room, and not beyond it. Errors: IO. */
zreg_status zreg__tarwriter_write(zreg__tarwriter *tar, uint64_t offset, const void *bytes,
                                  size_t size, zreg_error *err);

/** A folder, whose name ends with a slash, or a whole file. Errors: as above. */
zreg_status zreg__tarwriter_add_folder(zreg__tarwriter *tar, const char *name, zreg_error *err);
zreg_status zreg__tarwriter_add_file(zreg__tarwriter *tar, const char *name, const void *bytes,
                                     size_t size, zreg_error *err);

/** Ends the archive and puts it in its place. One thread. Errors: IO, CANCELLED. */
zreg_status zreg__tarwriter_finish(zreg__tarwriter *tar, zreg_cancel *cancel, zreg_error *err);

/** The file without a name, once it is finished, and its size; it stays the writer's. */
int zreg__tarwriter_fd(uint64_t *out_size_bytes, const zreg__tarwriter *tar);

/** What was not finished leaves nothing behind. Accepts NULL. */
void zreg__tarwriter_free(zreg__tarwriter *tar);

ZREG__DEFINE_AUTO(zreg__tarwriter, zreg__tarwriter_free)

#endif
