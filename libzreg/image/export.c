/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_export: each layer is fetched, verified and told to the tree of names; then each is read again, and what is
 * left of it is written. */
#include <zreg/export.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/fd_send.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "image/append_base.h"
#include "image/codec.h"
#include "image/filesource.h"
#include "image/machine.h"
#include "image/rootfs.h"
#include "oci/digest.h"
#include "oci/manifest.h"
#include "registry/client.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char zeros[2 * ZREG__TAR_BLOCK];

typedef struct export
{
    zreg_export_options options;
    zreg__endpoint *src;
    zreg__append_base image;
    zreg__rootfs *fs;
    int *files; /* of each layer, or -1 */
    size_t count;
    char *block; /* ZREG__STREAM_BYTES */
    uint64_t bytes_done;
    uint64_t bytes_total;
    zreg_cancel *cancel;
    /* of the second time: */
    int fd;
    zreg__buf out;
    const zreg__rootfs_name *names;
    size_t name_count;
    size_t at; /* the first name that is not written */
    uint32_t layer;
    uint32_t place;
    const zreg__rootfs_name *writing;      /* whose content passes, or NULL */
    unsigned char header[ZREG__TAR_BLOCK]; /* of the entry that passes */
    size_t padding;                        /* behind its content */
}
export;

static void export_finish(export *self)
{
    for (size_t i = 0; self->files != NULL && i < self->count; i++) {
        if (self->files[i] >= 0) {
            close(self->files[i]);
        }
    }
    zreg__append_base_finish(&self->image);
    zreg__endpoint_free(self->src);
    zreg__rootfs_free(self->fs);
    zreg__buf_finish(&self->out);
    free(self->files);
    free(self->block);
}

ZREG__DEFINE_AUTO_VALUE(export, export_finish)

static zreg_status report(const export *self, size_t layers_done, zreg_error *err)
{
    const zreg_progress now = {.phase = "export",
                               .item = zreg__endpoint_text(self->src),
                               .bytes_done = self->bytes_done,
                               .bytes_total = self->bytes_total,
                               .blobs_done = (uint32_t)layers_done,
                               .blobs_total = (uint32_t)self->count};
    return self->options.progress == NULL ||
                   self->options.progress(&now, self->options.progress_user) == 0
               ? ZREG_OK
               : zreg__fail(err, ZREG_CALLBACK, "stopped by the progress callback");
}

/* --- a layer's tar archive, whatever it is packed in */

typedef struct unpacking {
    zreg__tarstream tar;
    zreg__codec codec;
    zreg__hash plain; /* of the archive */
    zreg_cancel *cancel;
    bool begun;
} unpacking;

static void unpacking_finish(unpacking *self)
{
    zreg__tarstream_finish(&self->tar);
    zreg__codec_finish(&self->codec);
}

ZREG__DEFINE_AUTO_VALUE(unpacking, unpacking_finish)

static zreg_status take_plain(void *user, const void *bytes, size_t size, zreg_error *err)
{
    unpacking *self = user;
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    zreg__hash_update(&self->plain, bytes, size);
    return zreg__tarstream_feed(&self->tar, bytes, size, err);
}

static zreg_status begin(unpacking *self, const char *bytes, size_t size, zreg_error *err)
{
    const char *foreign = zreg__codec_foreign(bytes, size);
    zreg__codec_kind kind = zreg__codec_of(bytes, size);
    self->begun = true;
    if (foreign != NULL) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "it is compressed with %s, which is not read here",
                          foreign);
    }
    return kind == ZREG__CODEC_NONE
               ? ZREG_OK
               : zreg__codec_inflate(&self->codec, kind, take_plain, self, err);
}

/* The first piece has enough to tell what it is: it comes from a file. */
static zreg_status unpack(unpacking *self, const char *bytes, size_t size, zreg_error *err)
{
    ZREG__TRY(self->begun ? ZREG_OK : begin(self, bytes, size, err));
    return self->codec.kind == ZREG__CODEC_NONE ? take_plain(self, bytes, size, err)
                                                : zreg__codec_feed(&self->codec, bytes, size, err);
}

static zreg_status unpack_file(unpacking *self, export *run, size_t layer,
                               const zreg__tarstream_reader *reader, zreg_error *err)
{
    zreg__tarstream_begin(&self->tar, reader);
    for (uint64_t at = 0;;) {
        ZREG__TRY(zreg__cancel_check(run->cancel, err));
        ssize_t got = zreg__fd_read_at(run->files[layer], run->block, ZREG__STREAM_BYTES, at);
        if (got < 0) {
            return zreg__fail_errno(err, errno, "read the temporary file");
        }
        if (got == 0) {
            break;
        }
        ZREG__TRY(unpack(self, run->block, (size_t)got, err));
        at += (uint64_t)got;
    }
    ZREG__TRY(self->codec.kind == ZREG__CODEC_NONE ? ZREG_OK : zreg__codec_end(&self->codec, err));
    return zreg__tarstream_end(&self->tar, err);
}

/* --- the first time: fetched, verified, told */

static zreg_status check_layer(const zreg__hash *hash, const zreg_descriptor *layer,
                               zreg_error *err)
{
    zreg_digest found;
    zreg__hash_digest(hash, found.text);
    return hash->bytes == layer->size_bytes && zreg_digest_equal(&found, &layer->digest)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "got %" PRIu64 " bytes of digest %s", hash->bytes,
                            found.text);
}

static zreg_status keep_piece(export *self, size_t layer, size_t size, zreg_error *err)
{
    int failed = zreg__fd_write_all(self->files[layer], self->block, size);
    self->bytes_done += size;
    return failed == 0
               ? report(self, layer, err)
               : zreg__fail_errno(err, failed, "write to a temporary file (TMPDIR says where)");
}

static zreg_status keep_layer(export *self, size_t i, zreg__source *source, zreg_error *err)
{
    const zreg_descriptor *layer = zreg_manifest_at(self->image.manifest, i);
    zreg__hash hash;
    zreg__hash_init_like(&hash, layer->digest.text);
    for (size_t size = 1; size > 0;) {
        ZREG__TRY(zreg__source_read(&size, source, self->block, ZREG__STREAM_BYTES, err));
        if (size > layer->size_bytes - hash.bytes) {
            return zreg__fail(err, ZREG_CORRUPT, "it is larger than %" PRIu64 " bytes",
                              layer->size_bytes);
        }
        zreg__hash_update(&hash, self->block, size);
        ZREG__TRY(keep_piece(self, i, size, err));
    }
    return check_layer(&hash, layer, err);
}

/* What a mirror sends wrong is had elsewhere, into a new file. */
static zreg_status fetch_layer(export *self, size_t i, zreg_error *err)
{
    const zreg_digest *digest = &zreg_manifest_at(self->image.manifest, i)->digest;
    const uint64_t before = self->bytes_done;
    zreg_error failed = {ZREG_OK};
    zreg_status status = ZREG_CORRUPT;
    bool elsewhere = true;
    for (int servers = 0; elsewhere && servers <= ZREG__MAX_MIRRORS; servers++) {
        ZREG__AUTO(zreg__source) zreg__source *source = NULL;
        zreg__auto_fd(&self->files[i]);
        self->files[i] = -1;
        self->bytes_done = before;
        ZREG__TRY(zreg__filesource_spool(&self->files[i], err));
        ZREG__TRY(zreg__endpoint_blob_open(&source, self->src, digest, self->cancel, err));
        status = keep_layer(self, i, source, &failed);
        elsewhere = status == ZREG_CORRUPT && zreg__source_doubt(source);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

static zreg_status tell_entry(void *user, const zreg__tarentry *entry, zreg_error *err)
{
    const export *self = user;
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    return zreg__rootfs_add(self->fs, entry, err);
}

static zreg_status drop(void *user, const void *bytes, size_t size, zreg_error *err)
{
    (void)user;
    (void)bytes;
    (void)size;
    (void)err;
    return ZREG_OK;
}

static zreg_status no_end(void *user, zreg_error *err)
{
    (void)user;
    (void)err;
    return ZREG_OK;
}

static zreg_status tell_layer(export *self, size_t i, zreg_error *err)
{
    const zreg__tarstream_reader reader = {tell_entry, drop, no_end, self};
    ZREG__AUTO(unpacking) unpacking layer = {.cancel = self->cancel};
    const char *wanted =
        zreg__json_as_text(zreg__json_at(zreg__append_base_diff_ids(&self->image), i));
    zreg_digest found;
    zreg__hash_kind kind = ZREG__SHA256;
    if (wanted == NULL || !zreg__hash_kind_of(&kind, wanted)) {
        return zreg__fail(err, ZREG_CORRUPT, "its diff_id is no digest");
    }
    zreg__hash_init(&layer.plain, kind);
    zreg__rootfs_next_layer(self->fs);
    ZREG__TRY(unpack_file(&layer, self, i, &reader, err));
    zreg__hash_digest(&layer.plain, found.text);
    return zreg__str_equal(found.text, wanted)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "unpacked it is %s, but the config says %s",
                            found.text, wanted);
}

/* --- the second time: written */

static zreg_status flush(export *self, zreg_error *err)
{
    ZREG__TRY(zreg__fd_send(self->fd, self->out.data, self->out.size, "write the archive",
                            self->cancel, err));
    zreg__buf_reset(&self->out);
    return ZREG_OK;
}

static zreg_status put(export *self, const void *bytes, size_t size, zreg_error *err)
{
    if (size > self->out.maximum - self->out.size) {
        ZREG__TRY(flush(self, err));
    }
    return size > self->out.maximum
               ? zreg__fd_send(self->fd, bytes, size, "write the archive", self->cancel, err)
               : zreg__buf_append(&self->out, bytes, size, err);
}

static zreg_status put_header(export *self, const zreg__rootfs_name *name, char type,
                              const char *target, uint64_t size_bytes, const zreg__buf *records,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf header = ZREG__BUF(SIZE_MAX / 2);
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s%s", name->path[0] == '\0' ? "." : name->path,
                                                type == ZREG__TAR_FOLDER ? "/" : "");
    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    const zreg__tarheader as = {.type = (zreg__tarheader_type)type,
                                .path = path,
                                .target = target,
                                .size_bytes = size_bytes};
    ZREG__TRY(zreg__tarheader_add_as(&header, &as, self->header, records, err));
    return put(self, header.data, header.size, err);
}

static bool is_of(const export *self, size_t at, uint32_t layer, uint32_t place)
{
    return at < self->name_count && self->names[at].layer == layer &&
           self->names[at].place == place;
}

static zreg_status write_entry(void *user, const zreg__tarentry *entry, zreg_error *err)
{
    export *self = user;
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    bool wanted = is_of(self, self->at, self->layer, self->place++);
    self->writing = wanted ? &self->names[self->at] : NULL;
    self->padding =
        (size_t)((ZREG__TAR_BLOCK - entry->size_bytes % ZREG__TAR_BLOCK) % ZREG__TAR_BLOCK);
    memcpy(self->header, entry->block, sizeof(self->header));
    return wanted ? put_header(self, self->writing, entry->type,
                               entry->type == ZREG__TAR_SYMLINK ? entry->target : "",
                               entry->size_bytes, entry->pax, err)
                  : ZREG_OK;
}

static zreg_status write_data(void *user, const void *bytes, size_t size, zreg_error *err)
{
    export *self = user;
    return self->writing != NULL ? put(self, bytes, size, err) : ZREG_OK;
}

/* Its further names follow its content. */
static zreg_status write_end(void *user, zreg_error *err)
{
    static const zreg__buf none = ZREG__BUF(0);
    export *self = user;
    const zreg__rootfs_name *first = self->writing;
    if (first == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(put(self, zeros, self->padding, err));
    for (self->at++; is_of(self, self->at, first->layer, first->place); self->at++) {
        ZREG__TRY(put_header(self, &self->names[self->at], ZREG__TAR_HARDLINK, first->path, 0,
                             &none, err));
    }
    return ZREG_OK;
}

static zreg_status write_layer(export *self, size_t i, zreg_error *err)
{
    const zreg__tarstream_reader reader = {write_entry, write_data, write_end, self};
    ZREG__AUTO(unpacking) unpacking layer = {.cancel = self->cancel};
    self->layer = (uint32_t)i;
    self->place = 0;
    if (self->at == self->name_count || self->names[self->at].layer != self->layer) {
        return ZREG_OK; /* nothing is left of it */
    }
    zreg__hash_init(&layer.plain, ZREG__SHA256);
    return unpack_file(&layer, self, i, &reader, err);
}

/* --- all of it */

static zreg_status each_layer(export *self, zreg_status (*work)(export *, size_t, zreg_error *),
                              zreg_error *err)
{
    for (size_t i = 0; i < self->count; i++) {
        zreg_status status = work(self, i, err);
        if (status != ZREG_OK) {
            return status == ZREG_CALLBACK || status == ZREG_CANCELLED
                       ? status
                       : zreg__error_prefix(err, status, "%s: layer %zu (%s)",
                                            zreg__endpoint_text(self->src), i + 1,
                                            zreg_manifest_at(self->image.manifest, i)->digest.text);
        }
    }
    return ZREG_OK;
}

static zreg_status start(export *self, zreg_error *err)
{
    self->count = zreg_manifest_count(self->image.manifest);
    self->files = zreg__calloc(self->count + 1, sizeof(*self->files));
    self->block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    if (self->files == NULL || self->block == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < self->count; i++) {
        self->files[i] = -1;
        self->bytes_total += zreg_manifest_at(self->image.manifest, i)->size_bytes;
    }
    return zreg__rootfs_new(&self->fs, err);
}

static zreg_status execute(export *self, const char *platform, zreg_error *err)
{
    self->image.src = self->src;
    ZREG__TRY(zreg__append_base_fetch(&self->image, NULL, platform, NULL, self->cancel, err));
    ZREG__TRY(zreg__endpoint_offer(self->src, self->image.manifest, err));
    ZREG__TRY(start(self, err));
    ZREG__TRY(each_layer(self, fetch_layer, err));
    ZREG__TRY(each_layer(self, tell_layer, err));
    ZREG__TRY(zreg__rootfs_names(&self->names, &self->name_count, self->fs, err));
    ZREG__TRY(each_layer(self, write_layer, err));
    ZREG__TRY(put(self, zeros, sizeof(zeros), err));
    return flush(self, err);
}

zreg_status zreg_export(zreg_digest *out, zreg_client *client, const char *place, int fd,
                        const zreg_export_options *options, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(export)
    export self = {.fd = fd, .cancel = cancel, .out = ZREG__BUF(ZREG__STREAM_BYTES)};
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&self.options, options, err));
    ZREG__TRY(self.options.platform != NULL ? zreg__platform_check(self.options.platform, err)
                                            : ZREG_OK);
    const zreg__endpoint_options from = {.client = client, .server = self.options.src_server};
    ZREG__AUTO_FREE char *platform = self.options.platform != NULL
                                         ? zreg__strdup(self.options.platform)
                                         : zreg__machine_platform();
    if (platform == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__endpoint_open(&self.src, place, &from, err));
    ZREG__TRY(execute(&self, platform, err));
    *out = *zreg_manifest_digest(self.image.manifest);
    return ZREG_OK;
}
