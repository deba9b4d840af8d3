/* SPDX-License-Identifier: Apache-2.0 */
/* An archive: whatever it is, files that are found in it lie within it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "fuzz.h"

#include "base/file.h"
#include "image/layout.h"
#include "image/tarindex.h"
#include <stdio.h>
#include <sys/mman.h>

static const char *const names[] = {"oci-layout", "index.json", "manifest.json", "a", "a/b"};

static void look_for(const zreg__tarindex *tar, const char *name)
{
    zreg__tarindex_file file;
    char last;
    size_t got = 0;
    if (zreg__tarindex_find(&file, tar, name, NULL) == ZREG_OK && file.size_bytes > 0) {
        fuzz_check(file.offset + file.size_bytes > file.offset);
        fuzz_check(zreg__tarindex_read(&got, tar, file.offset + file.size_bytes - 1, &last, 1,
                                       NULL) == ZREG_OK &&
                   got == 1);
    }
}

static void look_into(zreg__tarindex *tar)
{
    const zreg__layout layout = {.fd = -1, .tar = tar};
    zreg__layout_entry entry;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        look_for(tar, names[i]);
    }
    (void)zreg__layout_check(&layout, NULL);
    (void)zreg__layout_index_find(&entry, &layout, "a:1", NULL, false, NULL);
    (void)zreg__layout_index_at(&entry, &layout, 0, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    ZREG__AUTO(zreg__tarindex) zreg__tarindex *tar = NULL;
    ZREG__AUTO_FD int fd = memfd_create("archive", MFD_CLOEXEC);
    zreg_error err = {0};
    fuzz_check(fd >= 0 && zreg__fd_write_all(fd, data, size) == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    fuzz_check_result(zreg__tarindex_open(&tar, path, NULL, &err), &err);
    if (tar != NULL) {
        look_into(tar);
    }
    return 0;
}
