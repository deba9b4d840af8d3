/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new archive: a tar of an OCI layout, in which manifest.json stands for `docker load` too, as Docker
 * itself writes it since version 25. So oci-archive: and docker-archive: are one, but for what they
 * may hold: manifest.json lists one image. A daemon loads such an archive.
 */
#include "image/drivers.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/archive_contents.h"
#include "image/daemon.h"
#include "image/filesource.h"
#include "image/tarwriter.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

static const char layout_version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

/* Where a blob lies. A second attempt writes it to the same place. */
typedef struct room {
    uint64_t offset;
    uint64_t size_bytes;
    bool whole;
} room;

typedef struct archive {
    zreg__endpoint base;
    pthread_mutex_t lock; /* guards all below */
    zreg__tarwriter *tar; /* NULL while it was not needed */
    zreg__map *rooms;     /* digest -> room */
    zreg_manifest *root;
} archive;

typedef struct archive_sink {
    zreg__sink base;
    archive *self;
    zreg_digest digest;  /* expected, or "" */
    uint64_t size_bytes; /* expected, or UINT64_MAX */
    uint64_t offset;     /* of the room */
    int spool;           /* of a blob whose name or size are not known yet; or -1 */
    zreg__hash hash;
    zreg_cancel *cancel;
} archive_sink;

static archive *of(zreg__endpoint *endpoint)
{
    return (archive *)endpoint;
}

static void archive_free(zreg__endpoint *endpoint)
{
    archive *self = of(endpoint);
    zreg__tarwriter_free(self->tar);
    zreg__map_free(self->rooms);
    zreg_manifest_free(self->root);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static zreg_status archive_open(zreg__endpoint **out, zreg__place *place,
                                const zreg__endpoint_options *options, zreg_error *err)
{
    (void)place, (void)options;
    archive *self = zreg__new(archive);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&self->lock, NULL);
    zreg_status status = zreg__map_new(&self->rooms, free, err);
    if (status != ZREG_OK) {
        archive_free(&self->base);
        return status;
    }
    *out = &self->base;
    return ZREG_OK;
}

/* What has no name there is found by nobody. */
static zreg_status daemon_open(zreg__endpoint **out, zreg__place *place,
                               const zreg__endpoint_options *options, zreg_error *err)
{
    if (place->tag == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s: an ID is the digest of an image's config; write "
                          "docker-daemon:NAME:TAG as what it is to be called",
                          place->text);
    }
    return archive_open(out, place, options, err);
}

static zreg_status named(zreg__endpoint *endpoint, zreg_status status, zreg_error *err)
{
    return status == ZREG_OK ? ZREG_OK
                             : zreg__error_prefix(err, status, "%s", endpoint->place->text);
}

static zreg_status begin(archive *self, zreg_error *err)
{
    ZREG__AUTO(zreg__tarwriter) zreg__tarwriter *tar = NULL;
    if (self->tar != NULL) {
        return ZREG_OK;
    }
    const zreg__place *place = self->base.place;
    ZREG__TRY(
        zreg__tarwriter_new(&tar, place->kind == ZREG__PLACE_DAEMON ? NULL : place->path, err));
    ZREG__TRY(zreg__tarwriter_add_file(tar, "oci-layout", layout_version,
                                       sizeof(layout_version) - 1, err));
    ZREG__TRY(zreg__tarwriter_add_folder(tar, "blobs/", err));
    ZREG__TRY(zreg__tarwriter_add_folder(tar, "blobs/sha256/", err));
    self->tar = zreg__steal(&tar);
    return ZREG_OK;
}

static bool is_whole(archive *self, const zreg_digest *digest)
{
    pthread_mutex_lock(&self->lock);
    const room *found = zreg__map_get(self->rooms, digest->text);
    bool whole = found != NULL && found->whole;
    pthread_mutex_unlock(&self->lock);
    return whole;
}

static void set_whole(archive *self, const zreg_digest *digest)
{
    pthread_mutex_lock(&self->lock);
    ((room *)zreg__map_get(self->rooms, digest->text))->whole = true;
    pthread_mutex_unlock(&self->lock);
}

static zreg_status find_room(room *out, archive *self, const zreg_digest *digest,
                             uint64_t size_bytes, zreg_error *err)
{
    char path[200];
    const room *found = zreg__map_get(self->rooms, digest->text);
    if (found != NULL) {
        *out = *found;
        return found->size_bytes == size_bytes
                   ? ZREG_OK
                   : zreg__fail(err, ZREG_CORRUPT, "blob %s is said to have two sizes",
                                digest->text);
    }
    ZREG__AUTO_FREE room *made = zreg__new(room);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__archive_contents_path(path, digest);
    made->size_bytes = size_bytes;
    ZREG__TRY(zreg__tarwriter_make_room(&made->offset, self->tar, path, size_bytes, err));
    ZREG__TRY(zreg__map_set(self->rooms, digest->text, made, err));
    *out = *zreg__steal(&made);
    return ZREG_OK;
}

static zreg_status take_room(room *out, archive *self, const zreg_digest *digest,
                             uint64_t size_bytes, zreg_error *err)
{
    pthread_mutex_lock(&self->lock);
    zreg_status status = begin(self, err);
    if (status == ZREG_OK) {
        status = find_room(out, self, digest, size_bytes, err);
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

static zreg_status write_spool(const archive_sink *sink, const void *bytes, size_t size,
                               zreg_error *err)
{
    int failed = zreg__fd_write_all_at(sink->spool, bytes, size, sink->hash.bytes);
    return failed == 0 ? ZREG_OK
                       : zreg__fail_errno(err, failed,
                                          "write a layer to a temporary file (TMPDIR says where)");
}

static zreg_status sink_write(zreg__sink *base, const void *bytes, size_t size, zreg_error *err)
{
    archive_sink *sink = (archive_sink *)base;
    ZREG__TRY(zreg__cancel_check(sink->cancel, err));
    if (size > sink->size_bytes - sink->hash.bytes) {
        return zreg__fail(err, ZREG_CORRUPT, "blob %s is larger than %" PRIu64 " bytes",
                          sink->digest.text, sink->size_bytes);
    }
    ZREG__TRY(sink->spool >= 0
                  ? write_spool(sink, bytes, size, err)
                  : zreg__tarwriter_write(sink->self->tar, sink->offset + sink->hash.bytes, bytes,
                                          size, err));
    zreg__hash_update(&sink->hash, bytes, size);
    return ZREG_OK;
}

/* Now that name and size are known. */
static zreg_status move_spool(const archive_sink *sink, const zreg_digest *digest, zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    ZREG__AUTO_FREE char *block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    room at;
    if (block == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(take_room(&at, sink->self, digest, sink->hash.bytes, err));
    ZREG__TRY(zreg__filesource_new(&source, sink->spool, false, 0, at.whole ? 0 : at.size_bytes,
                                   digest, sink->cancel, err));
    for (size_t size = 1; size > 0; at.offset += size) {
        ZREG__TRY(zreg__source_read(&size, source, block, ZREG__STREAM_BYTES, err));
        ZREG__TRY(zreg__tarwriter_write(sink->self->tar, at.offset, block, size, err));
    }
    return ZREG_OK;
}

static zreg_status sink_commit(zreg_digest *out, zreg__sink *base, zreg_error *err)
{
    archive_sink *sink = (archive_sink *)base;
    zreg_digest found;
    ZREG__TRY(zreg__sink_check(&found, &sink->hash, &sink->digest, sink->size_bytes, err));
    ZREG__TRY(sink->spool >= 0 ? move_spool(sink, &found, err) : ZREG_OK);
    set_whole(sink->self, &found);
    if (out != NULL) {
        *out = found;
    }
    return ZREG_OK;
}

static void sink_free(zreg__sink *base)
{
    archive_sink *sink = (archive_sink *)base;
    if (sink->spool >= 0) {
        close(sink->spool);
    }
    free(sink);
}

static zreg_status prepare(archive_sink *sink, zreg_error *err)
{
    room at;
    if (sink->digest.text[0] == '\0' || sink->size_bytes == UINT64_MAX) {
        return zreg__filesource_spool(&sink->spool, err);
    }
    ZREG__TRY(take_room(&at, sink->self, &sink->digest, sink->size_bytes, err));
    sink->offset = at.offset;
    return ZREG_OK;
}

static zreg_status archive_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                       zreg__endpoint *endpoint, const zreg_digest *digest,
                                       uint64_t size_bytes, const zreg__endpoint *from,
                                       zreg_cancel *cancel, zreg_error *err)
{
    (void)from;
    if (digest != NULL && is_whole(of(endpoint), digest)) {
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    archive_sink *sink = zreg__new(archive_sink);
    if (sink == NULL) {
        return zreg__fail_nomem(err);
    }
    sink->base = (zreg__sink){.write = sink_write, .commit = sink_commit, .free = sink_free};
    sink->self = of(endpoint);
    sink->size_bytes = size_bytes;
    sink->spool = -1;
    sink->cancel = cancel;
    if (digest != NULL) {
        sink->digest = *digest;
    }
    zreg__hash_init_like(&sink->hash, digest != NULL ? digest->text : NULL);
    zreg_status status = prepare(sink, err);
    if (status != ZREG_OK) {
        sink_free(&sink->base);
        return named(endpoint, status, err);
    }
    *out_state = ZREG__BLOB_WANTED;
    *out = &sink->base;
    return ZREG_OK;
}

/* It is made anew, so that nothing is there but what was put. */
static zreg_status archive_manifest_head(zreg_digest *out, zreg__endpoint *endpoint,
                                         const zreg_digest *digest, zreg_cancel *cancel,
                                         zreg_error *err)
{
    ZREG__TRY(zreg__cancel_check(cancel, err));
    if (digest == NULL || !is_whole(of(endpoint), digest)) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s: the archive is made anew",
                          endpoint->place->text);
    }
    *out = *digest;
    return ZREG_OK;
}

static zreg_status archive_manifest_put(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                        bool is_named, zreg_cancel *cancel, zreg_error *err)
{
    archive *self = of(endpoint);
    ZREG__AUTO(zreg__sink) zreg__sink *sink = NULL;
    zreg__endpoint_blob_state state = ZREG__BLOB_WANTED;
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    ZREG__TRY(zreg__endpoint_blob_create(&sink, &state, endpoint, zreg_manifest_digest(manifest),
                                         size, NULL, cancel, err));
    if (state == ZREG__BLOB_WANTED) {
        ZREG__TRY(named(endpoint, zreg__sink_put(sink, bytes, size, err), err));
    }
    if (is_named) {
        zreg_manifest_free(self->root);
        self->root = zreg__manifest_share(manifest);
    }
    return ZREG_OK;
}

/* The parts of an image that are not in the archive; NULL when all are. */
static const zreg_descriptor *find_missing(archive *self)
{
    const zreg_descriptor *config = zreg_manifest_config(self->root);
    if (!is_whole(self, &config->digest)) {
        return config;
    }
    for (size_t i = 0; i < zreg_manifest_count(self->root); i++) {
        const zreg_descriptor *layer = zreg_manifest_at(self->root, i);
        if (!is_whole(self, &layer->digest)) {
            return layer;
        }
    }
    return NULL;
}

/* Docker can load nothing else; a layout may hold it. */
static zreg_status cannot_list(const archive *self, const char *why, const char *what,
                               zreg_error *err)
{
    bool is_daemon = self->base.place->kind == ZREG__PLACE_DAEMON;
    return zreg__fail(err, ZREG_UNSUPPORTED, "a %s %s%s; %s",
                      is_daemon ? "daemon" : "docker archive", why, what,
                      is_daemon ? "choose one image of an index by --platform OS/ARCH"
                                : "write it to oci-archive:FILE");
}

static zreg_status add_list(archive *self, zreg_error *err)
{
    ZREG__AUTO_FREE char *list = NULL;
    bool is_image = zreg__archive_contents_is_image(self->root);
    const zreg_descriptor *missing = is_image ? find_missing(self) : NULL;
    if (!is_image || missing != NULL) {
        if (!self->base.driver->one_image) {
            return ZREG_OK;
        }
        return missing == NULL ? cannot_list(self, "holds one image of a container, and not ",
                                             zreg_manifest_media_type(self->root), err)
                               : cannot_list(self, "holds all layers, but the source has no ",
                                             missing->digest.text, err);
    }
    ZREG__TRY(zreg__archive_contents_list(&list, self->root, self->base.place->tag, err));
    return zreg__tarwriter_add_file(self->tar, "manifest.json", list, strlen(list), err);
}

static zreg_status finish(archive *self, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *index = NULL;
    ZREG__TRY(zreg__archive_contents_index(&index, self->root, self->base.place->tag, err));
    ZREG__TRY(zreg__tarwriter_add_file(self->tar, "index.json", index, strlen(index), err));
    ZREG__TRY(add_list(self, err));
    ZREG__TRY(zreg__tarwriter_finish(self->tar, cancel, err));
    if (self->base.place->kind != ZREG__PLACE_DAEMON) {
        return ZREG_OK;
    }
    uint64_t size_bytes = 0;
    int fd = zreg__tarwriter_fd(&size_bytes, self->tar);
    return zreg__daemon_load(fd, size_bytes, cancel, err);
}

static zreg_status archive_finish(zreg__endpoint *endpoint, zreg_cancel *cancel, zreg_error *err)
{
    return named(endpoint, finish(of(endpoint), cancel, err), err);
}

const zreg__endpoint_driver zreg__endpoint_new_oci_archive = {
    .name = "OCI archive",
    .local = true,
    .open = archive_open,
    .manifest_head = archive_manifest_head,
    .manifest_put = archive_manifest_put,
    .blob_create = archive_blob_create,
    .finish = archive_finish,
    .free = archive_free,
};

const zreg__endpoint_driver zreg__endpoint_new_docker_archive = {
    .name = "docker archive",
    .one_image = true,
    .local = true,
    .open = archive_open,
    .manifest_head = archive_manifest_head,
    .manifest_put = archive_manifest_put,
    .blob_create = archive_blob_create,
    .finish = archive_finish,
    .free = archive_free,
};

const zreg__endpoint_driver zreg__endpoint_new_daemon_image = {
    .name = "Docker daemon's image",
    .one_image = true,
    .local = true,
    .open = daemon_open,
    .manifest_head = archive_manifest_head,
    .manifest_put = archive_manifest_put,
    .blob_create = archive_blob_create,
    .finish = archive_finish,
    .free = archive_free,
};
