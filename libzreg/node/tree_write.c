/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "node/tree.h"
#include "node/tree_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* The folder and the name of a file, what is there, and what it shall belong to. */
typedef struct target {
    const char *path;
    int folder;
    const char *name;
    const zreg__content *content;
    const zreg__owner *owner; /* NULL: as what is there, or as the folder */
    mode_t mode;              /* of a new file */
} target;

/* What the kernel keeps beside mode and owner. Where there is no such thing, nothing is lost. */
static void copy_labels(int to, int from)
{
    static const char *const names[] = {"security.selinux", "system.posix_acl_access"};
    char value[4096];
    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        ssize_t size = fgetxattr(from, names[i], value, sizeof(value));
        if (size > 0) {
            (void)!fsetxattr(to, names[i], value, (size_t)size, 0);
        }
    }
}

static int set_owner(int fd, const target *t, int old)
{
    struct stat info;
    zreg__owner owner = {t->mode, geteuid(), getegid()};
    if (t->owner != NULL) {
        owner = *t->owner;
    } else if (old >= 0 && fstat(old, &info) == 0) {
        owner = (zreg__owner){info.st_mode & 07777, info.st_uid, info.st_gid};
    } else {
        int failed = zreg__tree_walk_inherit(fd, t->folder);
        return failed != 0 ? failed : fchmod(fd, t->mode) == 0 ? 0 : errno;
    }
    if (fstat(fd, &info) != 0 ||
        ((info.st_uid != owner.uid || info.st_gid != owner.gid) &&
         fchown(fd, owner.uid, owner.gid) != 0) ||
        fchmod(fd, owner.mode) != 0) {
        return errno;
    }
    return 0;
}

static int fill(int fd, const target *t, int old)
{
    int failed = set_owner(fd, t, old);
    if (failed == 0 && old >= 0) {
        copy_labels(fd, old);
    }
    failed = failed == 0 ? zreg__fd_write_all(fd, t->content->bytes, t->content->size) : failed;
    return failed == 0 && fsync(fd) != 0 ? errno : failed;
}

/* A file that is a mount point, as /etc/hosts in containers, cannot be replaced, only rewritten.
 * Readers may see it half-written for a moment; the record of what was there is on disk. */
static int rewrite(const target *t)
{
    ZREG__AUTO_FD int fd = openat(t->folder, t->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int failed = zreg__fd_write_all(fd, t->content->bytes, t->content->size);
    if (failed == 0 && (ftruncate(fd, (off_t)t->content->size) != 0 || fsync(fd) != 0)) {
        failed = errno;
    }
    return failed == 0 && t->owner != NULL && fchmod(fd, t->owner->mode) != 0 ? errno : failed;
}

static int replace(const target *t, const char *temporary, int fd, int old)
{
    int failed = fill(fd, t, old);
    if (failed == 0 && renameat(t->folder, temporary, t->folder, t->name) != 0) {
        failed = errno;
    }
    if (failed != 0) {
        unlinkat(t->folder, temporary, 0);
    }
    if (failed == EBUSY) {
        failed = rewrite(t);
    }
    return failed == 0 && fsync(t->folder) != 0 ? errno : failed;
}

/* Always the same name, so that what a crash left behind is found again. NULL: memory ran out. */
static char *temporary_name(const char *name)
{
    return zreg__asprintf(".%s.zreg", name);
}

void zreg__tree_clean(const zreg__tree *tree, const char *path)
{
    ZREG__AUTO_FD int folder = -1;
    const char *name = NULL;
    if (zreg__tree_walk_to(&folder, &name, tree, path, ZREG__TREE_WALK_FIND, 0, NULL) != ZREG_OK) {
        return;
    }
    ZREG__AUTO_FREE char *temporary = temporary_name(name);
    if (folder >= 0 && temporary != NULL) {
        (void)!unlinkat(folder, temporary, 0);
    }
}

static zreg_status write_target(const target *t, zreg_error *err)
{
    ZREG__AUTO_FREE char *temporary = temporary_name(t->name);
    if (temporary == NULL) {
        return zreg__fail_nomem(err);
    }
    (void)!unlinkat(t->folder, temporary, 0);
    ZREG__AUTO_FD int old = openat(t->folder, t->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (old < 0 && errno != ENOENT) {
        return zreg__fail_errno(err, errno, "write %s", t->path);
    }
    ZREG__AUTO_FD int fd =
        openat(t->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int failed = fd < 0 ? errno : replace(t, temporary, fd, old);
    return failed == 0 ? ZREG_OK : zreg__fail_errno(err, failed, "write %s", t->path);
}

zreg_status zreg__tree_write(const zreg__tree *tree, const char *path, const zreg__content *content,
                             const zreg__owner *owner, mode_t mode, zreg_error *err)
{
    ZREG__AUTO_FD int folder = -1;
    target t = {.path = path, .content = content, .owner = owner, .mode = mode};
    mode_t folders = (mode & 077) == 0 ? 0700 : 0755;
    ZREG__TRY(zreg__tree_walk_to(&folder, &t.name, tree, path, ZREG__TREE_WALK_MAKE, folders, err));
    t.folder = folder;
    return write_target(&t, err);
}
