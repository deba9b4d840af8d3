/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tarfile.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/codec.h"
#include "image/filesource.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

/* Waits for a pipe, and for who cancels. */
static zreg_status wait_for(int fd, zreg_cancel *cancel, zreg_error *err)
{
    struct pollfd polled[] = {{.fd = fd, .events = POLLIN},
                              {.fd = zreg__cancel_fd(cancel), .events = POLLIN}};
    while (poll(polled, ZREG__COUNT(polled), -1) < 0) {
        if (errno != EINTR) {
            return zreg__fail_errno(err, errno, "wait for the archive");
        }
    }
    return zreg__cancel_check(cancel, err);
}

static zreg_status read_piece(size_t *out, int fd, char *block, zreg_cancel *cancel,
                              zreg_error *err)
{
    ZREG__TRY(wait_for(fd, cancel, err));
    ssize_t got = zreg__fd_read(fd, block, ZREG__STREAM_BYTES);
    if (got < 0) {
        return zreg__fail_errno(err, errno, "read the archive");
    }
    *out = (size_t)got;
    return ZREG_OK;
}

static zreg_status check_packing(const char *head, size_t size, zreg_error *err)
{
    const char *name = zreg__codec_foreign(head, size);
    return name == NULL ? ZREG_OK
                        : zreg__fail(err, ZREG_INVAL,
                                     "the archive is compressed with %s; unpack it first (%s -d)",
                                     name, name);
}

static zreg_status begin(zreg__codec *codec, zreg__codec_kind kind, zreg__spool *to,
                         zreg_error *err)
{
    ZREG__TRY(zreg__codec_inflate(codec, kind, zreg__spool_write, to, err));
    codec->gzip.may_be_padded = true;
    return ZREG_OK;
}

/* Copies what comes from `fd`, of which `size` bytes are in `block`, or what is packed in it. */
static zreg_status spool_rest(zreg__spool *self, int fd, char *block, size_t size,
                              zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__codec) zreg__codec codec = {.kind = ZREG__CODEC_NONE};
    zreg__codec_kind kind = zreg__codec_of(block, size);
    bool packed = kind != ZREG__CODEC_NONE;
    ZREG__TRY(packed ? begin(&codec, kind, self, err) : ZREG_OK);
    while (size > 0) {
        ZREG__TRY(packed ? zreg__codec_feed(&codec, block, size, err)
                         : zreg__spool_write(self, block, size, err));
        ZREG__TRY(read_piece(&size, fd, block, cancel, err));
    }
    return packed ? zreg__codec_end(&codec, err) : ZREG_OK;
}

static zreg_status spool_all(zreg__spool *self, int fd, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    size_t size = 0;
    if (block == NULL) {
        return zreg__fail_nomem(err);
    }
    /* Enough to tell what it is; a pipe may give less at a time. */
    for (size_t got = 1; got > 0 && size < ZREG__CODEC_HEAD_BYTES;) {
        char piece[ZREG__CODEC_HEAD_BYTES];
        ZREG__TRY(wait_for(fd, cancel, err));
        ssize_t read = zreg__fd_read(fd, piece, sizeof(piece) - size);
        if (read < 0) {
            return zreg__fail_errno(err, errno, "read the archive");
        }
        got = (size_t)read;
        memcpy(block + size, piece, got);
        size += got;
    }
    if (size == 0) {
        return zreg__fail(err, ZREG_INVAL, "the archive is empty");
    }
    ZREG__TRY(check_packing(block, size, err));
    return spool_rest(self, fd, block, size, cancel, err);
}

static zreg_status open_path(int *out, const char *path, zreg_error *err)
{
    struct stat info;
    bool is_stdin = zreg__str_equal(path, "-") || zreg__str_equal(path, "/dev/stdin");
    /* Of a pipe the open waits for who writes; that is looked for with the cancel token. */
    ZREG__AUTO_FD int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &info) != 0) {
        return zreg__fail_file(err, errno, path, "open the archive");
    }
    if (S_ISDIR(info.st_mode)) {
        return zreg__fail(err, ZREG_INVAL,
                          "a folder, no archive; an OCI layout is written oci:DIR");
    }
    *out = fd;
    fd = -1;
    return ZREG_OK;
}

/* A file that is no archive of another kind is read where it is. */
static zreg_status is_readable_at(bool *out, uint64_t *out_size, int fd, zreg_error *err)
{
    struct stat info;
    char head[ZREG__CODEC_HEAD_BYTES];
    if (fstat(fd, &info) != 0) {
        return zreg__fail_errno(err, errno, "look at the archive");
    }
    *out = false;
    *out_size = (uint64_t)info.st_size;
    if (!S_ISREG(info.st_mode) || lseek(fd, 0, SEEK_CUR) != 0) {
        return ZREG_OK;
    }
    ssize_t got = zreg__fd_read_at(fd, head, sizeof(head), 0);
    *out = got >= 0 && zreg__codec_of(head, (size_t)got) == ZREG__CODEC_NONE;
    return got >= 0 ? check_packing(head, (size_t)got, err) : ZREG_OK;
}

zreg_status zreg__tarfile_open(int *out_fd, uint64_t *out_size_bytes, const char *path,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FD int fd = -1;
    ZREG__AUTO_FD int spooled = -1;
    bool as_it_is = false;
    ZREG__TRY(open_path(&fd, path, err));
    ZREG__TRY(is_readable_at(&as_it_is, out_size_bytes, fd, err));
    if (!as_it_is) {
        ZREG__TRY(zreg__filesource_spool(&spooled, err));
        zreg__spool self = {.fd = spooled,
                            .what = "the archive",
                            .advice = "; unpack it into a file, and name that"};
        ZREG__TRY(spool_all(&self, fd, cancel, err));
        *out_size_bytes = self.size_bytes;
    }
    *out_fd = as_it_is ? fd : spooled;
    *(as_it_is ? &fd : &spooled) = -1;
    return ZREG_OK;
}
