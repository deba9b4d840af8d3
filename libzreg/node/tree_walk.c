/* SPDX-License-Identifier: Apache-2.0 */
#include "node/tree_walk.h"

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define AS_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int zreg__tree_walk_inherit(int fd, int folder)
{
    struct stat info;
    if (geteuid() != 0) {
        return 0; /* only root can give files away, and all others need not */
    }
    return fstat(folder, &info) == 0 && fchown(fd, info.st_uid, info.st_gid) == 0 ? 0 : errno;
}

/* Follows a link, as /var/snap/NAME/current is one, to a name beside it. */
static int open_sibling(int folder, const char *name)
{
    char target[256];
    ssize_t size = readlinkat(folder, name, target, sizeof(target) - 1);
    if (size <= 0 || size == sizeof(target) - 1) {
        return -1;
    }
    target[size] = '\0';
    bool sibling = strchr(target, '/') == NULL && strcmp(target, "..") != 0;
    return sibling ? openat(folder, target, AS_FOLDER) : -1;
}

static zreg_status make_folder(int folder, const char *name, mode_t mode, const char *path,
                               zreg_error *err)
{
    if (mkdirat(folder, name, mode) != 0) {
        return errno == EEXIST ? ZREG_OK
                               : zreg__fail_errno(err, errno, "make a folder for %s", path);
    }
    ZREG__AUTO_FD int made = openat(folder, name, AS_FOLDER);
    int failed = made < 0 ? errno : zreg__tree_walk_inherit(made, folder);
    if (failed == 0 && (fchmod(made, mode) != 0 || fsync(folder) != 0)) {
        failed = errno;
    }
    return failed == 0 ? ZREG_OK : zreg__fail_errno(err, failed, "make a folder for %s", path);
}

/* One step down. -1 with ZREG_OK: there is no such folder. */
static zreg_status enter(int *out, int folder, const char *name, const char *path, zreg_error *err)
{
    int fd = openat(folder, name, AS_FOLDER);
    int failed = errno;
    if (fd < 0 && (failed == ENOTDIR || failed == ELOOP)) {
        fd = open_sibling(folder, name);
    }
    if (fd < 0 && (failed == ENOTDIR || failed == ELOOP)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "%s: \"%s\" is no folder, or a symbolic link that leads elsewhere; such "
                          "links are not followed",
                          path, name);
    }
    if (fd < 0 && failed != ENOENT) {
        return zreg__fail_errno(err, failed, "open the folder of %s", path);
    }
    *out = fd;
    return ZREG_OK;
}

static zreg_status step(int *folder, const char *name, const char *path, zreg__tree_walk how,
                        mode_t mode, zreg_error *err)
{
    ZREG__AUTO_FD int here = *folder;
    *folder = -1;
    ZREG__TRY(enter(folder, here, name, path, err));
    if (*folder < 0 && how == ZREG__TREE_WALK_MAKE) {
        ZREG__TRY(make_folder(here, name, mode, path, err));
        ZREG__TRY(enter(folder, here, name, path, err));
    }
    return ZREG_OK;
}

static bool is_way_up(const char *part)
{
    return strcmp(part, "..") == 0 || strcmp(part, ".") == 0 || part[0] == '\0';
}

zreg_status zreg__tree_walk_to(int *out_fd, const char **out_name, const zreg__tree *tree,
                               const char *path, zreg__tree_walk how, mode_t mode, zreg_error *err)
{
    ZREG__AUTO_FD int folder = fcntl(tree->fd, F_DUPFD_CLOEXEC, 0);
    if (folder < 0) {
        return zreg__fail_errno(err, errno, "open the folder of %s", path);
    }
    if (path[0] != '/') {
        return zreg__fail(err, ZREG_INVAL, "%s: write an absolute path", path);
    }
    const char *part = path + 1;
    for (const char *slash; folder >= 0 && (slash = strchr(part, '/')) != NULL; part = slash + 1) {
        ZREG__AUTO_FREE char *name = zreg__strndup(part, (size_t)(slash - part));
        if (name == NULL) {
            return zreg__fail_nomem(err);
        }
        if (is_way_up(name)) {
            return zreg__fail(err, ZREG_INVAL, "%s: write the path without . and ..", path);
        }
        bool last = strchr(slash + 1, '/') == NULL;
        ZREG__TRY(step(&folder, name, path, how, last ? mode : 0755, err));
    }
    if (is_way_up(part)) {
        return zreg__fail(err, ZREG_INVAL, "%s: write the path without . and ..", path);
    }
    *out_name = part;
    *out_fd = folder;
    folder = -1;
    return ZREG_OK;
}
