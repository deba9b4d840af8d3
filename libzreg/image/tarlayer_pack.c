/* SPDX-License-Identifier: Apache-2.0 */
/* zreg__tarlayer_pack: walks a folder and writes the same tar for the same content. */
#include "image/tarlayer.h"

#include "base/buf.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "image/tarheader.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct packer {
    const char *folder;
    int64_t mtime_s;
    zreg__gzip gzip;
    zreg__map *first_names; /* "device:inode" -> the name under which a file was packed */
    zreg__buf path;         /* of the entry at hand, relative to the folder */
    zreg__buf header;
    void *block;
    unsigned depth;
    zreg_cancel *cancel;
} packer;

static void packer_finish(packer *self)
{
    zreg__gzip_finish(&self->gzip);
    zreg__map_free(self->first_names);
    zreg__buf_finish(&self->path);
    zreg__buf_finish(&self->header);
    free(self->block);
}

ZREG__DEFINE_AUTO_VALUE(packer, packer_finish)

/* The names of a folder, in byte order. */
typedef struct names {
    struct dirent **entries;
    int count;
} names;

static void names_finish(names *self)
{
    for (int i = 0; i < self->count; i++) {
        free(self->entries[i]);
    }
    free(self->entries);
}

ZREG__DEFINE_AUTO_VALUE(names, names_finish)

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Not alphasort, which follows the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static zreg_status fail_at(const packer *self, int errno_value, zreg_error *err)
{
    return zreg__fail_errno(err, errno_value, "layer %s/%s", self->folder,
                            zreg__buf_cstr(&self->path));
}

static zreg_status add_header(packer *self, zreg__tarheader_type type, const char *target,
                              const struct stat *about, zreg_error *err)
{
    const zreg__tarheader entry = {
        .type = type,
        .path = zreg__buf_cstr(&self->path),
        .target = target,
        .mode = type == ZREG__TAR_SYMLINK ? 0777 : about->st_mode,
        .size_bytes = type == ZREG__TAR_FILE ? (uint64_t)about->st_size : 0,
        .mtime_s = self->mtime_s,
    };
    zreg__buf_reset(&self->header);
    ZREG__TRY(zreg__tarheader_add(&self->header, &entry, err));
    return zreg__gzip_feed(&self->gzip, self->header.data, self->header.size, err);
}

/* The header promised `left` bytes, and exactly so many must follow. */
static zreg_status add_content(packer *self, int fd, uint64_t left, zreg_error *err)
{
    static const char zeros[ZREG__TAR_BLOCK];
    size_t over = left % ZREG__TAR_BLOCK;
    while (left > 0) {
        ZREG__TRY(zreg__cancel_check(self->cancel, err));
        ssize_t size = zreg__fd_read(fd, self->block,
                                     left < ZREG__STREAM_BYTES ? (size_t)left : ZREG__STREAM_BYTES);
        if (size == 0) {
            return zreg__fail(err, ZREG_IO, "layer %s/%s: it became shorter while it was read",
                              self->folder, zreg__buf_cstr(&self->path));
        }
        if (size < 0) {
            return fail_at(self, errno, err);
        }
        ZREG__TRY(zreg__gzip_feed(&self->gzip, self->block, (size_t)size, err));
        left -= (uint64_t)size;
    }
    return over == 0 ? ZREG_OK : zreg__gzip_feed(&self->gzip, zeros, ZREG__TAR_BLOCK - over, err);
}

/* The name under which this file was packed before, or NULL when this is its first name. */
static zreg_status find_first_name(const char **out, packer *self, const struct stat *about,
                                   zreg_error *err)
{
    *out = NULL;
    if (about->st_nlink < 2) {
        return ZREG_OK;
    }
    char key[48];
    snprintf(key, sizeof(key), "%" PRIx64 ":%" PRIx64, (uint64_t)about->st_dev,
             (uint64_t)about->st_ino);
    *out = zreg__map_get(self->first_names, key);
    if (*out != NULL) {
        return ZREG_OK;
    }
    char *name = zreg__strdup(zreg__buf_cstr(&self->path));
    if (name == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg_status status = zreg__map_set(self->first_names, key, name, err);
    if (status != ZREG_OK) {
        free(name);
    }
    return status;
}

static zreg_status add_file(packer *self, int folder, const char *name, zreg_error *err)
{
    struct stat about;
    ZREG__AUTO_FD int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        return fail_at(self, errno, err);
    }
    const char *first = NULL;
    ZREG__TRY(find_first_name(&first, self, &about, err));
    if (first != NULL) {
        return add_header(self, ZREG__TAR_HARDLINK, first, &about, err);
    }
    ZREG__TRY(add_header(self, ZREG__TAR_FILE, "", &about, err));
    return add_content(self, fd, (uint64_t)about.st_size, err);
}

static zreg_status add_symlink(packer *self, int folder, const char *name, const struct stat *about,
                               zreg_error *err)
{
    char target[ZREG__MAX_LINK_TARGET + 1];
    ssize_t size = readlinkat(folder, name, target, sizeof(target));
    if (size < 0) {
        return fail_at(self, errno, err);
    }
    if ((size_t)size == sizeof(target)) {
        return fail_at(self, ENAMETOOLONG, err);
    }
    target[size] = '\0';
    return add_header(self, ZREG__TAR_SYMLINK, target, about, err);
}

static zreg_status add_folder_content(packer *self, int fd, zreg_error *err);

static zreg_status add_folder(packer *self, int folder, const char *name, const struct stat *about,
                              zreg_error *err)
{
    ZREG__AUTO_FD int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return fail_at(self, errno, err);
    }
    if (++self->depth > ZREG__MAX_TREE_DEPTH) {
        return zreg__fail(err, ZREG_LIMIT, "layer %s: folders more than %d deep", self->folder,
                          ZREG__MAX_TREE_DEPTH);
    }
    ZREG__TRY(zreg__buf_text(&self->path, "/", err));
    ZREG__TRY(add_header(self, ZREG__TAR_FOLDER, "", about, err));
    ZREG__TRY(add_folder_content(self, fd, err));
    self->depth--;
    return ZREG_OK;
}

static zreg_status add_entry(packer *self, int folder, const char *name, zreg_error *err)
{
    struct stat about;
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_at(self, errno, err);
    }
    if (S_ISDIR(about.st_mode)) {
        return add_folder(self, folder, name, &about, err);
    }
    if (S_ISLNK(about.st_mode)) {
        return add_symlink(self, folder, name, &about, err);
    }
    if (S_ISREG(about.st_mode)) {
        return add_file(self, folder, name, err);
    }
    return zreg__fail(err, ZREG_INVAL,
                      "layer %s/%s: a device, pipe or socket cannot be in a layer; remove it",
                      self->folder, zreg__buf_cstr(&self->path));
}

static zreg_status list(names *out, const packer *self, int fd, zreg_error *err)
{
    int count = scandirat(fd, ".", &out->entries, is_entry, by_bytes);
    if (count < 0) {
        return fail_at(self, errno, err);
    }
    out->count = count;
    return ZREG_OK;
}

static void cut_path(packer *self, size_t size)
{
    if (self->path.data != NULL) {
        self->path.size = size;
        self->path.data[size] = '\0';
    }
}

static zreg_status add_folder_content(packer *self, int fd, zreg_error *err)
{
    ZREG__AUTO(names) names inside = {NULL, 0};
    size_t size = self->path.size;
    ZREG__TRY(list(&inside, self, fd, err));
    for (int i = 0; i < inside.count; i++) {
        const char *name = inside.entries[i]->d_name;
        ZREG__TRY(zreg__buf_text(&self->path, name, err));
        ZREG__TRY(add_entry(self, fd, name, err));
        cut_path(self, size);
    }
    return ZREG_OK;
}

static zreg_status prepare(packer *self, zreg__gzip_fn write, void *user, zreg_error *err)
{
    self->block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    if (self->block == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_new(&self->first_names, free, err));
    return zreg__gzip_compress(&self->gzip, write, user, err);
}

static zreg_status pack(packer *self, zreg_error *err)
{
    static const char end[2 * ZREG__TAR_BLOCK];
    ZREG__AUTO_FD int fd = open(self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOTDIR
                   ? zreg__fail(err, ZREG_INVAL, "layer %s: no folder", self->folder)
                   : zreg__fail_file(err, errno, self->folder, "layer %s", self->folder);
    }
    ZREG__TRY(add_folder_content(self, fd, err));
    ZREG__TRY(zreg__gzip_feed(&self->gzip, end, sizeof(end), err));
    return zreg__gzip_end(&self->gzip, err);
}

zreg_status zreg__tarlayer_pack(zreg__tarlayer *out, const char *folder, int64_t mtime_s,
                                zreg__gzip_fn write, void *user, zreg_cancel *cancel,
                                zreg_error *err)
{
    ZREG__AUTO(packer)
    packer self = {
        .folder = folder,
        .mtime_s = mtime_s,
        .path = ZREG__BUF(ZREG__MAX_TREE_PATH),
        .header = ZREG__BUF(8 * ZREG__MAX_TREE_PATH),
        .cancel = cancel,
    };
    ZREG__TRY(prepare(&self, write, user, err));
    ZREG__TRY(pack(&self, err));
    *out = (zreg__tarlayer){.size_bytes = self.gzip.packed.bytes, .packing = ZREG__CODEC_GZIP};
    zreg__hash_digest(&self.gzip.packed, out->digest.text);
    zreg__hash_digest(&self.gzip.plain, out->diff_id.text);
    return ZREG_OK;
}
