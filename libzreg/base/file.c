/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* How often a lock is looked at. */
#define LOCK_MS 20

/* Of links that lead to links, as many as Linux follows. */
#define MAX_LINKS 40

static zreg_status fail_at(zreg_error *err, int errno_value, const char *doing, const char *path)
{
    zreg_status status = zreg__fail_errno(err, errno_value, "%s %s", doing, path);
    zreg__error_about(err, path);
    return status;
}

ssize_t zreg__fd_read(int fd, void *buffer, size_t capacity)
{
    ssize_t got;
    do {
        got = read(fd, buffer, capacity);
    } while (got < 0 && errno == EINTR);
    return got;
}

ssize_t zreg__fd_read_at(int fd, void *buffer, size_t capacity, uint64_t offset)
{
    ssize_t got;
    do {
        got = pread(fd, buffer, capacity, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* What is read may be a secret, so the block does not stay on the stack. */
zreg_status zreg__fd_read_all(zreg__buf *to, int fd, const char *name, zreg_error *err)
{
    char block[16384];
    ssize_t got;
    while ((got = zreg__fd_read(fd, block, sizeof(block))) > 0) {
        zreg_status status = zreg__buf_append(to, block, (size_t)got, err);
        explicit_bzero(block, (size_t)got);
        if (status != ZREG_OK) {
            return zreg__error_prefix(err, status, "%s", name);
        }
    }
    return got == 0 ? ZREG_OK : zreg__fail_errno(err, errno, "read %s", name);
}

zreg_status zreg__file_read(zreg__buf *buf, const char *path, zreg_error *err)
{
    ZREG__AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return zreg__fail_file(err, errno, path, "open %s", path);
    }
    zreg_status status = zreg__fd_read_all(buf, fd, path, err);
    if (status != ZREG_OK) {
        zreg__error_about(err, path);
    }
    return status;
}

int zreg__fd_write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            at += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

int zreg__fd_write_all_at(int fd, const void *bytes, size_t size, uint64_t offset)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = pwrite(fd, at, size, (off_t)offset);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            at += written;
            size -= (size_t)written;
            offset += (uint64_t)written;
        }
    }
    return 0;
}

zreg_status zreg__fd_lock(int fd, const char *what, zreg_cancel *cancel, zreg_error *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return zreg__fail_errno(err, errno, "lock %s", what);
        }
        ZREG__TRY(zreg__cancel_sleep(cancel, LOCK_MS, err));
    }
    return ZREG_OK;
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return zreg__strdup(".");
    }
    return slash == path ? zreg__strdup("/") : zreg__strndup(path, (size_t)(slash - path));
}

static int fill_file(int fd, const void *bytes, size_t size, mode_t mode, bool durable)
{
    int failed = zreg__fd_write_all(fd, bytes, size);
    if (failed == 0 && fchmod(fd, mode) != 0) {
        failed = errno;
    }
    if (failed == 0 && durable && fsync(fd) != 0) {
        failed = errno;
    }
    return failed;
}

/* What is written in place of another file is whose that was; where we may not give it away, its group's at least. */
static bool keep_owner(int fd, const struct stat *old)
{
    return old == NULL || fchown(fd, old->st_uid, old->st_gid) == 0 ||
           fchown(fd, (uid_t)-1, old->st_gid) == 0;
}

static zreg_status replace(const char *path, const void *bytes, size_t size, mode_t mode,
                           bool durable, const struct stat *old, zreg_error *err)
{
    ZREG__AUTO_FREE char *temporary = zreg__asprintf("%s.XXXXXX", path);
    ZREG__AUTO_FREE char *parent = parent_of(path);
    if (temporary == NULL || parent == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__AUTO_FD int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return fail_at(err, errno, "make a file in", parent);
    }
    (void)keep_owner(fd, old);
    int failed = fill_file(fd, bytes, size, mode, durable);
    if (failed == 0 && rename(temporary, path) != 0) {
        failed = errno;
    }
    if (failed != 0) {
        unlink(temporary);
        return fail_at(err, failed, "write", path);
    }
    return durable ? zreg__file_sync_dir(parent, err) : ZREG_OK;
}

zreg_status zreg__file_write(const char *path, const void *bytes, size_t size, mode_t mode,
                             bool durable, zreg_error *err)
{
    return replace(path, bytes, size, mode, durable, NULL, err);
}

static zreg_status find_regular(bool *out_there, struct stat *out, const char *path,
                                zreg_error *err)
{
    *out_there = stat(path, out) == 0;
    if (!*out_there) {
        return errno == ENOENT ? ZREG_OK : fail_at(err, errno, "look at", path);
    }
    return S_ISREG(out->st_mode)
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL, "%s is no regular file; name one", path);
}

zreg_status zreg__file_check_regular(const char *path, zreg_error *err)
{
    struct stat info;
    bool there = false;
    return find_regular(&there, &info, path, err);
}

zreg_status zreg__file_rewrite(const char *path, const void *bytes, size_t size, mode_t mode,
                               zreg_error *err)
{
    struct stat old;
    bool there = false;
    ZREG__TRY(find_regular(&there, &old, path, err));
    return there ? replace(path, bytes, size, mode & old.st_mode, true, &old, err)
                 : replace(path, bytes, size, mode, true, NULL, err);
}

static zreg_status follow_one(char **out, const char *path, zreg_error *err)
{
    char target[PATH_MAX];
    ZREG__AUTO_FREE char *parent = parent_of(path);
    ssize_t size = readlink(path, target, sizeof(target) - 1);
    if (size < 0) {
        return fail_at(err, errno, "follow", path);
    }
    if (parent == NULL) {
        return zreg__fail_nomem(err);
    }
    target[size] = '\0';
    *out = target[0] == '/' ? zreg__strdup(target) : zreg__concat(parent, "/", target);
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__file_follow(char **out, const char *path, zreg_error *err)
{
    ZREG__AUTO_FREE char *at = zreg__strdup(path);
    struct stat info;
    for (int i = 0; at != NULL && lstat(at, &info) == 0 && S_ISLNK(info.st_mode); i++) {
        char *next = NULL;
        if (i == MAX_LINKS) {
            return fail_at(err, ELOOP, "follow", path);
        }
        ZREG__TRY(follow_one(&next, at, err));
        free(at);
        at = next;
    }
    *out = zreg__steal(&at);
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__file_mkdirs(const char *path, mode_t mode, zreg_error *err)
{
    ZREG__AUTO_FREE char *part = zreg__strdup(path);
    if (part == NULL) {
        return zreg__fail_nomem(err);
    }
    for (char *slash = part + 1; part[0] != '\0'; slash++) {
        char saved = *slash;
        if (saved != '/' && saved != '\0') {
            continue;
        }
        *slash = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST) {
            return fail_at(err, errno, "make the folder", part);
        }
        if (saved == '\0') {
            break;
        }
        *slash = saved;
    }
    struct stat info;
    if (stat(path, &info) != 0) {
        return fail_at(err, errno, "make the folder", path);
    }
    return S_ISDIR(info.st_mode) ? ZREG_OK : fail_at(err, ENOTDIR, "make the folder", path);
}

zreg_status zreg__file_sync_dir(const char *path, zreg_error *err)
{
    ZREG__AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        return fail_at(err, errno, "sync the folder", path);
    }
    return ZREG_OK;
}

zreg_status zreg__file_temp_dir(char **out_path, const char *prefix, zreg_error *err)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] != '/') {
        base = "/tmp";
    }
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/%sXXXXXX", base, prefix);
    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    if (mkdtemp(path) == NULL) {
        return fail_at(err, errno, "make a temporary folder in", base);
    }
    *out_path = zreg__steal(&path);
    return ZREG_OK;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

zreg_status zreg__file_remove_tree(const char *path, zreg_error *err)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 && errno != ENOENT) {
        return fail_at(err, errno, "remove", path);
    }
    return ZREG_OK;
}
