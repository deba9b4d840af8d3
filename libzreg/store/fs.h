/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the fs driver share. */
#ifndef ZREG_STORE_FS_H
#define ZREG_STORE_FS_H

#include "store/driver.h"

typedef struct zreg__fs {
    int root; /* descriptor of the root folder; every path below is relative to it */
} zreg__fs;

/** Opens a path beneath the root; no link is followed on the way. -1 and errno. */
int zreg__fs_open(const zreg__fs *fs, const char *path, int flags, unsigned mode);

/** IO, NOTFOUND or NOMEM by `errno_value`. */
zreg_status zreg__fs_fail(zreg_error *err, int errno_value, const char *what, const char *path);

/** Makes all folders above `path`; `durable` syncs those that hold a new one. 0 or errno. */
int zreg__fs_make_parents(const zreg__fs *fs, const char *path, bool durable);

/** Syncs the folder that holds `path`. 0 or errno. */
int zreg__fs_sync_parent(const zreg__fs *fs, const char *path);

zreg_status zreg__fs_read_open(zreg__store_driver_file **out, void *self, const char *key,
                               zreg_error *err);
zreg_status zreg__fs_write_open(zreg__store_driver_file **out, void *self, const char *key,
                                bool create, zreg_error *err);
zreg_status zreg__fs_unnamed(zreg__store_driver_file **out, void *self, zreg_error *err);
uint64_t zreg__fs_size(const zreg__store_driver_file *file);
int zreg__fs_descriptor(const zreg__store_driver_file *file);
zreg_status zreg__fs_read(size_t *out_size, zreg__store_driver_file *file, uint64_t offset,
                          void *buffer, size_t capacity, zreg_error *err);
zreg_status zreg__fs_write(zreg__store_driver_file *file, uint64_t offset, const void *bytes,
                           size_t size, zreg_error *err);
zreg_status zreg__fs_truncate(zreg__store_driver_file *file, uint64_t size, zreg_error *err);
zreg_status zreg__fs_sync(zreg__store_driver_file *file, zreg_error *err);
void zreg__fs_close(zreg__store_driver_file *file);

#endif
