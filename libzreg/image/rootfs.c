/* SPDX-License-Identifier: Apache-2.0 */
#include "image/rootfs.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/entryname.h"
#include "image/roottree.h"
#include <string.h>

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define NOTE ".wh..wh."
#define MAX_FOLLOW 40 /* links, as the kernel has it */

typedef zreg__rootnode node;
typedef zreg__rootinode inode;

struct zreg__rootfs {
    zreg__roottree tree;
    uint64_t steps; /* of this layer, through names */
    uint32_t layer; /* from 1 */
    uint32_t place; /* of the next entry */
    zreg__rootfs_name *names;
};

static void remove_children(zreg__rootfs *fs, node *of)
{
    while (of->first_child != NULL) {
        zreg__roottree_remove(&fs->tree, of->first_child);
    }
}

static void touch(const zreg__rootfs *fs, node *at)
{
    for (; at != NULL && at->touched != fs->layer; at = at->parent) {
        at->touched = fs->layer;
    }
}

static bool is_folder(const node *at)
{
    return at->inode == NULL || at->inode->type == ZREG__TAR_FOLDER;
}

/* --- ways through the tree */

typedef struct walk {
    zreg__rootfs *fs;
    unsigned followed;
    bool make; /* folders that are missing */
} walk;

/* Links lead through many names with few bytes of a layer. */
static zreg_status count_step(zreg__rootfs *fs, zreg_error *err)
{
    return ++fs->steps <= ZREG__MAX_ROOTFS_STEPS
               ? ZREG_OK
               : zreg__fail(err, ZREG_LIMIT,
                            "the names and links of a layer lead through more than %d folders",
                            ZREG__MAX_ROOTFS_STEPS);
}

static zreg_status descend(node **out, walk *self, node *from, const char *path, zreg_error *err);

static zreg_status follow(node **out, walk *self, node *link, zreg_error *err)
{
    const char *target = link->inode->target;
    if (++self->followed > MAX_FOLLOW) {
        return zreg__fail(err, ZREG_CORRUPT, "\"%.200s\": too many symbolic links", link->path);
    }
    return descend(out, self, target[0] == '/' ? self->fs->tree.top : link->parent, target, err);
}

static bool is_whiteout(zreg__span name)
{
    return name.size >= strlen(WHITEOUT) && memcmp(name.text, WHITEOUT, strlen(WHITEOUT)) == 0;
}

/* The folder of this name, through links; `*out` is NULL when it is missing and not to be made. */
static zreg_status enter(node **out, walk *self, node *folder, zreg__span name, zreg_error *err)
{
    if (is_whiteout(name)) {
        return zreg__fail(err, ZREG_CORRUPT, "a name goes through a whiteout, which is no folder");
    }
    node *child = zreg__roottree_find(&self->fs->tree, folder, name);
    if (child == NULL && self->make) {
        ZREG__TRY(zreg__roottree_add(&child, &self->fs->tree, folder, name, err));
    }
    if (child != NULL && !is_folder(child)) {
        return child->inode->type == ZREG__TAR_SYMLINK
                   ? follow(out, self, child, err)
                   : zreg__fail(err, ZREG_CORRUPT, "\"%.200s\" is no folder", child->path);
    }
    *out = child;
    return ZREG_OK;
}

/* A way out of the top ends at the top, as it does for who runs the image. */
static zreg_status descend(node **out, walk *self, node *from, const char *path, zreg_error *err)
{
    zreg__span rest = zreg__span_of(path);
    *out = from;
    while (rest.text != NULL && *out != NULL) {
        zreg__span part = zreg__span_cut(&rest, '/');
        ZREG__TRY(count_step(self->fs, err));
        if (part.size == 0 || zreg__span_is(part, ".")) {
            continue;
        }
        if (zreg__span_is(part, "..")) {
            *out = (*out)->parent != NULL ? (*out)->parent : *out;
            continue;
        }
        ZREG__TRY(enter(out, self, *out, part, err));
    }
    return ZREG_OK;
}

/* --- whiteouts */

static node *below(const zreg__rootfs *fs, node *at)
{
    bool over = at->touched != fs->layer || at->pruned == fs->layer;
    at->pruned = fs->layer;
    return over ? NULL : at->first_child;
}

/* What this layer told of stays, and so does the way to it. What is below a folder that was gone through is of this
 * layer alone, so each is gone through once. */
static void prune(zreg__rootfs *fs, node *top)
{
    node *at = top;
    while (at != NULL) {
        node *down = below(fs, at);
        node *over = NULL;
        for (node *up = at; down == NULL && up != top && over == NULL; up = up->parent) {
            over = up->next;
        }
        node *gone = at->touched == fs->layer ? NULL : at;
        at = down != NULL ? down : over;
        if (gone != NULL) {
            zreg__roottree_remove(&fs->tree, gone);
        }
    }
}

static void prune_children(zreg__rootfs *fs, node *folder)
{
    node *first = folder->pruned == fs->layer ? NULL : folder->first_child;
    folder->pruned = fs->layer;
    for (node *child = first, *next = NULL; child != NULL; child = next) {
        next = child->next;
        prune(fs, child);
    }
}

static zreg_status take_away(zreg__rootfs *fs, const zreg__entryname *entry, zreg_error *err)
{
    walk self = {.fs = fs};
    node *folder = NULL;
    const char *name = entry->name + strlen(WHITEOUT);
    ZREG__TRY(descend(&folder, &self, fs->tree.top, entry->folder, err));
    if (folder != NULL && zreg__str_equal(entry->name, OPAQUE)) {
        prune_children(fs, folder);
        return ZREG_OK;
    }
    if (folder == NULL || zreg__str_starts(name, WHITEOUT)) {
        return ZREG_OK; /* nothing is there; or it is a note of AUFS's own */
    }
    if (name[0] == '\0' || zreg__str_equal(name, ".") || zreg__str_equal(name, "..")) {
        return zreg__fail(err, ZREG_CORRUPT, "the whiteout \"%.200s\" names nothing", entry->name);
    }
    node *child = zreg__roottree_find(&fs->tree, folder, zreg__span_of(name));
    if (child != NULL) {
        prune(fs, child);
    }
    return ZREG_OK;
}

/* --- entries */

static zreg_status new_inode(inode **out, zreg__rootfs *fs, const zreg__tarentry *entry,
                             zreg_error *err)
{
    const char *target = entry->type == ZREG__TAR_SYMLINK ? entry->target : "";
    ZREG__TRY(zreg__roottree_inode(out, &fs->tree, entry->type, target, err));
    (*out)->layer = fs->layer - 1;
    (*out)->place = fs->place - 1;
    return ZREG_OK;
}

/* What a hard link is a further name of. */
static zreg_status find_linked(inode **out, zreg__rootfs *fs, const zreg__tarentry *entry,
                               zreg_error *err)
{
    walk self = {.fs = fs};
    node *folder = NULL;
    node *found = NULL;
    ZREG__AUTO(zreg__entryname) zreg__entryname target = {NULL, NULL};
    ZREG__TRY(zreg__entryname_split(&target, entry->target, err));
    ZREG__TRY(descend(&folder, &self, fs->tree.top, target.folder, err));
    if (folder != NULL && target.name[0] != '\0') {
        found = zreg__roottree_find(&fs->tree, folder, zreg__span_of(target.name));
    }
    if (found == NULL || is_folder(found)) {
        return zreg__fail(err, ZREG_CORRUPT, "\"%.200s\" is a hard link to \"%.200s\", which is %s",
                          entry->name, entry->target, found == NULL ? "missing" : "a folder");
    }
    *out = found->inode;
    (*out)->links++;
    return ZREG_OK;
}

static zreg_status place_at(node **out, zreg__rootfs *fs, const zreg__entryname *name,
                            zreg_error *err)
{
    walk self = {.fs = fs, .make = true};
    node *folder = NULL;
    if (name->name[0] == '\0') {
        *out = fs->tree.top;
        return ZREG_OK;
    }
    ZREG__TRY(descend(&folder, &self, fs->tree.top, name->folder, err));
    *out = zreg__roottree_find(&fs->tree, folder, zreg__span_of(name->name));
    return *out != NULL
               ? ZREG_OK
               : zreg__roottree_add(out, &fs->tree, folder, zreg__span_of(name->name), err);
}

static zreg_status set_entry(zreg__rootfs *fs, const zreg__entryname *name,
                             const zreg__tarentry *entry, zreg_error *err)
{
    node *at = NULL;
    inode *made = NULL;
    bool folder = entry->type == ZREG__TAR_FOLDER;
    if (name->name[0] == '\0' && !folder) {
        return zreg__fail(err, ZREG_CORRUPT, "the top of the image, \"%.200s\", is no folder",
                          entry->name);
    }
    ZREG__TRY(entry->type == ZREG__TAR_HARDLINK ? find_linked(&made, fs, entry, err)
                                                : new_inode(&made, fs, entry, err));
    zreg_status status = place_at(&at, fs, name, err);
    if (status != ZREG_OK) {
        zreg__roottree_release(&fs->tree, made);
        return status;
    }
    if (!folder) {
        remove_children(fs, at);
    }
    zreg__roottree_release(&fs->tree, at->inode);
    at->inode = made;
    touch(fs, at);
    return ZREG_OK;
}

/* What AUFS kept beside the files, as old layers have it. */
static bool is_note(const char *folder)
{
    for (zreg__span rest = zreg__span_of(folder); rest.text != NULL;) {
        zreg__span part = zreg__span_cut(&rest, '/');
        if (part.size >= strlen(NOTE) && memcmp(part.text, NOTE, strlen(NOTE)) == 0) {
            return true;
        }
    }
    return false;
}

zreg_status zreg__rootfs_add(zreg__rootfs *fs, const zreg__tarentry *entry, zreg_error *err)
{
    ZREG__AUTO(zreg__entryname) zreg__entryname name = {NULL, NULL};
    if (fs->place == UINT32_MAX) {
        return zreg__fail(err, ZREG_LIMIT, "a layer has more than %u entries", UINT32_MAX);
    }
    ZREG__TRY(zreg__entryname_split(&name, entry->name, err));
    fs->place++;
    if (is_note(name.folder)) {
        return ZREG_OK;
    }
    return zreg__str_starts(name.name, WHITEOUT) ? take_away(fs, &name, err)
                                                 : set_entry(fs, &name, entry, err);
}

/* --- all of it */

zreg_status zreg__rootfs_new(zreg__rootfs **out, zreg_error *err)
{
    ZREG__AUTO(zreg__rootfs) zreg__rootfs *fs = zreg__new(zreg__rootfs);
    if (fs == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__roottree_begin(&fs->tree, err));
    *out = zreg__steal(&fs);
    return ZREG_OK;
}

void zreg__rootfs_next_layer(zreg__rootfs *fs)
{
    fs->layer++;
    fs->place = 0;
    fs->steps = 0;
}

static int by_place(const void *a, const void *b)
{
    const zreg__rootfs_name *one = a;
    const zreg__rootfs_name *other = b;
    if (one->layer != other->layer) {
        return one->layer < other->layer ? -1 : 1;
    }
    if (one->place != other->place) {
        return one->place < other->place ? -1 : 1;
    }
    return strcmp(one->path, other->path);
}

zreg_status zreg__rootfs_names(const zreg__rootfs_name **out, size_t *out_count, zreg__rootfs *fs,
                               zreg_error *err)
{
    size_t count = 0;
    size_t position = 0;
    const char *path = NULL;
    void *value = NULL;
    free(fs->names);
    fs->names = zreg__calloc(zreg__map_count(fs->tree.nodes), sizeof(*fs->names));
    if (fs->names == NULL) {
        return zreg__fail_nomem(err);
    }
    while (zreg__map_next(fs->tree.nodes, &position, &path, &value)) {
        const node *at = value;
        if (at->inode != NULL) {
            fs->names[count++] = (zreg__rootfs_name){at->inode->layer, at->inode->place, at->path};
        }
    }
    qsort(fs->names, count, sizeof(*fs->names), by_place);
    *out = fs->names;
    *out_count = count;
    return ZREG_OK;
}

void zreg__rootfs_free(zreg__rootfs *fs)
{
    if (fs == NULL) {
        return;
    }
    zreg__roottree_finish(&fs->tree);
    free(fs->names);
    free(fs);
}
