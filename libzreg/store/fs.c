/* SPDX-License-Identifier: Apache-2.0 */
#include "store/fs.h"

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#define MAX_PATH 1024

int zreg__fs_open(const zreg__fs *fs, const char *path, int flags, unsigned mode)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) != 0 ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, fs->root, path, &how, sizeof(how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        /* An old kernel, or a sandbox that does not know the call. Keys hold no "..". */
        return openat(fs->root, path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    }
    return (int)fd;
}

zreg_status zreg__fs_fail(zreg_error *err, int errno_value, const char *what, const char *path)
{
    if (errno_value == ENOENT || errno_value == ENOTDIR) {
        return zreg__fail(err, ZREG_NOTFOUND, "not in the store"); /* keys are nobody's business */
    }
    return zreg__fail_errno(err, errno_value, "%s %s", what, path);
}

static int sync_folder(const zreg__fs *fs, const char *path)
{
    ZREG__AUTO_FD int fd = zreg__fs_open(fs, path, O_RDONLY | O_DIRECTORY, 0);
    return fd < 0 || fsync(fd) != 0 ? errno : 0;
}

int zreg__fs_sync_parent(const zreg__fs *fs, const char *path)
{
    char parent[MAX_PATH];
    zreg__str_copy(parent, sizeof(parent), path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        return sync_folder(fs, ".");
    }
    *slash = '\0';
    return sync_folder(fs, parent);
}

static int make_folder(const zreg__fs *fs, const char *path, bool durable)
{
    if (mkdirat(fs->root, path, 0755) != 0) {
        return errno == EEXIST ? 0 : errno;
    }
    return durable ? zreg__fs_sync_parent(fs, path) : 0;
}

/* Most are there already, so this goes up to the first that is, and makes those below it. */
int zreg__fs_make_parents(const zreg__fs *fs, const char *path, bool durable)
{
    char folder[MAX_PATH];
    zreg__str_copy(folder, sizeof(folder), path);
    size_t missing = 0;
    int failed = ENOENT;
    for (char *slash = strrchr(folder, '/'); slash != NULL && failed == ENOENT;
         slash = strrchr(folder, '/')) {
        *slash = '\0';
        missing++;
        failed = make_folder(fs, folder, durable);
    }
    while (failed == 0 && --missing > 0) {
        folder[strlen(folder)] = '/';
        failed = make_folder(fs, folder, durable);
    }
    return failed;
}

/* Another thread may remove a folder that has just become empty, so this tries more than once. */
static int rename_into(const zreg__fs *fs, const char *from, const char *to, bool durable)
{
    for (int attempt = 0; attempt < 8; attempt++) {
        if (renameat(fs->root, from, fs->root, to) == 0) {
            return durable ? zreg__fs_sync_parent(fs, to) : 0;
        }
        int failed = errno == ENOENT ? zreg__fs_make_parents(fs, to, durable) : errno;
        if (failed != 0 || (attempt > 0 && faccessat(fs->root, from, F_OK, 0) != 0)) {
            return failed != 0 ? failed : ENOENT;
        }
    }
    return ENOENT;
}

static zreg_status fs_open(void **out, const char *root, zreg_error *err)
{
    ZREG__TRY(zreg__file_mkdirs(root, 0755, err));
    ZREG__AUTO_FREE zreg__fs *fs = zreg__new(zreg__fs);
    if (fs == NULL) {
        return zreg__fail_nomem(err);
    }
    fs->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fs->root < 0) {
        return zreg__fail_errno(err, errno, "open the store %s", root);
    }
    int failed = zreg__fs_make_parents(fs, "v1/tmp/x", false);
    if (failed != 0) {
        close(fs->root);
        return zreg__fail_errno(err, failed, "make the store in %s", root);
    }
    *out = zreg__steal(&fs);
    return ZREG_OK;
}

static void fs_close(void *self)
{
    zreg__fs *fs = self;
    close(fs->root);
    free(fs);
}

static zreg_status fs_get(zreg__buf *to, void *self, const char *key, zreg_error *err)
{
    ZREG__AUTO_FD int fd = zreg__fs_open(self, key, O_RDONLY, 0);
    if (fd < 0) {
        return zreg__fs_fail(err, errno, "open", key);
    }
    return zreg__fd_read_all(to, fd, key, err);
}

static int write_new(const zreg__fs *fs, const char *path, const void *bytes, size_t size,
                     bool durable)
{
    ZREG__AUTO_FD int fd = zreg__fs_open(fs, path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0) {
        return errno;
    }
    int failed = zreg__fd_write_all(fd, bytes, size);
    return failed == 0 && durable && fdatasync(fd) != 0 ? errno : failed;
}

static zreg_status fs_put(void *self, const char *key, const void *bytes, size_t size, bool durable,
                          zreg_error *err)
{
    const zreg__fs *fs = self;
    char temporary[64] = "v1/tmp/";
    ZREG__TRY(zreg__random_hex(temporary + strlen(temporary), 16, err));
    int failed = write_new(fs, temporary, bytes, size, durable);
    if (failed == 0) {
        failed = rename_into(fs, temporary, key, durable);
    }
    if (failed != 0) {
        unlinkat(fs->root, temporary, 0);
        return zreg__fail_errno(err, failed, "write %s", key);
    }
    return ZREG_OK;
}

static zreg_status fs_stat(uint64_t *out_size_bytes, void *self, const char *key, zreg_error *err)
{
    const zreg__fs *fs = self;
    struct stat info;
    if (fstatat(fs->root, key, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return zreg__fs_fail(err, errno, "stat", key);
    }
    *out_size_bytes = (uint64_t)info.st_size;
    return ZREG_OK;
}

static zreg_status fs_remove(void *self, const char *key, bool durable, zreg_error *err)
{
    const zreg__fs *fs = self;
    if (unlinkat(fs->root, key, 0) != 0) {
        return zreg__fs_fail(err, errno, "remove", key);
    }
    int failed = durable ? zreg__fs_sync_parent(fs, key) : 0;
    return failed == 0 ? ZREG_OK : zreg__fs_fail(err, failed, "sync the folder of", key);
}

static void remove_files(DIR *folder)
{
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        unlinkat(dirfd(folder), entry->d_name, 0); /* "." and ".." refuse */
    }
}

static zreg_status fs_remove_folder(void *self, const char *key, zreg_error *err)
{
    const zreg__fs *fs = self;
    if (unlinkat(fs->root, key, AT_REMOVEDIR) == 0 || errno == ENOENT) {
        return ZREG_OK;
    }
    int fd = zreg__fs_open(fs, key, O_RDONLY | O_DIRECTORY, 0);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        int failed = errno;
        if (fd >= 0) {
            close(fd);
        }
        return zreg__fs_fail(err, failed, "remove", key);
    }
    remove_files(folder);
    closedir(folder);
    return unlinkat(fs->root, key, AT_REMOVEDIR) == 0 ? ZREG_OK
                                                      : zreg__fs_fail(err, errno, "remove", key);
}

/* Some file systems do not tell the kind in the listing. */
static bool is_folder(DIR *folder, const struct dirent *entry)
{
    struct stat info;
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(info.st_mode);
}

static zreg_status fs_each(void *self, const char *key, zreg__store_driver_each_fn call, void *user,
                           zreg_error *err)
{
    int fd = zreg__fs_open(self, key, O_RDONLY | O_DIRECTORY, 0);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        int failed = errno;
        if (fd >= 0) {
            close(fd);
        }
        return zreg__fs_fail(err, failed, "list", key);
    }
    zreg_status status = ZREG_OK;
    for (struct dirent *entry = readdir(folder); entry != NULL && status == ZREG_OK;
         entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            status = call(entry->d_name, is_folder(folder, entry), user, err);
        }
    }
    closedir(folder);
    return status;
}

static zreg_status fs_sync_key(void *self, const char *key, zreg_error *err)
{
    const zreg__fs *fs = self;
    ZREG__AUTO_FD int fd = zreg__fs_open(fs, key, O_RDONLY, 0);
    if (fd < 0) {
        return zreg__fs_fail(err, errno, "open", key);
    }
    int failed = fdatasync(fd) == 0 ? 0 : errno;
    char above[MAX_PATH];
    zreg__str_copy(above, sizeof(above), key);
    for (char *slash = strrchr(above, '/'); slash != NULL && failed == 0;
         slash = strrchr(above, '/')) {
        *slash = '\0';
        failed = sync_folder(fs, above);
    }
    return failed == 0 ? ZREG_OK : zreg__fs_fail(err, failed, "sync", key);
}

static zreg_status fs_move(void *self, const char *from, const char *to, bool durable,
                           zreg_error *err)
{
    int failed = rename_into(self, from, to, durable);
    return failed == 0 ? ZREG_OK : zreg__fs_fail(err, failed, "rename to", to);
}

static zreg_status fs_space(uint64_t *out_free_bytes, uint64_t *out_size_bytes, void *self,
                            zreg_error *err)
{
    const zreg__fs *fs = self;
    struct statvfs info;
    if (fstatvfs(fs->root, &info) != 0) {
        return zreg__fail_errno(err, errno, "the space of the store");
    }
    *out_free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    *out_size_bytes = (uint64_t)info.f_blocks * info.f_frsize;
    return ZREG_OK;
}

const zreg__store_driver zreg__fs_driver = {
    .name = "fs",
    .open = fs_open,
    .close = fs_close,
    .get = fs_get,
    .put = fs_put,
    .stat = fs_stat,
    .remove = fs_remove,
    .remove_folder = fs_remove_folder,
    .each = fs_each,
    .sync = fs_sync_key,
    .space = fs_space,
    .move = fs_move,
    .file_read_open = zreg__fs_read_open,
    .file_write_open = zreg__fs_write_open,
    .file_unnamed = zreg__fs_unnamed,
    .file_size = zreg__fs_size,
    .file_descriptor = zreg__fs_descriptor,
    .file_read = zreg__fs_read,
    .file_write = zreg__fs_write,
    .file_truncate = zreg__fs_truncate,
    .file_sync = zreg__fs_sync,
    .file_close = zreg__fs_close,
};
