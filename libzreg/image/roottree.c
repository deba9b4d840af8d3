/* SPDX-License-Identifier: Apache-2.0 */
#include "image/roottree.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include <string.h>

typedef zreg__rootnode node;
typedef zreg__rootinode inode;

void zreg__roottree_release(zreg__roottree *tree, inode *of)
{
    if (of != NULL && --of->links == 0) {
        tree->bytes -= strlen(of->target);
        free(of);
    }
}

static zreg_status take_bytes(zreg__roottree *tree, size_t size, zreg_error *err)
{
    if (size > ZREG__MAX_ROOTFS_BYTES - tree->bytes) {
        return zreg__fail(err, ZREG_LIMIT,
                          "the names of the image's files, and of what links lead to, have more "
                          "than %zu bytes",
                          ZREG__MAX_ROOTFS_BYTES);
    }
    tree->bytes += size;
    return ZREG_OK;
}

zreg_status zreg__roottree_inode(inode **out, zreg__roottree *tree, char type, const char *target,
                                 zreg_error *err)
{
    size_t size = strlen(target);
    if (size > ZREG__ROOTTREE_MAX_PATH) {
        return zreg__fail(err, ZREG_LIMIT, "the target of a link has more than %d bytes",
                          ZREG__ROOTTREE_MAX_PATH);
    }
    ZREG__AUTO_FREE inode *made = zreg__calloc(1, sizeof(inode) + size + 1);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(take_bytes(tree, size, err));
    *made = (inode){.links = 1, .type = type};
    memcpy(made->target, target, size + 1);
    *out = zreg__steal(&made);
    return ZREG_OK;
}

/* --- nodes */

typedef struct node_key {
    char text[ZREG__ROOTTREE_MAX_PATH + 24];
} node_key;

/* By the parent and not by the whole path: to go one step costs one name. */
static void write_key(node_key *out, const node *parent, zreg__span name)
{
    size_t at = 0;
    for (uint64_t left = parent == NULL ? 0 : parent->number; left > 0; left >>= 4) {
        out->text[at++] = "0123456789abcdef"[left & 15];
    }
    out->text[at++] = '/';
    memcpy(out->text + at, name.text, name.size);
    out->text[at + name.size] = '\0';
}

static void link_node(node *made, node *parent)
{
    made->parent = parent;
    if (parent != NULL) {
        made->next = parent->first_child;
        parent->first_child = made;
    }
    if (made->next != NULL) {
        made->next->previous = made;
    }
}

zreg_status zreg__roottree_add(node **out, zreg__roottree *tree, node *parent, zreg__span name,
                               zreg_error *err)
{
    node_key key;
    size_t above = parent == NULL ? 0 : strlen(parent->path);
    size_t begin = above + (above > 0);
    if (name.size > ZREG__ROOTTREE_MAX_PATH - begin || begin > ZREG__ROOTTREE_MAX_PATH) {
        return zreg__fail(err, ZREG_LIMIT, "a name has more than %d bytes",
                          ZREG__ROOTTREE_MAX_PATH);
    }
    if (zreg__map_count(tree->nodes) == ZREG__MAX_ROOTFS_ENTRIES) {
        return zreg__fail(err, ZREG_LIMIT, "the image has more than %d files",
                          ZREG__MAX_ROOTFS_ENTRIES);
    }
    ZREG__AUTO_FREE node *made = zreg__calloc(1, sizeof(node) + begin + name.size + 1);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    memcpy(made->path, above > 0 ? parent->path : "", above);
    memcpy(made->path + above, "/", begin - above);
    memcpy(made->path + begin, name.text, name.size);
    made->name = made->path + begin;
    made->number = ++tree->made;
    write_key(&key, parent, name);
    ZREG__TRY(take_bytes(tree, begin + name.size, err));
    zreg_status status = zreg__map_set(tree->nodes, key.text, made, err);
    if (status != ZREG_OK) {
        tree->bytes -= begin + name.size;
        return status;
    }
    link_node(made, parent);
    *out = zreg__steal(&made);
    return ZREG_OK;
}

node *zreg__roottree_find(const zreg__roottree *tree, const node *folder, zreg__span name)
{
    node_key key;
    if (name.size > ZREG__ROOTTREE_MAX_PATH) {
        return NULL;
    }
    write_key(&key, folder, name);
    return zreg__map_get(tree->nodes, key.text);
}

static void unlink_node(node *gone)
{
    node *parent = gone->parent;
    if (gone->previous != NULL) {
        gone->previous->next = gone->next;
    } else if (parent != NULL) {
        parent->first_child = gone->next;
    }
    if (gone->next != NULL) {
        gone->next->previous = gone->previous;
    }
}

static void remove_one(zreg__roottree *tree, node *gone)
{
    node_key key;
    write_key(&key, gone->parent, zreg__span_of(gone->name));
    unlink_node(gone);
    tree->bytes -= strlen(gone->path);
    zreg__map_remove(tree->nodes, key.text);
    zreg__roottree_release(tree, gone->inode);
    free(gone);
}

/* From the leaves up: no depth of the tree is one of the stack. */
void zreg__roottree_remove(zreg__roottree *tree, node *top)
{
    for (node *at = top, *up = NULL;; at = up) {
        while (at->first_child != NULL) {
            at = at->first_child;
        }
        up = at->parent;
        bool last = at == top;
        remove_one(tree, at);
        if (last) {
            return;
        }
    }
}

zreg_status zreg__roottree_begin(zreg__roottree *tree, zreg_error *err)
{
    ZREG__TRY(zreg__map_new(&tree->nodes, NULL, err));
    return zreg__roottree_add(&tree->top, tree, NULL, zreg__span_of(""), err);
}

void zreg__roottree_finish(zreg__roottree *tree)
{
    if (tree->top != NULL) {
        zreg__roottree_remove(tree, tree->top);
    }
    zreg__map_free(tree->nodes);
}
