/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Files beneath a root folder, by absolute paths as seen from it.
 *
 * No path leads out of the root: each folder on the way is opened beneath the one before, and a
 * symbolic link is followed only to a sibling of its own. Errors name the path beneath the root.
 */
#ifndef ZREG_HOST_TREE_H
#define ZREG_HOST_TREE_H

#include "base/strings.h"
#include "node/content.h"
#include <sys/types.h>

typedef struct zreg__tree {
    int fd;
    bool is_machine; /* the root is "/" */
} zreg__tree;

/** Whose a file is, and what may be done with it. */
typedef struct zreg__owner {
    mode_t mode;
    uid_t uid;
    gid_t gid;
} zreg__owner;

/** Opens a root, NULL for "/". Errors: NOTFOUND, IO. */
zreg_status zreg__tree_open(zreg__tree *out, const char *root, zreg_error *err);

void zreg__tree_close(zreg__tree *tree);

ZREG__DEFINE_AUTO_VALUE(zreg__tree, zreg__tree_close)

/** Reads a regular file; a missing one gives no content. `owner` may be NULL. Errors: IO, LIMIT,
 *  CONFLICT (a symbolic link, or no regular file). */
zreg_status zreg__tree_read(zreg__content *out, zreg__owner *owner, const zreg__tree *tree,
                            const char *path, size_t maximum, zreg_error *err);

/** Whether anything is there. Symbolic links count as they are. */
zreg_status zreg__tree_exists(bool *out, const zreg__tree *tree, const char *path, zreg_error *err);

/** The names in a folder, sorted; none for a missing folder. */
zreg_status zreg__tree_list(zreg_strings **out, const zreg__tree *tree, const char *path,
                            zreg_error *err);

/**
 * Writes a file in one step, synced, and makes its folders. A new file and new folders belong to
 * the owner of the folder they are in; `owner` NULL: `mode` for a new file, and mode, owner and
 * SELinux label of an existing one are kept.
 */
zreg_status zreg__tree_write(const zreg__tree *tree, const char *path, const zreg__content *content,
                             const zreg__owner *owner, mode_t mode, zreg_error *err);

/** Removes what a write that was cut off left beside a file. */
void zreg__tree_clean(const zreg__tree *tree, const char *path);

/** Removes a file; a missing one is fine. */
zreg_status zreg__tree_remove(const zreg__tree *tree, const char *path, zreg_error *err);

/** Removes a folder if it is empty; *out tells whether it is gone. */
zreg_status zreg__tree_remove_folder(bool *out, const zreg__tree *tree, const char *path,
                                     zreg_error *err);

/** The owner of what is at `path`; false: nothing is there. */
bool zreg__tree_owner(zreg__owner *out, const zreg__tree *tree, const char *path);

/** Makes a folder and its parents. */
zreg_status zreg__tree_make_folder(const zreg__tree *tree, const char *path, mode_t mode,
                                   zreg_error *err);

#endif
