/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The files of an OCI image layout (image-spec, image-layout.md).
 *
 * The folder's own path is the caller's and trusted; what is inside it is not: only names made of
 * checked digests are opened, symbolic links are not followed, and only regular files are read.
 * Files appear whole, by rename.
 */
#ifndef ZREG_IMAGE_LAYOUT_H
#define ZREG_IMAGE_LAYOUT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/map.h"
#include "image/tarindex.h"
#include <stdbool.h>
#include <zreg/cancel.h>
#include <zreg/digest.h>
#include <zreg/manifest.h>

/** Where a layout's files lie: in a folder, or in a tar archive, which is only read. */
typedef struct zreg__layout {
    int fd; /* the folder, or -1 */
    zreg__tarindex *tar;
} zreg__layout;

/** A blob's bytes within a file. */
typedef struct zreg__layout_blob {
    int fd;
    bool owned; /* else it is the archive's */
    uint64_t offset;
    uint64_t size_bytes;
} zreg__layout_blob;

/** One entry of index.json. */
typedef struct zreg__layout_entry {
    zreg_digest digest;
    uint64_t size_bytes;
    char media_type[128];
} zreg__layout_entry;

/** A file that is being written into the layout, and is not there until it is kept. */
typedef struct zreg__layout_file {
    int fd;
    int folder;
    char name[40];
} zreg__layout_file;

/** Opens the folder; with `make` it is made a layout when it is none. Errors: NOTFOUND, INVAL. */
zreg_status zreg__layout_open(int *out_fd, const char *path, bool make, zreg_error *err);

/** Sees to it that an archive is a layout. Errors: INVAL, UNSUPPORTED (another version). */
zreg_status zreg__layout_check(const zreg__layout *layout, zreg_error *err);

/** Reads a small file of the layout whole, up to the buffer's maximum. Errors: NOTFOUND, LIMIT. */
zreg_status zreg__layout_read(zreg__buf *to, const zreg__layout *layout, const char *name,
                              zreg_error *err);

/** Opens a blob for reading. Errors: NOTFOUND, CORRUPT (no regular file), IO. */
zreg_status zreg__layout_blob_open(zreg__layout_blob *out, const zreg__layout *layout,
                                   const zreg_digest *digest, zreg_error *err);
void zreg__layout_blob_finish(zreg__layout_blob *blob);

/** Reads a manifest, verified; `media_type` may be NULL. Errors: as above, and of parsing. */
zreg_status zreg__layout_manifest(zreg_manifest **out, const zreg__layout *layout,
                                  const zreg_digest *digest, const char *media_type,
                                  zreg_error *err);

/** Whether a blob is there with just these bytes. */
bool zreg__layout_holds(const zreg__layout *layout, const zreg_digest *digest, const void *bytes,
                        size_t size);

/** Starts a new blob of an algorithm ("sha256"). */
zreg_status zreg__layout_file_new(zreg__layout_file *out, int layout, const char *algorithm,
                                  zreg_error *err);

/** Gives the file the name of its digest. */
zreg_status zreg__layout_file_keep(zreg__layout_file *file, const zreg_digest *digest,
                                   zreg_error *err);

/** Closes the file, and removes it when it was not kept. */
void zreg__layout_file_finish(zreg__layout_file *file);

/**
 * Looks up a name in index.json: the entry named `tag`, or that of `digest`, or with neither the
 * only one, where what belongs to an image does not count. An entry is named by
 * org.opencontainers.image.ref.name or io.containerd.image.name. What stands there comes first; then
 * names that say the same ("a:1" and "docker.io/library/a:1"); then, for a tag, the one image of that
 * tag. With `to_write` only what stands there counts. Errors: NOTFOUND, INVAL (several and no tag
 * given, no proper index).
 */
zreg_status zreg__layout_index_find(zreg__layout_entry *out, const zreg__layout *layout,
                                    const char *tag, const zreg_digest *digest, bool to_write,
                                    zreg_error *err);

/** Entry number `i` of index.json, from 0. Errors: NOTFOUND, INVAL. */
zreg_status zreg__layout_index_at(zreg__layout_entry *out, const zreg__layout *layout, size_t i,
                                  zreg_error *err);

/** The whole of index.json, whose "manifests" is a list. Errors: NOTFOUND, INVAL, LIMIT. */
zreg_status zreg__layout_index_load(zreg__json **out, const zreg__layout *layout, zreg_error *err);

/** The tag of an entry of that list, or NULL. */
const char *zreg__layout_index_tag(const zreg__json *entry);

/** An entry of that list, named by `tag` (may be NULL): a tag, or a whole reference. */
zreg_status zreg__layout_index_entry(zreg__json **out, const zreg_manifest *manifest,
                                     const char *tag, zreg_error *err);

/** Adds a manifest to index.json; a `tag` (may be NULL) is taken from whoever had it, by the rule by
 *  which it is found: an entry under another spelling of that name goes too. Without a tag, what is
 *  listed under one stays as it is, and nothing is added. */
zreg_status zreg__layout_index_add(int layout, const char *path, const zreg_manifest *manifest,
                                   const char *tag, zreg_cancel *cancel, zreg_error *err);

/**
 * What index.json lists that names a subject: subject -> zreg_strings of digests. That are entries
 * of its own, as oras writes them, and those of lists under the tag of a subject, as regctl does.
 * With `to_write` what is spoiled counts as not there, so that it is written again. Errors: CORRUPT,
 * LIMIT, IO. Free it with zreg__map_free.
 */
zreg_status zreg__layout_referrers(zreg__map **out, const zreg__layout *layout, bool to_write,
                                   zreg_cancel *cancel, zreg_error *err);

ZREG__DEFINE_AUTO_VALUE(zreg__layout_blob, zreg__layout_blob_finish)
ZREG__DEFINE_AUTO_VALUE(zreg__layout_file, zreg__layout_file_finish)

#endif
