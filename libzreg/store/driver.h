/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a place of storage must be able to do: a table of functions, one file per driver.
 *
 * Content is addressed by keys, relative paths such as "v1/blobs/sha256/ab/abcd...". Keys are made
 * by keys.c only, from checked names. Invariants: a key is seen whole or not at all; `put`, `move`
 * and `remove` take effect at once for every reader; with `durable` they survive power loss when
 * they return. All calls are safe from many threads; one file is used by one thread at a time.
 * Errors everywhere: NOTFOUND (no such key), IO, NOMEM.
 */
#ifndef ZREG_STORE_DRIVER_H
#define ZREG_STORE_DRIVER_H

#include "base/buf.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__store_driver_file zreg__store_driver_file;

/** Receives each name in a folder; stops the walk when it does not return OK. */
typedef zreg_status (*zreg__store_driver_each_fn)(const char *name, bool is_folder, void *user,
                                                  zreg_error *err);

typedef struct zreg__store_driver {
    const char *name;

    zreg_status (*open)(void **out, const char *root, zreg_error *err);
    void (*close)(void *self);

    /* Small objects, whole. */
    zreg_status (*get)(zreg__buf *to, void *self, const char *key, zreg_error *err);
    zreg_status (*put)(void *self, const char *key, const void *bytes, size_t size, bool durable,
                       zreg_error *err);

    zreg_status (*stat)(uint64_t *out_size_bytes, void *self, const char *key, zreg_error *err);
    zreg_status (*remove)(void *self, const char *key, bool durable, zreg_error *err);
    zreg_status (*remove_folder)(void *self, const char *key, zreg_error *err);
    zreg_status (*each)(void *self, const char *folder, zreg__store_driver_each_fn call, void *user,
                        zreg_error *err);
    /** Makes a key, and the folders above it, survive power loss. */
    zreg_status (*sync)(void *self, const char *key, zreg_error *err);
    /** Space that is free to this process, and the size of the place. */
    zreg_status (*space)(uint64_t *out_free_bytes, uint64_t *out_size_bytes, void *self,
                         zreg_error *err);
    /** Gives a finished file its place, replacing what is there. */
    zreg_status (*move)(void *self, const char *from, const char *to, bool durable,
                        zreg_error *err);

    /* Large objects: read at any offset, or written by one writer at a time. */
    zreg_status (*file_read_open)(zreg__store_driver_file **out, void *self, const char *key,
                                  zreg_error *err);
    /** CONFLICT: another writer has it open. */
    zreg_status (*file_write_open)(zreg__store_driver_file **out, void *self, const char *key,
                                   bool create, zreg_error *err);
    /** A new file without a name, which is gone when it is closed. */
    zreg_status (*file_unnamed)(zreg__store_driver_file **out, void *self, zreg_error *err);
    uint64_t (*file_size)(const zreg__store_driver_file *file);
    int (*file_descriptor)(const zreg__store_driver_file *file); /* -1: there is none */
    zreg_status (*file_read)(size_t *out_size, zreg__store_driver_file *file, uint64_t offset,
                             void *buffer, size_t capacity, zreg_error *err);
    zreg_status (*file_write)(zreg__store_driver_file *file, uint64_t offset, const void *bytes,
                              size_t size, zreg_error *err);
    zreg_status (*file_truncate)(zreg__store_driver_file *file, uint64_t size, zreg_error *err);
    zreg_status (*file_sync)(zreg__store_driver_file *file, zreg_error *err);
    void (*file_close)(zreg__store_driver_file *file);
} zreg__store_driver;

/** Files beneath a root folder. */
extern const zreg__store_driver zreg__fs_driver;

#endif
