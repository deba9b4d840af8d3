/* SPDX-License-Identifier: Apache-2.0 */
/** The way to a path beneath a root. */
#ifndef ZREG_HOST_TREE_WALK_H
#define ZREG_HOST_TREE_WALK_H

#include "node/tree.h"

/** What to do where a folder is missing. */
typedef enum zreg__tree_walk { ZREG__TREE_WALK_FIND, ZREG__TREE_WALK_MAKE } zreg__tree_walk;

/**
 * Opens the folder that holds the last part of `path`; `*out_name` is that part. A missing folder
 * gives -1 with ZREG_OK, or is made: the last one with `mode`, others for all to read. Errors: INVAL, CONFLICT (a symbolic link that
 * leads elsewhere), IO.
 */
zreg_status zreg__tree_walk_to(int *out_fd, const char **out_name, const zreg__tree *tree,
                               const char *path, zreg__tree_walk how, mode_t mode, zreg_error *err);

/** Gives a new thing the owner of the folder it is in; 0 or an errno value. */
int zreg__tree_walk_inherit(int fd, int folder);

#endif
