/* SPDX-License-Identifier: Apache-2.0 */
/* Tar files that are used as they are. */
#include "image/tarlayer.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "image/tarheader.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* What looks at a tar file while it goes by. */
typedef struct measure {
    const char *file;
    bool sniffed;
    zreg__codec codec;
    zreg__hash plain;                    /* of a file that is not compressed */
    unsigned char head[ZREG__TAR_BLOCK]; /* of the tar itself */
    size_t head_size;
} measure;

static void measure_finish(measure *self)
{
    zreg__codec_finish(&self->codec);
}

ZREG__DEFINE_AUTO_VALUE(measure, measure_finish)

static zreg_status open_file(int *out, const char *file, zreg_error *err)
{
    ZREG__AUTO_FD int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0) {
        return zreg__fail_file(err, errno, file, "layer %s", file);
    }
    if (!S_ISREG(about.st_mode)) {
        return zreg__fail(err, ZREG_INVAL, "layer %s: neither a file nor a folder", file);
    }
    *out = fd;
    fd = -1;
    return ZREG_OK;
}

zreg_status zreg__tarlayer_send(const char *file, zreg__gzip_fn write, void *user,
                                zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FD int fd = -1;
    ZREG__AUTO_FREE void *block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    if (block == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(open_file(&fd, file, err));
    for (;;) {
        ZREG__TRY(zreg__cancel_check(cancel, err));
        ssize_t size = zreg__fd_read(fd, block, ZREG__STREAM_BYTES);
        if (size <= 0) {
            return size == 0 ? ZREG_OK : zreg__fail_errno(err, errno, "read layer %s", file);
        }
        ZREG__TRY(write(user, block, (size_t)size, err));
    }
}

/* Takes the first block of the tar, and checks it once it is whole. */
static zreg_status see_plain(void *user, const void *bytes, size_t size, zreg_error *err)
{
    measure *self = user;
    size_t room = sizeof(self->head) - self->head_size;
    if (room == 0) {
        return ZREG_OK;
    }
    size_t taken = size < room ? size : room;
    memcpy(self->head + self->head_size, bytes, taken);
    self->head_size += taken;
    if (self->head_size == sizeof(self->head) && !zreg__tarheader_is_end(self->head) &&
        !zreg__tarheader_is_valid(self->head)) {
        return zreg__fail(err, ZREG_INVAL, "layer %s: no tar file", self->file);
    }
    return ZREG_OK;
}

static zreg_status sniff(measure *self, const void *bytes, size_t size, zreg_error *err)
{
    const char *foreign = zreg__codec_foreign(bytes, size);
    zreg__codec_kind kind = zreg__codec_of(bytes, size);
    self->sniffed = true;
    if (foreign != NULL) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "layer %s: compressed with %s; compress it with gzip or not at all",
                          self->file, foreign);
    }
    return kind == ZREG__CODEC_NONE ? ZREG_OK
                                    : zreg__codec_inflate(&self->codec, kind, see_plain, self, err);
}

static bool is_packed(const measure *self)
{
    return self->codec.kind != ZREG__CODEC_NONE;
}

static zreg_status see(void *user, const void *bytes, size_t size, zreg_error *err)
{
    measure *self = user;
    if (!self->sniffed) {
        ZREG__TRY(sniff(self, bytes, size, err));
    }
    if (is_packed(self)) {
        return zreg__codec_feed(&self->codec, bytes, size, err);
    }
    zreg__hash_update(&self->plain, bytes, size);
    return see_plain(self, bytes, size, err);
}

static zreg_status read_through(measure *self, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(zreg__tarlayer_send(self->file, see, self, cancel, err));
    if (is_packed(self)) {
        ZREG__TRY(zreg__codec_end(&self->codec, err));
    }
    return self->head_size == sizeof(self->head)
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL, "layer %s: too short for a tar file", self->file);
}

zreg_status zreg__tarlayer_measure(zreg__tarlayer *out, const char *file, zreg_cancel *cancel,
                                   zreg_error *err)
{
    ZREG__AUTO(measure) measure self = {.file = file};
    zreg__hash_init(&self.plain, ZREG__SHA256);
    zreg_status status = read_through(&self, cancel, err);
    if (status == ZREG_CORRUPT) {
        return zreg__error_prefix(err, status, "layer %s", file);
    }
    ZREG__TRY(status);
    bool packed = is_packed(&self);
    const zreg__hash *stored = packed ? zreg__codec_packed(&self.codec) : &self.plain;
    const zreg__hash *plain = packed ? zreg__codec_plain(&self.codec) : &self.plain;
    *out = (zreg__tarlayer){.size_bytes = stored->bytes, .packing = self.codec.kind};
    zreg__hash_digest(stored, out->digest.text);
    zreg__hash_digest(plain, out->diff_id.text);
    return ZREG_OK;
}
