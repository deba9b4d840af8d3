/* SPDX-License-Identifier: Apache-2.0 */
/* Large files: read at any offset, or written by one writer. */
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct zreg__store_driver_file {
    int fd;
    uint64_t size;
    bool is_locked;
};

static zreg_status wrap(zreg__store_driver_file **out, int fd, const char *key, zreg_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        int failed = errno;
        close(fd);
        return zreg__fs_fail(err, failed, "read", key);
    }
    zreg__store_driver_file *file = zreg__new(zreg__store_driver_file);
    if (file == NULL) {
        close(fd);
        return zreg__fail_nomem(err);
    }
    file->fd = fd;
    file->size = (uint64_t)info.st_size;
    *out = file;
    return ZREG_OK;
}

zreg_status zreg__fs_read_open(zreg__store_driver_file **out, void *self, const char *key,
                               zreg_error *err)
{
    int fd = zreg__fs_open(self, key, O_RDONLY, 0);
    return fd < 0 ? zreg__fs_fail(err, errno, "open", key) : wrap(out, fd, key, err);
}

zreg_status zreg__fs_write_open(zreg__store_driver_file **out, void *self, const char *key,
                                bool create, zreg_error *err)
{
    int flags = O_RDWR | (create ? O_CREAT | O_EXCL : 0);
    int failed = create ? zreg__fs_make_parents(self, key, false) : 0;
    if (failed != 0) {
        return zreg__fail_errno(err, failed, "make the folder of %s", key);
    }
    int fd = zreg__fs_open(self, key, flags, 0644);
    if (fd < 0) {
        return create ? zreg__fail_errno(err, errno, "make %s", key)
                      : zreg__fs_fail(err, errno, "open", key);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return zreg__fail(err, ZREG_CONFLICT, "%s is being written by another request", key);
    }
    ZREG__TRY(wrap(out, fd, key, err));
    (*out)->is_locked = true;
    return ZREG_OK;
}

/* Some file systems have no O_TMPFILE. */
static int make_and_unlink(const zreg__fs *fs)
{
    char name[64] = "v1/tmp/";
    if (zreg__random_hex(name + strlen(name), 16, NULL) != ZREG_OK) {
        errno = EIO;
        return -1;
    }
    int fd = zreg__fs_open(fs, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd >= 0) {
        unlinkat(fs->root, name, 0);
    }
    return fd;
}

zreg_status zreg__fs_unnamed(zreg__store_driver_file **out, void *self, zreg_error *err)
{
    int fd = openat(((zreg__fs *)self)->root, "v1/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        fd = make_and_unlink(self);
    }
    return fd < 0 ? zreg__fail_errno(err, errno, "make a file") : wrap(out, fd, "v1/tmp", err);
}

uint64_t zreg__fs_size(const zreg__store_driver_file *file)
{
    return file->size;
}

int zreg__fs_descriptor(const zreg__store_driver_file *file)
{
    return file->fd;
}

zreg_status zreg__fs_read(size_t *out_size, zreg__store_driver_file *file, uint64_t offset,
                          void *buffer, size_t capacity, zreg_error *err)
{
    ssize_t got = zreg__fd_read_at(file->fd, buffer, capacity, offset);
    if (got < 0) {
        return zreg__fail_errno(err, errno, "read a blob");
    }
    *out_size = (size_t)got;
    return ZREG_OK;
}

zreg_status zreg__fs_write(zreg__store_driver_file *file, uint64_t offset, const void *bytes,
                           size_t size, zreg_error *err)
{
    int failed = zreg__fd_write_all_at(file->fd, bytes, size, offset);
    if (failed != 0) {
        return zreg__fail_errno(err, failed, "write an upload");
    }
    file->size = offset + size > file->size ? offset + size : file->size;
    return ZREG_OK;
}

zreg_status zreg__fs_truncate(zreg__store_driver_file *file, uint64_t size, zreg_error *err)
{
    if (ftruncate(file->fd, (off_t)size) != 0) {
        return zreg__fail_errno(err, errno, "cut an upload");
    }
    file->size = size;
    return ZREG_OK;
}

zreg_status zreg__fs_sync(zreg__store_driver_file *file, zreg_error *err)
{
    return fdatasync(file->fd) == 0 ? ZREG_OK : zreg__fail_errno(err, errno, "sync an upload");
}

void zreg__fs_close(zreg__store_driver_file *file)
{
    if (file != NULL) {
        if (file->is_locked) {
            flock(file->fd, LOCK_UN); /* a copy that a forked child has open would hold it */
        }
        close(file->fd);
        free(file);
    }
}
