/* SPDX-License-Identifier: Apache-2.0 */
#include "node/tree.h"

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/tree_walk.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

zreg_status zreg__tree_open(zreg__tree *out, const char *root, zreg_error *err)
{
    struct stat top;
    struct stat info;
    const char *path = zreg__str_empty(root) ? "/" : root;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return zreg__fail_file(err, errno, path, "open the root %s", path);
    }
    bool known = fstat(fd, &info) == 0 && stat("/", &top) == 0;
    *out = (zreg__tree){fd, known && info.st_dev == top.st_dev && info.st_ino == top.st_ino};
    return ZREG_OK;
}

void zreg__tree_close(zreg__tree *tree)
{
    if (tree->fd >= 0) {
        close(tree->fd);
    }
    tree->fd = -1;
}

static zreg_status read_fd(zreg__content *out, int fd, size_t maximum, const char *path,
                           zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(maximum);
    ZREG__TRY(zreg__fd_read_all(&text, fd, path, err));
    return zreg__content_take(out, &text, err);
}

zreg_status zreg__tree_read(zreg__content *out, zreg__owner *owner, const zreg__tree *tree,
                            const char *path, size_t maximum, zreg_error *err)
{
    ZREG__AUTO_FD int folder = -1;
    const char *name = NULL;
    struct stat info;
    zreg__content_finish(out);
    ZREG__TRY(zreg__tree_walk_to(&folder, &name, tree, path, ZREG__TREE_WALK_FIND, 0, err));
    if (folder < 0) {
        return ZREG_OK;
    }
    ZREG__AUTO_FD int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return ZREG_OK;
    }
    if (fd < 0 && errno != ELOOP) {
        return zreg__fail_errno(err, errno, "open %s", path);
    }
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "%s is no regular file; links and devices are left alone", path);
    }
    if (owner != NULL) {
        *owner = (zreg__owner){info.st_mode & 07777, info.st_uid, info.st_gid};
    }
    return read_fd(out, fd, maximum, path, err);
}

static bool look_at(struct stat *out, const zreg__tree *tree, const char *path, zreg_status *status,
                    zreg_error *err)
{
    ZREG__AUTO_FD int folder = -1;
    const char *name = NULL;
    *status = zreg__tree_walk_to(&folder, &name, tree, path, ZREG__TREE_WALK_FIND, 0, err);
    return *status == ZREG_OK && folder >= 0 &&
           fstatat(folder, name, out, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A path behind a link or a file is no sign of anything. */
zreg_status zreg__tree_exists(bool *out, const zreg__tree *tree, const char *path, zreg_error *err)
{
    struct stat info;
    zreg_status status;
    zreg_error ignored = {0};
    *out = look_at(&info, tree, path, &status, &ignored);
    if (status == ZREG_OK || status == ZREG_CONFLICT) {
        return ZREG_OK;
    }
    return zreg__fail_again(err, &ignored);
}

bool zreg__tree_owner(zreg__owner *out, const zreg__tree *tree, const char *path)
{
    struct stat info;
    zreg_status status;
    if (!look_at(&info, tree, path, &status, NULL)) {
        return false;
    }
    *out = (zreg__owner){info.st_mode & 07777, info.st_uid, info.st_gid};
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static zreg_status read_names(zreg_strings *to, int fd, const char *path, zreg_error *err)
{
    DIR *folder = fdopendir(fd);
    zreg_status status = ZREG_OK;
    if (folder == NULL) {
        close(fd);
        return zreg__fail_errno(err, errno, "list %s", path);
    }
    for (struct dirent *e; status == ZREG_OK && (e = readdir(folder)) != NULL;) {
        if (e->d_name[0] != '.') {
            status = zreg__strings_add(to, e->d_name, ZREG__MAX_NODE_FILES, err);
        }
    }
    closedir(folder);
    if (status == ZREG_OK) {
        char **items = (char **)(uintptr_t)zreg__strings_array(to);
        qsort(items, zreg_strings_count(to), sizeof(*items), by_name);
    }
    return status;
}

zreg_status zreg__tree_list(zreg_strings **out, const zreg__tree *tree, const char *path,
                            zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;
    ZREG__AUTO_FD int folder = -1;
    const char *name = NULL;
    ZREG__TRY(zreg__strings_new(&names, err));
    ZREG__TRY(zreg__tree_walk_to(&folder, &name, tree, path, ZREG__TREE_WALK_FIND, 0, err));
    int fd =
        folder < 0 ? -1 : openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        ZREG__TRY(read_names(names, fd, path, err));
    }
    *out = zreg__steal(&names);
    return ZREG_OK;
}

zreg_status zreg__tree_make_folder(const zreg__tree *tree, const char *path, mode_t mode,
                                   zreg_error *err)
{
    ZREG__AUTO_FREE char *inside = zreg__asprintf("%s/x", path);
    ZREG__AUTO_FD int folder = -1;
    const char *name = NULL;
    if (inside == NULL) {
        return zreg__fail_nomem(err);
    }
    return zreg__tree_walk_to(&folder, &name, tree, inside, ZREG__TREE_WALK_MAKE, mode, err);
}

zreg_status zreg__tree_remove(const zreg__tree *tree, const char *path, zreg_error *err)
{
    ZREG__AUTO_FD int folder = -1;
    const char *name = NULL;
    ZREG__TRY(zreg__tree_walk_to(&folder, &name, tree, path, ZREG__TREE_WALK_FIND, 0, err));
    if (folder < 0 || (unlinkat(folder, name, 0) != 0 && errno == ENOENT)) {
        return ZREG_OK;
    }
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 || fsync(folder) != 0) {
        return zreg__fail_errno(err, errno, "remove %s", path);
    }
    return ZREG_OK;
}

zreg_status zreg__tree_remove_folder(bool *out, const zreg__tree *tree, const char *path,
                                     zreg_error *err)
{
    ZREG__AUTO_FD int folder = -1;
    const char *name = NULL;
    *out = true;
    ZREG__TRY(zreg__tree_walk_to(&folder, &name, tree, path, ZREG__TREE_WALK_FIND, 0, err));
    if (folder < 0 || unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
        return ZREG_OK;
    }
    *out = false;
    return errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY || errno == ENOTDIR
               ? ZREG_OK
               : zreg__fail_errno(err, errno, "remove the folder %s", path);
}
