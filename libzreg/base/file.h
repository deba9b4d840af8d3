/* SPDX-License-Identifier: Apache-2.0 */
/** Files and folders: bounded reads, atomic writes, trees. Paths are the caller's own, trusted. */
#ifndef ZREG_BASE_FILE_H
#define ZREG_BASE_FILE_H

#include "base/buf.h"
#include "base/compiler.h"
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

/** Reads a whole regular file (or any readable thing) into `buf`, up to its maximum.
 *  Errors: NOTFOUND, IO, LIMIT. */
zreg_status zreg__file_read(zreg__buf *buf, const char *path, zreg_error *err);

/** Writes a file so that readers see the old or the new content: temporary file beside it, then
 *  rename. `durable`: file and folder are synced. */
zreg_status zreg__file_write(const char *path, const void *bytes, size_t size, mode_t mode,
                             bool durable, zreg_error *err);

/** The same, synced, over a file that may be there: its owner stays, as far as we may give files away, and of its
 *  permissions those that `mode` has. Errors: INVAL (what is there is no regular file), IO. */
zreg_status zreg__file_rewrite(const char *path, const void *bytes, size_t size, mode_t mode,
                               zreg_error *err);

/** That there is a regular file, or nothing. Errors: INVAL, IO. */
zreg_status zreg__file_check_regular(const char *path, zreg_error *err);

/** Where a link leads to, from link to link, though nothing be there yet; what is no link leads to itself. New
 *  memory. Errors: NOMEM, IO. */
zreg_status zreg__file_follow(char **out, const char *path, zreg_error *err);

/** Reads from a descriptor, where it is or at `offset`, past EINTR. -1: `errno` says why. */
ssize_t zreg__fd_read(int fd, void *buffer, size_t capacity);
ssize_t zreg__fd_read_at(int fd, void *buffer, size_t capacity, uint64_t offset);

/** Adds all that a descriptor still gives; `name` is for errors. Errors: IO, LIMIT, NOMEM. */
zreg_status zreg__fd_read_all(zreg__buf *to, int fd, const char *name, zreg_error *err);

/** Writes all bytes to a descriptor, past short writes and EINTR. 0, or an errno value. */
int zreg__fd_write_all(int fd, const void *bytes, size_t size);

/** The same at an offset. */
int zreg__fd_write_all_at(int fd, const void *bytes, size_t size, uint64_t offset);

/** Waits until no other holds a lock (flock) on this file or folder, and holds it as long as the
 *  descriptor is open; `what` is for errors. Errors: CANCELLED, IO. */
zreg_status zreg__fd_lock(int fd, const char *what, zreg_cancel *cancel, zreg_error *err);

/** Makes a folder and its parents. Being there already is fine. */
zreg_status zreg__file_mkdirs(const char *path, mode_t mode, zreg_error *err);

/** Syncs a folder's entries. */
zreg_status zreg__file_sync_dir(const char *path, zreg_error *err);

/** A new folder "PREFIXxxxxxx" in $TMPDIR or /tmp, mode 0700. Free the path with free(). */
zreg_status zreg__file_temp_dir(char **out_path, const char *prefix, zreg_error *err);

/** Removes a file or a whole tree without following links. A missing path is fine. */
zreg_status zreg__file_remove_tree(const char *path, zreg_error *err);

/** Local descriptor that closes itself: `ZREG__AUTO_FD int fd = open(...)`. */
#define ZREG__AUTO_FD ZREG__CLEANUP(zreg__auto_fd)

static inline void zreg__auto_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

#endif
