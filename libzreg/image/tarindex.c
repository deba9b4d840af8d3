/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tarindex.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/tarfile.h"
#include "image/tarheader.h"
#include <errno.h>
#include <string.h>

#define MAX_NAME 4096
#define MAX_FOLLOW 8

typedef struct entry {
    zreg__tarindex_file file;
    char *link; /* not NULL: the name that this one stands for */
} entry;

struct zreg__tarindex {
    int fd;
    uint64_t size_bytes;
    zreg__map *entries;
};

/* What a pax or GNU header said about the entry after it. */
typedef struct overrides {
    char *name;
    char *link;
    bool has_size;
    uint64_t size_bytes;
} overrides;

static void overrides_finish(overrides *self)
{
    free(self->name);
    free(self->link);
    *self = (overrides){.name = NULL};
}

ZREG__DEFINE_AUTO_VALUE(overrides, overrides_finish)

static void entry_free(void *value)
{
    entry *self = value;
    free(self->link);
    free(self);
}

zreg_status zreg__tarindex_read(size_t *out_size, const zreg__tarindex *tar, uint64_t offset,
                                void *buffer, size_t capacity, zreg_error *err)
{
    ssize_t got = zreg__fd_read_at(tar->fd, buffer, capacity, offset);
    if (got < 0) {
        return zreg__fail_errno(err, errno, "read the archive");
    }
    *out_size = (size_t)got;
    return ZREG_OK;
}

static zreg_status read_exactly(const zreg__tarindex *tar, uint64_t offset, void *buffer,
                                size_t size, zreg_error *err)
{
    for (size_t done = 0; done < size;) {
        size_t got = 0;
        ZREG__TRY(
            zreg__tarindex_read(&got, tar, offset + done, (char *)buffer + done, size - done, err));
        if (got == 0) {
            return zreg__fail(err, ZREG_INVAL, "the archive is cut off");
        }
        done += got;
    }
    return ZREG_OK;
}

/* "./a//b/../c" as "a/c"; a way out of the archive's top ends at the top. */
static void normalise(char *name)
{
    char *to = name;
    zreg__span rest = zreg__span_of(name);
    while (rest.text != NULL) {
        zreg__span part = zreg__span_cut(&rest, '/');
        if (part.size == 0 || zreg__span_is(part, ".")) {
            continue;
        }
        if (zreg__span_is(part, "..")) {
            while (to > name && *--to != '/') {
            }
            continue;
        }
        if (to > name) {
            *to++ = '/';
        }
        memmove(to, part.text, part.size);
        to += part.size;
    }
    *to = '\0';
}

/* Symbolic links are relative to the folder they lie in, hard links to the archive's top. */
static char *link_target(const char *name, const char *link, bool symbolic)
{
    const char *slash = strrchr(name, '/');
    char *target = symbolic && link[0] != '/' && slash != NULL
                       ? zreg__asprintf("%.*s/%s", (int)(slash - name), name, link)
                       : zreg__strdup(link);
    if (target != NULL) {
        normalise(target);
    }
    return target;
}

static zreg_status add(zreg__tarindex *tar, char *name, const zreg__tarindex_file *file,
                       const char *link, bool symbolic, zreg_error *err)
{
    if (zreg__map_count(tar->entries) >= ZREG__MAX_GRAPH_NODES) {
        return zreg__fail(err, ZREG_LIMIT, "the archive has more than %d files",
                          ZREG__MAX_GRAPH_NODES);
    }
    entry *added = zreg__new(entry);
    if (added == NULL) {
        return zreg__fail_nomem(err);
    }
    normalise(name);
    added->file = *file;
    added->link = link != NULL ? link_target(name, link, symbolic) : NULL;
    zreg_status status = link != NULL && added->link == NULL
                             ? zreg__fail_nomem(err)
                             : zreg__map_set(tar->entries, name, added, err);
    if (status != ZREG_OK) {
        entry_free(added);
    }
    return status;
}

static zreg_status read_text(char **out, const zreg__tarindex *tar, const zreg__tarindex_file *file,
                             zreg_error *err)
{
    if (file->size_bytes > MAX_NAME) {
        return zreg__fail(err, ZREG_LIMIT, "the archive has a header of %llu bytes",
                          (unsigned long long)file->size_bytes);
    }
    ZREG__AUTO_FREE char *text = zreg__calloc(file->size_bytes + 1, 1);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(read_exactly(tar, file->offset, text, file->size_bytes, err));
    *out = zreg__steal(&text);
    return ZREG_OK;
}

static zreg_status take_pax(overrides *next, zreg__span key, zreg__span value, zreg_error *err)
{
    if (zreg__span_is(key, "size")) {
        next->has_size = zreg__span_u64(value, &next->size_bytes);
        return next->has_size ? ZREG_OK : zreg__fail(err, ZREG_INVAL, "a pax size is no number");
    }
    char **text = zreg__span_is(key, "path")       ? &next->name
                  : zreg__span_is(key, "linkpath") ? &next->link
                                                   : NULL;
    if (text != NULL) {
        free(*text);
        *text = zreg__strndup(value.text, value.size);
        return *text != NULL ? ZREG_OK : zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

/* Records "LENGTH KEY=VALUE\n", where LENGTH counts itself too. */
static zreg_status parse_pax(overrides *next, const char *text, size_t size, zreg_error *err)
{
    for (size_t at = 0; at < size;) {
        zreg__span rest = {text + at, size - at};
        uint64_t length = 0;
        zreg__span number = zreg__span_cut(&rest, ' ');
        if (!zreg__span_u64(number, &length) || length > size - at || length < number.size + 3) {
            return zreg__fail(err, ZREG_INVAL, "a pax header is malformed");
        }
        zreg__span value = {rest.text, length - number.size - 2};
        zreg__span key = zreg__span_cut(&value, '=');
        if (value.text == NULL) {
            return zreg__fail(err, ZREG_INVAL, "a pax header is malformed");
        }
        ZREG__TRY(take_pax(next, key, value, err));
        at += length;
    }
    return ZREG_OK;
}

/* Headers that describe the entry after them; `*out_done` when this was one. */
static zreg_status take_extension(bool *out_done, overrides *next, const zreg__tarindex *tar,
                                  char type, const zreg__tarindex_file *file, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = NULL;
    *out_done = type == 'L' || type == 'K' || type == 'x' || type == 'g';
    if (!*out_done || type == 'g') {
        return ZREG_OK;
    }
    ZREG__TRY(read_text(&text, tar, file, err));
    if (type == 'x') {
        return parse_pax(next, text, file->size_bytes, err);
    }
    char **to = type == 'L' ? &next->name : &next->link;
    free(*to);
    *to = zreg__steal(&text);
    return ZREG_OK;
}

static zreg_status take_entry(zreg__tarindex *tar, const void *header, overrides *next,
                              const zreg__tarindex_file *file, zreg_error *err)
{
    char type = zreg__tarheader_type_of(header);
    bool regular = type == ZREG__TAR_FILE || type == '\0';
    bool link = type == ZREG__TAR_HARDLINK || type == ZREG__TAR_SYMLINK;
    if (!regular && !link) {
        return ZREG_OK;
    }
    ZREG__AUTO_FREE char *name =
        next->name != NULL ? zreg__steal(&next->name) : zreg__tarheader_name(header);
    ZREG__AUTO_FREE char *target =
        next->link != NULL ? zreg__steal(&next->link) : zreg__tarheader_target(header);
    if (name == NULL || target == NULL) {
        return zreg__fail_nomem(err);
    }
    return add(tar, name, file, link ? target : NULL, type == ZREG__TAR_SYMLINK, err);
}

static zreg_status check_header(const unsigned char *bytes, uint64_t at, zreg_error *err)
{
    if (!zreg__tarheader_is_valid(bytes)) {
        return zreg__fail(err, ZREG_INVAL,
                          at == 0 ? "not a tar archive" : "a tar header is damaged");
    }
    return ZREG_OK;
}

static zreg_status take_header(uint64_t *at, zreg__tarindex *tar, const void *header,
                               overrides *next, zreg_error *err)
{
    zreg__tarindex_file file = {.offset = *at + ZREG__TAR_BLOCK};
    char type = zreg__tarheader_type_of(header);
    bool extension = false;
    ZREG__TRY(check_header(header, *at, err));
    if (!zreg__tarheader_size(&file.size_bytes, header)) {
        return zreg__fail(err, ZREG_INVAL, "a tar header has a wrong size");
    }
    file.size_bytes = next->has_size ? next->size_bytes : file.size_bytes;
    if (type == ZREG__TAR_HARDLINK || type == ZREG__TAR_SYMLINK || type == ZREG__TAR_FOLDER) {
        file.size_bytes = 0;
    }
    if (file.offset > tar->size_bytes || file.size_bytes > tar->size_bytes - file.offset) {
        return zreg__fail(err, ZREG_INVAL, "the archive is cut off");
    }
    ZREG__TRY(take_extension(&extension, next, tar, type, &file, err));
    if (!extension) {
        ZREG__TRY(take_entry(tar, header, next, &file, err));
        overrides_finish(next);
    }
    *at = file.offset + (file.size_bytes + ZREG__TAR_BLOCK - 1) / ZREG__TAR_BLOCK * ZREG__TAR_BLOCK;
    return ZREG_OK;
}

static zreg_status walk(zreg__tarindex *tar, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(overrides) overrides next = {.name = NULL};
    for (uint64_t at = 0; at < tar->size_bytes;) {
        unsigned char header[ZREG__TAR_BLOCK];
        ZREG__TRY(zreg__cancel_check(cancel, err));
        ZREG__TRY(read_exactly(tar, at, header, sizeof(header), err));
        if (zreg__tarheader_is_end(header)) {
            return ZREG_OK;
        }
        ZREG__TRY(take_header(&at, tar, header, &next, err));
    }
    return ZREG_OK;
}

zreg_status zreg__tarindex_open(zreg__tarindex **out, const char *path, zreg_cancel *cancel,
                                zreg_error *err)
{
    uint64_t size_bytes = 0;
    int fd = -1;
    ZREG__TRY(zreg__tarfile_open(&fd, &size_bytes, path, cancel, err));
    return zreg__tarindex_open_fd(out, fd, size_bytes, cancel, err);
}

zreg_status zreg__tarindex_open_fd(zreg__tarindex **out, int fd, uint64_t size_bytes,
                                   zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__tarindex) zreg__tarindex *tar = zreg__new(zreg__tarindex);
    if (tar == NULL) {
        close(fd);
        return zreg__fail_nomem(err);
    }
    tar->fd = fd;
    tar->size_bytes = size_bytes;
    ZREG__TRY(zreg__map_new(&tar->entries, entry_free, err));
    ZREG__TRY(walk(tar, cancel, err));
    *out = zreg__steal(&tar);
    return ZREG_OK;
}

zreg_status zreg__tarindex_find(zreg__tarindex_file *out, const zreg__tarindex *tar,
                                const char *name, zreg_error *err)
{
    ZREG__AUTO_FREE char *plain = zreg__strdup(name);
    if (plain == NULL) {
        return zreg__fail_nomem(err);
    }
    normalise(plain);
    const char *at = plain;
    for (int i = 0; i < MAX_FOLLOW; i++) {
        const entry *found = zreg__map_get(tar->entries, at);
        if (found != NULL && found->link == NULL) {
            *out = found->file;
            return ZREG_OK;
        }
        if (found == NULL) {
            break;
        }
        at = found->link;
    }
    return zreg__fail(err, ZREG_NOTFOUND, "the archive has no file \"%s\"", name);
}

int zreg__tarindex_fd(const zreg__tarindex *tar)
{
    return tar->fd;
}

void zreg__tarindex_free(zreg__tarindex *tar)
{
    if (tar == NULL) {
        return;
    }
    if (tar->fd >= 0) {
        close(tar->fd);
    }
    zreg__map_free(tar->entries);
    free(tar);
}
