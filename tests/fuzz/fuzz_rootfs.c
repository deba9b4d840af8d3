/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of an image: whatever they hold, each name that is left is within the image, has a folder above it, and
 * stands for an entry that was told. Entries are told as lines "TYPE NAME<TAB>TARGET", "L" begins a layer; the same
 * bytes pass as a tar archive too. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/str.h"
#include "image/rootfs.h"
#include <string.h>

typedef struct told {
    zreg__rootfs *fs;
    uint32_t layers;
    uint32_t entries; /* of all layers */
    uint64_t left;    /* of the content of an entry */
} told;

static zreg_status add(void *user, const zreg__tarentry *entry, zreg_error *err)
{
    told *self = user;
    self->entries++;
    self->left = entry->size_bytes;
    return zreg__rootfs_add(self->fs, entry, err);
}

static zreg_status data(void *user, const void *bytes, size_t size, zreg_error *err)
{
    told *self = user;
    (void)bytes;
    (void)err;
    fuzz_check(size <= self->left);
    self->left -= size;
    return ZREG_OK;
}

static zreg_status end(void *user, zreg_error *err)
{
    const told *self = user;
    (void)err;
    fuzz_check(self->left == 0);
    return ZREG_OK;
}

static void check_path(const char *path)
{
    zreg__span rest = zreg__span_of(path);
    fuzz_check(path[0] != '/');
    while (path[0] != '\0' && rest.text != NULL) {
        zreg__span part = zreg__span_cut(&rest, '/');
        fuzz_check(part.size > 0 && !zreg__span_is(part, ".") && !zreg__span_is(part, ".."));
        fuzz_check(part.size < 4 || memcmp(part.text, ".wh.", 4) != 0);
    }
}

static void check_names(told *self)
{
    const zreg__rootfs_name *names = NULL;
    size_t count = 0;
    fuzz_check(zreg__rootfs_names(&names, &count, self->fs, NULL) == ZREG_OK);
    for (size_t i = 0; i < count; i++) {
        check_path(names[i].path);
        fuzz_check(names[i].layer < self->layers && names[i].place < self->entries);
        fuzz_check(i == 0 || names[i].layer > names[i - 1].layer ||
                   (names[i].layer == names[i - 1].layer && names[i].place >= names[i - 1].place));
    }
}

static void next_layer(told *self)
{
    zreg__rootfs_next_layer(self->fs);
    self->layers++;
}

static void tell_line(told *self, zreg__span line)
{
    static const char types[] = "012345";
    if (line.size < 2 || memchr(line.text, '\0', line.size) != NULL) {
        return;
    }
    if (line.text[0] == 'L') {
        next_layer(self);
    }
    zreg__span rest = {line.text + 2, line.size - 2};
    zreg__span name = zreg__span_cut(&rest, '\t');
    ZREG__AUTO_FREE char *path = zreg__strndup(name.text, name.size);
    ZREG__AUTO_FREE char *target = zreg__strndup(rest.text == NULL ? "" : rest.text, rest.size);
    const zreg__tarentry entry = {
        .type = line.text[0], .name = path, .target = target, .block = NULL};
    if (path != NULL && target != NULL && strchr(types, entry.type) != NULL) {
        (void)add(self, &entry, NULL);
    }
}

static void tell_lines(const char *text, size_t size)
{
    told self = {NULL};
    fuzz_check(zreg__rootfs_new(&self.fs, NULL) == ZREG_OK);
    next_layer(&self);
    for (zreg__span rest = {text, size}; rest.text != NULL;) {
        tell_line(&self, zreg__span_cut(&rest, '\n'));
    }
    check_names(&self);
    zreg__rootfs_free(self.fs);
}

static void tell_archive(const uint8_t *bytes, size_t size, size_t piece)
{
    told self = {NULL};
    const zreg__tarstream_reader reader = {add, data, end, &self};
    zreg__tarstream tar;
    zreg_error err = {0};
    zreg_status status = ZREG_OK;
    fuzz_check(zreg__rootfs_new(&self.fs, NULL) == ZREG_OK);
    next_layer(&self);
    zreg__tarstream_begin(&tar, &reader);
    for (size_t at = 0; at < size && status == ZREG_OK; at += piece) {
        size_t left = size - at;
        status = zreg__tarstream_feed(&tar, bytes + at, left < piece ? left : piece, &err);
    }
    fuzz_check_result(status == ZREG_OK ? zreg__tarstream_end(&tar, &err) : status, &err);
    check_names(&self);
    zreg__tarstream_finish(&tar);
    zreg__rootfs_free(self.fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tell_lines((const char *)bytes, size);
    tell_archive(bytes, size, size + 1);
    tell_archive(bytes, size, 513);
    return 0;
}
