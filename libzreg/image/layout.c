/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layout.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/str.h"
#include "oci/manifest.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* Without O_NONBLOCK a pipe laid in the folder would block the open. */
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

static const char layout_version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char empty_index[] = "{\"schemaVersion\":2,\"mediaType\":\"application/"
                                  "vnd.oci.image.index.v1+json\",\"manifests\":[]}";

/* Opens a regular file; its size goes to `out_size_bytes`. */
static zreg_status open_file(int *out_fd, uint64_t *out_size_bytes, int folder, const char *name,
                             zreg_error *err)
{
    ZREG__AUTO_FD int fd = openat(folder, name, FILE_FLAGS);
    struct stat info;
    if (fd < 0 && errno == ENOENT) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s is not there", name);
    }
    if (fd < 0 && errno == ELOOP) {
        return zreg__fail(err, ZREG_CORRUPT, "%s is a symbolic link, which is not followed", name);
    }
    if (fd < 0 || fstat(fd, &info) != 0) {
        return zreg__fail_errno(err, errno, "open %s", name);
    }
    if (!S_ISREG(info.st_mode)) {
        return zreg__fail(err, ZREG_CORRUPT, "%s is no regular file", name);
    }
    *out_size_bytes = (uint64_t)info.st_size;
    *out_fd = fd;
    fd = -1;
    return ZREG_OK;
}

static zreg_status read_blob(zreg__buf *to, const zreg__layout_blob *blob, const char *name,
                             zreg_error *err)
{
    if (blob->size_bytes > to->maximum) {
        return zreg__fail(err, ZREG_LIMIT, "%s is larger than %zu bytes", name, to->maximum);
    }
    for (uint64_t done = 0; done < blob->size_bytes;) {
        char block[8192];
        uint64_t left = blob->size_bytes - done;
        size_t wanted = left < sizeof(block) ? (size_t)left : sizeof(block);
        ssize_t got = zreg__fd_read_at(blob->fd, block, wanted, blob->offset + done);
        if (got <= 0) {
            return zreg__fail_errno(err, got < 0 ? errno : EIO, "read %s", name);
        }
        ZREG__TRY(zreg__buf_append(to, block, (size_t)got, err));
        done += (uint64_t)got;
    }
    return ZREG_OK;
}

static zreg_status open_in_tar(zreg__layout_blob *out, const zreg__tarindex *tar, const char *name,
                               zreg_error *err)
{
    zreg__tarindex_file file;
    ZREG__TRY(zreg__tarindex_find(&file, tar, name, err));
    *out = (zreg__layout_blob){
        .fd = zreg__tarindex_fd(tar), .offset = file.offset, .size_bytes = file.size_bytes};
    return ZREG_OK;
}

void zreg__layout_blob_finish(zreg__layout_blob *blob)
{
    if (blob->owned) {
        close(blob->fd);
    }
}

zreg_status zreg__layout_read(zreg__buf *to, const zreg__layout *layout, const char *name,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__layout_blob) zreg__layout_blob blob = {.fd = -1};
    if (layout->tar != NULL) {
        ZREG__TRY(open_in_tar(&blob, layout->tar, name, err));
    } else {
        ZREG__TRY(open_file(&blob.fd, &blob.size_bytes, layout->fd, name, err));
        blob.owned = true;
    }
    return read_blob(to, &blob, name, err);
}

zreg_status zreg__layout_check(const zreg__layout *layout, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(4 * ZREG__KIB);
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    zreg_error why = {.code = ZREG_OK};
    if (zreg__layout_read(&text, layout, "oci-layout", &why) == ZREG_NOTFOUND) {
        return zreg__fail(err, ZREG_INVAL, "no OCI layout: the file oci-layout is missing%s",
                          layout->tar != NULL ? "; what docker save wrote is docker-archive:FILE"
                                              : "");
    }
    ZREG__TRY(why.code == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why));
    ZREG__TRY(zreg__json_parse(&json, text.data, text.size, "oci-layout", err));
    const char *version = zreg__json_text(json, "imageLayoutVersion");
    if (version == NULL || !zreg__str_starts(version, "1.")) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "oci-layout: version \"%s\" instead of 1",
                          version != NULL ? version : "");
    }
    return ZREG_OK;
}

static zreg_status make_file(int layout, const char *path, const char *name, const char *text,
                             zreg_error *err)
{
    char whole[4096];
    if (faccessat(layout, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        return ZREG_OK;
    }
    if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", path, name) >= sizeof(whole)) {
        return zreg__fail(err, ZREG_INVAL, "the path is too long");
    }
    return zreg__file_write(whole, text, strlen(text), 0644, false, err);
}

/* oci-layout comes last: what has it is whole. */
static zreg_status make_layout(int layout, const char *path, zreg_error *err)
{
    ZREG__TRY(make_file(layout, path, "index.json", empty_index, err));
    return make_file(layout, path, "oci-layout", layout_version, err);
}

zreg_status zreg__layout_open(int *out_fd, const char *path, bool make, zreg_error *err)
{
    if (make) {
        ZREG__TRY(zreg__file_mkdirs(path, 0755, err));
    }
    ZREG__AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return zreg__fail_file(err, errno, path, "open the folder");
    }
    if (make) {
        ZREG__TRY(make_layout(fd, path, err));
    }
    const zreg__layout opened = {.fd = fd};
    ZREG__TRY(zreg__layout_check(&opened, err));
    *out_fd = fd;
    fd = -1;
    return ZREG_OK;
}

/* The folder blobs/<algorithm>, made when it is to be written to. */
static zreg_status open_algorithm(int *out_fd, int layout, const char *algorithm, bool make,
                                  zreg_error *err)
{
    if (make && mkdirat(layout, "blobs", 0755) != 0 && errno != EEXIST) {
        return zreg__fail_errno(err, errno, "make the folder blobs");
    }
    ZREG__AUTO_FD int blobs = openat(layout, "blobs", FOLDER_FLAGS);
    if (blobs >= 0 && make && mkdirat(blobs, algorithm, 0755) != 0 && errno != EEXIST) {
        return zreg__fail_errno(err, errno, "make the folder blobs/%s", algorithm);
    }
    *out_fd = blobs >= 0 ? openat(blobs, algorithm, FOLDER_FLAGS) : -1;
    if (*out_fd < 0 && errno == ENOENT) {
        return zreg__fail(err, ZREG_NOTFOUND, "the folder blobs/%s is not there", algorithm);
    }
    if (*out_fd < 0) {
        return zreg__fail_errno(err, errno, "open the folder blobs/%s", algorithm);
    }
    return ZREG_OK;
}

/* "sha256" of "sha256:<hex>"; both parts are known to be plain letters and digits. */
static const char *split(char algorithm[8], const zreg_digest *digest)
{
    size_t size = strcspn(digest->text, ":");
    memcpy(algorithm, digest->text, size);
    algorithm[size] = '\0';
    return digest->text + size + 1;
}

static zreg_status open_in_folder(zreg__layout_blob *out, int layout, const char *algorithm,
                                  const char *hex, zreg_error *err)
{
    ZREG__AUTO_FD int folder = -1;
    zreg__layout_blob blob = {.owned = true};
    ZREG__TRY(open_algorithm(&folder, layout, algorithm, false, err));
    ZREG__TRY(open_file(&blob.fd, &blob.size_bytes, folder, hex, err));
    *out = blob;
    return ZREG_OK;
}

zreg_status zreg__layout_blob_open(zreg__layout_blob *out, const zreg__layout *layout,
                                   const zreg_digest *digest, zreg_error *err)
{
    char algorithm[8];
    char path[200];
    const char *hex = split(algorithm, digest);
    zreg_error why = {.code = ZREG_OK};
    snprintf(path, sizeof(path), "blobs/%s/%s", algorithm, hex);
    zreg_status status = layout->tar != NULL
                             ? open_in_tar(out, layout->tar, path, &why)
                             : open_in_folder(out, layout->fd, algorithm, hex, &why);
    if (status == ZREG_NOTFOUND) {
        return zreg__fail(err, ZREG_NOTFOUND, "blob %s is not there", digest->text);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
}

zreg_status zreg__layout_manifest(zreg_manifest **out, const zreg__layout *layout,
                                  const zreg_digest *digest, const char *media_type,
                                  zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    ZREG__AUTO(zreg__layout_blob) zreg__layout_blob blob = {.fd = -1};
    ZREG__TRY(zreg__layout_blob_open(&blob, layout, digest, err));
    ZREG__TRY(read_blob(&bytes, &blob, digest->text, err));
    return zreg__manifest_parse_verified(out, bytes.data, bytes.size, media_type, digest, err);
}

bool zreg__layout_holds(const zreg__layout *layout, const zreg_digest *digest, const void *bytes,
                        size_t size)
{
    ZREG__AUTO(zreg__buf) zreg__buf found = ZREG__BUF(size);
    ZREG__AUTO(zreg__layout_blob) zreg__layout_blob blob = {.fd = -1};
    return zreg__layout_blob_open(&blob, layout, digest, NULL) == ZREG_OK &&
           blob.size_bytes == size && read_blob(&found, &blob, digest->text, NULL) == ZREG_OK &&
           (size == 0 || memcmp(found.data, bytes, size) == 0);
}

zreg_status zreg__layout_file_new(zreg__layout_file *out, int layout, const char *algorithm,
                                  zreg_error *err)
{
    ZREG__AUTO(zreg__layout_file) zreg__layout_file file = {.fd = -1, .folder = -1};
    char random[17];
    ZREG__TRY(open_algorithm(&file.folder, layout, algorithm, true, err));
    ZREG__TRY(zreg__random_hex(random, 8, err));
    snprintf(file.name, sizeof(file.name), ".%s.part", random);
    file.fd = openat(file.folder, file.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file.fd < 0) {
        return zreg__fail_errno(err, errno, "make a file in blobs/%s", algorithm);
    }
    *out = file;
    file = (zreg__layout_file){.fd = -1, .folder = -1};
    return ZREG_OK;
}

zreg_status zreg__layout_file_keep(zreg__layout_file *file, const zreg_digest *digest,
                                   zreg_error *err)
{
    char algorithm[8];
    if (renameat(file->folder, file->name, file->folder, split(algorithm, digest)) != 0) {
        return zreg__fail_errno(err, errno, "store blob %s", digest->text);
    }
    file->name[0] = '\0';
    return ZREG_OK;
}

void zreg__layout_file_finish(zreg__layout_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        if (file->name[0] != '\0') {
            unlinkat(file->folder, file->name, 0);
        }
    }
    if (file->folder >= 0) {
        close(file->folder);
    }
}
