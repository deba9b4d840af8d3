/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The file system that the layers of an image make (image-spec, layer.md): names and where their content is.
 *
 * Layers are told in their order, entry by entry, as they would be unpacked: whiteouts take away what lower layers
 * have, links are followed within the image alone. Pure: no I/O. Bounded in entries, in bytes of names and of targets, and in the ways of a layer. After all
 * are told, each entry that is left is found by its layer and its place in it.
 */
#ifndef ZREG_IMAGE_ROOTFS_H
#define ZREG_IMAGE_ROOTFS_H

#include "base/compiler.h"
#include "image/tarstream.h"

typedef struct zreg__rootfs zreg__rootfs;

/** Errors: NOMEM. */
zreg_status zreg__rootfs_new(zreg__rootfs **out, zreg_error *err);

/** What comes now is of the next layer. */
void zreg__rootfs_next_layer(zreg__rootfs *fs);

/** Errors: CORRUPT (a name that leads out of the image, a hard link to nothing), LIMIT, NOMEM. */
zreg_status zreg__rootfs_add(zreg__rootfs *fs, const zreg__tarentry *entry, zreg_error *err);

/** A name of what is left. Entries of one content (hard links) stand side by side. */
typedef struct zreg__rootfs_name {
    uint32_t layer;   /* from 0 */
    uint32_t place;   /* of the entry in its layer, from 0 */
    const char *path; /* relative, with no slash at its end; "" for the top */
} zreg__rootfs_name;

/** All names, by layer and place, then by path; valid until the tree is freed. Errors: NOMEM. */
zreg_status zreg__rootfs_names(const zreg__rootfs_name **out, size_t *out_count, zreg__rootfs *fs,
                               zreg_error *err);

void zreg__rootfs_free(zreg__rootfs *fs);

ZREG__DEFINE_AUTO(zreg__rootfs, zreg__rootfs_free)

#endif
