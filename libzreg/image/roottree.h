/* SPDX-License-Identifier: Apache-2.0 */
/** Names of a file system as a tree, bounded in nodes and in bytes of paths and of targets of links. */
#ifndef ZREG_IMAGE_ROOTTREE_H
#define ZREG_IMAGE_ROOTTREE_H

#include "base/map.h"
#include "base/str.h"
#include <stdint.h>

#define ZREG__ROOTTREE_MAX_PATH 4096

/** What names stand for. */
typedef struct zreg__rootinode {
    uint32_t layer;
    uint32_t place;
    uint32_t links;
    char type;
    char target[]; /* of a symbolic link */
} zreg__rootinode;

typedef struct zreg__rootnode {
    struct zreg__rootnode *parent; /* NULL: the top */
    struct zreg__rootnode *first_child;
    struct zreg__rootnode *next; /* among the children of its parent */
    struct zreg__rootnode *previous;
    zreg__rootinode *inode; /* NULL: a folder that no layer tells of */
    uint32_t touched;       /* the last layer that told of it, or of something below, from 1 */
    uint32_t pruned;        /* the last layer that took away what was below it before */
    uint64_t number;        /* of its own, never of another */
    const char *name;       /* the end of the path */
    char path[];
} zreg__rootnode;

typedef struct zreg__roottree {
    zreg__rootnode *top;
    zreg__map *nodes; /* number of the parent and name -> node */
    size_t bytes;     /* of paths and of targets */
    uint64_t made;    /* nodes, ever */
} zreg__roottree;

/** Makes the top. After an error it is finished too. Errors: NOMEM. */
zreg_status zreg__roottree_begin(zreg__roottree *tree, zreg_error *err);

/** An inode with one link. Errors: LIMIT, NOMEM. */
zreg_status zreg__roottree_inode(zreg__rootinode **out, zreg__roottree *tree, char type,
                                 const char *target, zreg_error *err);

/** One link less; NULL is nothing. */
void zreg__roottree_release(zreg__roottree *tree, zreg__rootinode *of);

/** The child of this name, or NULL: at the cost of the name, however deep the folder lies. */
zreg__rootnode *zreg__roottree_find(const zreg__roottree *tree, const zreg__rootnode *folder,
                                    zreg__span name);

/** A child that is not there yet. Errors: LIMIT, NOMEM. */
zreg_status zreg__roottree_add(zreg__rootnode **out, zreg__roottree *tree, zreg__rootnode *parent,
                               zreg__span name, zreg_error *err);

/** Removes a node and all below it, at no depth of the stack. */
void zreg__roottree_remove(zreg__roottree *tree, zreg__rootnode *top);

void zreg__roottree_finish(zreg__roottree *tree);

#endif
