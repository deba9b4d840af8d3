/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tarwriter.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/fd_send.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "image/filesource.h"
#include "image/tarheader.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Two blocks of zeros (POSIX.1 pax interchange format). */
#define END_BYTES ((uint64_t)2 * ZREG__TAR_BLOCK)
#define READER_POLL_MS 50
#define MAX_LINKS 40 /* from one to the next, as the kernel has it */

struct zreg__tarwriter {
    int fd;     /* of the file that is written */
    char *path; /* where it is to be; NULL: standard output */
    char *part; /* its name until then; NULL: it has none, and is sent to `path` */
    bool kept;  /* it is sent nowhere */
    pthread_mutex_t lock;
    uint64_t end; /* guarded: where the next header goes */
};

void zreg__tarwriter_free(zreg__tarwriter *tar)
{
    if (tar == NULL) {
        return;
    }
    if (tar->fd >= 0) {
        close(tar->fd);
    }
    if (tar->part != NULL) {
        unlink(tar->part);
    }
    pthread_mutex_destroy(&tar->lock);
    free(tar->path);
    free(tar->part);
    free(tar);
}

/* Where a link leads to, read from the folder that it lies in; NULL and errno when it is none. */
static char *follow(const char *path)
{
    char target[ZREG__MAX_LINK_TARGET + 1];
    const char *slash = strrchr(path, '/');
    ssize_t size = readlink(path, target, sizeof(target));
    if (size < 0 || (size_t)size == sizeof(target)) {
        errno = size < 0 ? errno : ENAMETOOLONG;
        return NULL;
    }
    target[size] = '\0';
    return target[0] == '/' || slash == NULL
               ? zreg__strdup(target)
               : zreg__asprintf("%.*s/%s", (int)(slash - path), path, target);
}

/* A link stays one: what it leads to is replaced, or made. */
static zreg_status final_path(char **out, const char *path, zreg_error *err)
{
    ZREG__AUTO_FREE char *at = zreg__strdup(path);
    for (unsigned links = 0; at != NULL && links <= MAX_LINKS; links++) {
        char *next = follow(at);
        if (next == NULL && errno != ENOMEM) {
            bool ends = errno == EINVAL || errno == ENOENT;
            ZREG__TRY(ends ? ZREG_OK : zreg__fail_file(err, errno, path, "write the archive"));
            *out = zreg__steal(&at);
            return ZREG_OK;
        }
        free(at);
        at = next;
    }
    return at == NULL ? zreg__fail_nomem(err)
                      : zreg__fail_file(err, ELOOP, path, "write the archive");
}

/* `old` is what is replaced, whose mode stays; or NULL. */
static zreg_status make_part(zreg__tarwriter *tar, const char *path, const struct stat *old,
                             zreg_error *err)
{
    char random[17];
    ZREG__TRY(zreg__random_hex(random, 8, err));
    ZREG__TRY(final_path(&tar->path, path, err));
    ZREG__AUTO_FREE char *part = zreg__asprintf("%s.%s.part", tar->path, random);
    if (part == NULL) {
        return zreg__fail_nomem(err);
    }
    tar->fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, old != NULL ? 0600 : 0644);
    if (tar->fd < 0) {
        return zreg__fail_file(err, errno, path, "write the archive");
    }
    tar->part = zreg__steal(&part);
    return old == NULL || fchmod(tar->fd, old->st_mode & 0777) == 0
               ? ZREG_OK
               : zreg__fail_file(err, errno, path, "write the archive");
}

static zreg_status start(zreg__tarwriter *tar, const char *path, zreg_error *err)
{
    struct stat info;
    bool standard = zreg__str_equal(path, "-") || zreg__str_equal(path, "/dev/stdout");
    if (standard && isatty(STDOUT_FILENO)) {
        return zreg__fail(err, ZREG_INVAL,
                          "standard output is a terminal; send it to a file or a program");
    }
    bool there = !standard && stat(path, &info) == 0;
    if (there && S_ISDIR(info.st_mode)) {
        return zreg__fail(err, ZREG_INVAL, "a folder, no archive; write oci:DIR:TAG for a layout");
    }
    if (there && S_ISSOCK(info.st_mode)) {
        return zreg__fail(err, ZREG_INVAL, "a socket, which takes no archive; name a file");
    }
    if (!standard && (!there || S_ISREG(info.st_mode))) {
        return make_part(tar, path, there ? &info : NULL, err);
    }
    tar->path = standard ? NULL : zreg__strdup(path);
    if (!standard && tar->path == NULL) {
        return zreg__fail_nomem(err);
    }
    return zreg__filesource_spool(&tar->fd, err);
}

zreg_status zreg__tarwriter_new(zreg__tarwriter **out, const char *path, zreg_error *err)
{
    ZREG__AUTO(zreg__tarwriter) zreg__tarwriter *tar = zreg__new(zreg__tarwriter);
    if (tar == NULL) {
        return zreg__fail_nomem(err);
    }
    tar->fd = -1;
    tar->kept = path == NULL;
    pthread_mutex_init(&tar->lock, NULL);
    ZREG__TRY(tar->kept ? zreg__filesource_spool(&tar->fd, err) : start(tar, path, err));
    *out = zreg__steal(&tar);
    return ZREG_OK;
}

zreg_status zreg__tarwriter_write(zreg__tarwriter *tar, uint64_t offset, const void *bytes,
                                  size_t size, zreg_error *err)
{
    int failed = zreg__fd_write_all_at(tar->fd, bytes, size, offset);
    if (failed == 0) {
        return ZREG_OK;
    }
    return zreg__fail_errno(err, failed, "write the archive%s",
                            tar->part == NULL ? " to a temporary file (TMPDIR says where)" : "");
}

/* Takes the header's blocks and those of the content; what is between files are zeros. */
static zreg_status take(uint64_t *out_offset, zreg__tarwriter *tar, const zreg__buf *header,
                        uint64_t size_bytes, zreg_error *err)
{
    uint64_t blocks = (size_bytes + ZREG__TAR_BLOCK - 1) / ZREG__TAR_BLOCK * ZREG__TAR_BLOCK;
    pthread_mutex_lock(&tar->lock);
    uint64_t at = tar->end;
    bool fits = at < ZREG__MAX_BLOB_BYTES;
    tar->end += fits ? header->size + blocks : 0;
    pthread_mutex_unlock(&tar->lock);
    if (!fits) {
        return zreg__fail(err, ZREG_LIMIT, "the archive is larger than is believable");
    }
    *out_offset = at + header->size;
    return zreg__tarwriter_write(tar, at, header->data, header->size, err);
}

static zreg_status add(uint64_t *out_offset, zreg__tarwriter *tar, const zreg__tarheader *entry,
                       zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf header = ZREG__BUF(4 * ZREG__KIB);
    if (entry->size_bytes > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s is larger than is believable", entry->path);
    }
    ZREG__TRY(zreg__tarheader_add(&header, entry, err));
    return take(out_offset, tar, &header, entry->size_bytes, err);
}

zreg_status zreg__tarwriter_make_room(uint64_t *out_offset, zreg__tarwriter *tar, const char *name,
                                      uint64_t size_bytes, zreg_error *err)
{
    const zreg__tarheader entry = {
        .type = ZREG__TAR_FILE, .path = name, .target = "", .mode = 0644, .size_bytes = size_bytes};
    return add(out_offset, tar, &entry, err);
}

zreg_status zreg__tarwriter_add_folder(zreg__tarwriter *tar, const char *name, zreg_error *err)
{
    const zreg__tarheader entry = {
        .type = ZREG__TAR_FOLDER, .path = name, .target = "", .mode = 0755};
    uint64_t offset = 0;
    return add(&offset, tar, &entry, err);
}

zreg_status zreg__tarwriter_add_file(zreg__tarwriter *tar, const char *name, const void *bytes,
                                     size_t size, zreg_error *err)
{
    uint64_t offset = 0;
    ZREG__TRY(zreg__tarwriter_make_room(&offset, tar, name, size, err));
    return zreg__tarwriter_write(tar, offset, bytes, size, err);
}

static bool is_fifo(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISFIFO(info.st_mode);
}

/* A named pipe opens once somebody reads from it; what else answers so never does. */
static zreg_status open_target(int *out, const char *path, zreg_cancel *cancel, zreg_error *err)
{
    int fd = -1;
    if (path == NULL) {
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        *out = fd;
        return fd >= 0 ? ZREG_OK : zreg__fail_errno(err, errno, "write to standard output");
    }
    while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0 && errno == ENXIO &&
           is_fifo(path)) {
        ZREG__TRY(zreg__cancel_sleep(cancel, READER_POLL_MS, err));
    }
    *out = fd;
    return fd >= 0 ? ZREG_OK : zreg__fail_file(err, errno, path, "write the archive");
}

static zreg_status send_all(const zreg__tarwriter *tar, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FD int fd = -1;
    ZREG__AUTO_FREE char *block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    if (block == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(open_target(&fd, tar->path, cancel, err));
    for (uint64_t at = 0; at < tar->end;) {
        ssize_t got = zreg__fd_read_at(tar->fd, block, ZREG__STREAM_BYTES, at);
        if (got <= 0) {
            return zreg__fail_errno(err, got < 0 ? errno : EIO, "read the temporary file");
        }
        ZREG__TRY(zreg__fd_send(fd, block, (size_t)got, "send the archive", cancel, err));
        at += (uint64_t)got;
    }
    return ZREG_OK;
}

zreg_status zreg__tarwriter_finish(zreg__tarwriter *tar, zreg_cancel *cancel, zreg_error *err)
{
    tar->end += END_BYTES;
    if (ftruncate(tar->fd, (off_t)tar->end) != 0) {
        return zreg__fail_errno(err, errno, "write the archive");
    }
    if (tar->part == NULL) {
        return tar->kept ? ZREG_OK : send_all(tar, cancel, err);
    }
    if (rename(tar->part, tar->path) != 0) {
        return zreg__fail_file(err, errno, tar->path, "write the archive");
    }
    free(tar->part);
    tar->part = NULL;
    return ZREG_OK;
}

int zreg__tarwriter_fd(uint64_t *out_size_bytes, const zreg__tarwriter *tar)
{
    *out_size_bytes = tar->end;
    return tar->fd;
}
