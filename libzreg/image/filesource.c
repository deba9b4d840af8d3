/* SPDX-License-Identifier: Apache-2.0 */
#include "image/filesource.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

typedef struct filesource {
    zreg__source base;
    int fd;
    bool owned;
    uint64_t offset;
    uint64_t left;
    zreg_digest name;
    zreg_cancel *cancel;
} filesource;

static zreg_status source_read(size_t *out_size, zreg__source *base, void *buffer, size_t capacity,
                               zreg_error *err)
{
    filesource *self = (filesource *)base;
    size_t wanted = self->left < capacity ? (size_t)self->left : capacity;
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    ssize_t got = zreg__fd_read_at(self->fd, buffer, wanted, self->offset);
    if (got < 0) {
        return zreg__fail_errno(err, errno, "read blob %s", self->name.text);
    }
    self->offset += (size_t)got;
    self->left -= (size_t)got;
    *out_size = (size_t)got;
    return ZREG_OK;
}

static void source_free(zreg__source *base)
{
    filesource *self = (filesource *)base;
    if (self->owned) {
        close(self->fd);
    }
    free(self);
}

zreg_status zreg__filesource_new(zreg__source **out, int fd, bool owned, uint64_t offset,
                                 uint64_t size_bytes, const zreg_digest *name, zreg_cancel *cancel,
                                 zreg_error *err)
{
    filesource *self = zreg__new(filesource);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    *self = (filesource){.base = {.read = source_read, .free = source_free},
                         .fd = fd,
                         .owned = owned,
                         .offset = offset,
                         .left = size_bytes,
                         .name = *name,
                         .cancel = cancel};
    *out = &self->base;
    return ZREG_OK;
}

/* Not every file system has files without a name. */
static int open_named(const char *folder)
{
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/zreg-XXXXXX", folder);
    int fd = path != NULL ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)unlink(path);
    }
    return fd;
}

zreg_status zreg__filesource_spool(int *out_fd, zreg_error *err)
{
    const char *set = getenv("TMPDIR");
    const char *folder = zreg__str_empty(set) ? "/tmp" : set;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    fd = fd >= 0 ? fd : open_named(folder);
    if (fd < 0) {
        return zreg__fail_errno(err, errno, "make a temporary file in %s", folder);
    }
    *out_fd = fd;
    return ZREG_OK;
}

zreg_status zreg__spool_write(void *user, const void *bytes, size_t size, zreg_error *err)
{
    zreg__spool *self = user;
    if (size > ZREG__MAX_SPOOL_BYTES - self->size_bytes) {
        return zreg__fail(err, ZREG_LIMIT, "%s has more than %d GiB%s", self->what,
                          (int)(ZREG__MAX_SPOOL_BYTES >> 30), self->advice);
    }
    int failed = zreg__fd_write_all(self->fd, bytes, size);
    self->size_bytes += size;
    return failed == 0
               ? ZREG_OK
               : zreg__fail_errno(err, failed, "write %s to a temporary file (TMPDIR says where)",
                                  self->what);
}
