/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar of `docker save`, as a source: a file, or what the daemon gives out.
 *
 * manifest.json names no digests, so a manifest is made: a plain layer has the diff_id that the config
 * tells, a compressed one is read once (image/archive_layer.h). What is copied is verified against it
 * like any other blob. It is an OCI manifest, whose plain layers every reader knows, in layouts too.
 */
#include "image/drivers.h"

#include "base/buf.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/archive_layer.h"
#include "image/daemon.h"
#include "image/filesource.h"
#include "image/imageconfig.h"
#include "image/tarindex.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include <pthread.h>
#include <string.h>

typedef struct archive {
    zreg__endpoint base;
    pthread_mutex_t lock; /* held while the archive is looked through */
    zreg__tarindex *tar;
    zreg__map *blobs; /* digest -> zreg__tarindex_file */
    zreg_manifest *manifest;
} archive;

static archive *of(zreg__endpoint *endpoint)
{
    return (archive *)endpoint;
}

static void archive_free(zreg__endpoint *endpoint)
{
    archive *self = of(endpoint);
    zreg_manifest_free(self->manifest);
    zreg__map_free(self->blobs);
    zreg__tarindex_free(self->tar);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static zreg_status archive_open(zreg__endpoint **out, zreg__place *place,
                                const zreg__endpoint_options *options, zreg_error *err)
{
    (void)place;
    (void)options;
    archive *self = zreg__new(archive);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&self->lock, NULL);
    *out = &self->base;
    return ZREG_OK;
}

static zreg_status read_file(zreg__buf *to, const zreg__tarindex *tar, const char *name,
                             zreg_error *err)
{
    zreg__tarindex_file file;
    ZREG__TRY(zreg__tarindex_find(&file, tar, name, err));
    if (file.size_bytes > to->maximum) {
        return zreg__fail(err, ZREG_LIMIT, "%s is larger than %zu bytes", name, to->maximum);
    }
    while (to->size < file.size_bytes) {
        char block[8192];
        uint64_t left = file.size_bytes - to->size;
        size_t wanted = left < sizeof(block) ? (size_t)left : sizeof(block);
        size_t got = 0;
        ZREG__TRY(zreg__tarindex_read(&got, tar, file.offset + to->size, block, wanted, err));
        if (got == 0) {
            return zreg__fail(err, ZREG_INVAL, "%s is cut off", name);
        }
        ZREG__TRY(zreg__buf_append(to, block, got, err));
    }
    return ZREG_OK;
}

static bool has_tag(const zreg__json *image, const char *wanted)
{
    const zreg__json *tags = zreg__json_get(image, "RepoTags");
    for (size_t i = 0; i < zreg__json_length(tags); i++) {
        ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
        const char *tag = zreg__json_as_text(zreg__json_at(tags, i));
        if (tag != NULL && zreg_ref_parse(&ref, tag, NULL) == ZREG_OK &&
            zreg__str_equal(zreg_ref_text(ref), wanted)) {
            return true;
        }
    }
    return false;
}

/* The names there are, for a message; of an image without one its number. */
static void list_names(zreg__buf *to, const zreg__json *images)
{
    for (size_t i = 0; i < zreg__json_length(images); i++) {
        const zreg__json *tags = zreg__json_get(zreg__json_at(images, i), "RepoTags");
        const char *tag = zreg__json_as_text(zreg__json_at(tags, 0));
        const char *comma = to->size > 0 ? ", " : "";
        (void)(tag != NULL ? zreg__buf_printf(to, NULL, "%s%s", comma, tag)
                           : zreg__buf_printf(to, NULL, "%s@%zu", comma, i));
    }
}

static zreg_status choose_image(const zreg__json **out, const zreg__json *images,
                                const zreg__place *place, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf names = ZREG__BUF(300);
    size_t count = zreg__json_length(images);
    size_t number = place->number;
    if (place->tag == NULL && number == ZREG__PLACE_NO_NUMBER && count == 1) {
        number = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (i == number || (place->tag != NULL && has_tag(zreg__json_at(images, i), place->tag))) {
            *out = zreg__json_at(images, i);
            return ZREG_OK;
        }
    }
    list_names(&names, images);
    const char *there = names.size > 0 ? zreg__buf_cstr(&names) : "none";
    if (place->tag != NULL || number != ZREG__PLACE_NO_NUMBER) {
        return zreg__fail(err, ZREG_NOTFOUND, "no such image in the archive; there is: %s", there);
    }
    return zreg__fail(err, ZREG_INVAL,
                      "%zu images in the archive; add :REF or :@NUMBER to say which; there is: %s",
                      count, there);
}

static zreg_status remember(archive *self, const zreg_digest *digest,
                            const zreg__tarindex_file *file, zreg_error *err)
{
    zreg__tarindex_file *kept = zreg__new(zreg__tarindex_file);
    if (kept == NULL) {
        return zreg__fail_nomem(err);
    }
    *kept = *file;
    zreg_status status = zreg__map_set(self->blobs, digest->text, kept, err);
    if (status != ZREG_OK) {
        free(kept);
    }
    return status;
}

static zreg_status add_layer(zreg__json *layers, archive *self, const char *name,
                             const char *diff_id, zreg_cancel *cancel, zreg_error *err)
{
    zreg__tarindex_file file;
    zreg_descriptor layer = {.media_type = NULL};
    zreg_digest plain;
    zreg__json *entry = NULL;
    if (name == NULL || diff_id == NULL) {
        return zreg__fail(err, ZREG_INVAL, "a layer's name or diff_id is no text");
    }
    ZREG__TRY(zreg_digest_parse(&plain, diff_id, err));
    ZREG__TRY(zreg__tarindex_find(&file, self->tar, name, err));
    ZREG__TRY(zreg__archive_layer_describe(&layer, self->tar, &file, &plain, cancel, err));
    ZREG__TRY(remember(self, &layer.digest, &file, err));
    ZREG__TRY(zreg__compose_descriptor(&entry, &layer, err));
    return zreg__json_add(layers, entry, err);
}

static zreg_status add_layers(zreg__json **out, archive *self, const zreg__json *image,
                              const zreg__json *config, zreg_cancel *cancel, zreg_error *err)
{
    const zreg__json *names = zreg__json_get(image, "Layers");
    const zreg__json *ids = zreg__json_get(zreg__json_get(config, "rootfs"), "diff_ids");
    size_t count = zreg__json_length(names);
    if (count != zreg__json_length(ids) || count > ZREG__MAX_LAYERS) {
        return zreg__fail(err, ZREG_INVAL, "%zu layers, but %zu diff_ids in the config", count,
                          zreg__json_length(ids));
    }
    ZREG__AUTO(zreg__json) zreg__json *layers = zreg__json_new_array();
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(add_layer(layers, self, zreg__json_as_text(zreg__json_at(names, i)),
                            zreg__json_as_text(zreg__json_at(ids, i)), cancel, err));
    }
    *out = zreg__steal(&layers);
    return ZREG_OK;
}

static zreg_status add_config(zreg__json **out, zreg__json **out_config, archive *self,
                              const char *name, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_CONFIG_BYTES);
    zreg_descriptor config = {.media_type = ZREG__TYPE_OCI_CONFIG};
    zreg__tarindex_file file;
    if (name == NULL) {
        return zreg__fail(err, ZREG_INVAL, "manifest.json names no config");
    }
    ZREG__TRY(read_file(&bytes, self->tar, name, err));
    ZREG__TRY(zreg__tarindex_find(&file, self->tar, name, err));
    ZREG__TRY(zreg_digest_of(&config.digest, "sha256", bytes.data, bytes.size, err));
    ZREG__TRY(remember(self, &config.digest, &file, err));
    config.size_bytes = bytes.size;
    ZREG__TRY(zreg__compose_descriptor(out, &config, err));
    return zreg__imageconfig_parse(out_config, bytes.data, bytes.size, name, err);
}

static zreg_status make_manifest(archive *self, const zreg__json *image, zreg_cancel *cancel,
                                 zreg_error *err)
{
    static const char *const fields[] = {"Config", "RepoTags", "Layers", NULL};
    ZREG__AUTO(zreg__json) zreg__json *named = NULL;
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    ZREG__AUTO(zreg__json) zreg__json *layers = NULL;
    ZREG__TRY(zreg__json_check_case(image, fields, "manifest.json", err));
    ZREG__TRY(add_config(&named, &config, self, zreg__json_text(image, "Config"), err));
    ZREG__TRY(add_layers(&layers, self, image, config, cancel, err));
    const zreg__parts parts = {
        .media_type = ZREG__TYPE_OCI_MANIFEST, .config = named, .items = layers};
    return zreg__compose_manifest(&self->manifest, &parts, err);
}

/* The manifest was made here, so that its digest is known now. */
static zreg_status check_pin(const archive *self, zreg_error *err)
{
    const zreg_digest *pinned = zreg__place_digest(self->base.place);
    const zreg_digest *found = zreg_manifest_digest(self->manifest);
    return pinned == NULL || zreg_digest_equal(pinned, found)
               ? ZREG_OK
               : zreg__fail(err, ZREG_NOTFOUND, "the image in the archive is %s, and not %s",
                            found->text, pinned->text);
}

static zreg_status open_tar(archive *self, zreg_cancel *cancel, zreg_error *err)
{
    const zreg__place *place = self->base.place;
    uint64_t size_bytes = 0;
    int fd = -1;
    if (place->kind != ZREG__PLACE_DAEMON) {
        return zreg__tarindex_open(&self->tar, place->path, cancel, err);
    }
    ZREG__TRY(zreg__daemon_save(&fd, &size_bytes, place->path, cancel, err));
    return zreg__tarindex_open_fd(&self->tar, fd, size_bytes, cancel, err);
}

static zreg_status load(archive *self, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    ZREG__AUTO(zreg__json) zreg__json *images = NULL;
    const zreg__json *image = NULL;
    const zreg__place *place = self->base.place;
    if (self->blobs == NULL) {
        ZREG__TRY(zreg__map_new(&self->blobs, free, err));
    }
    if (self->tar == NULL) {
        ZREG__TRY(open_tar(self, cancel, err));
    }
    zreg_status status = read_file(&bytes, self->tar, "manifest.json", err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status,
                                  "no archive of docker save (oci-archive:FILE is a "
                                  "layout)");
    }
    ZREG__TRY(zreg__json_parse(&images, bytes.data, bytes.size, "manifest.json", err));
    ZREG__TRY(choose_image(&image, images, place, err));
    return make_manifest(self, image, cancel, err);
}

static zreg_status loaded(archive *self, zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    pthread_mutex_lock(&self->lock);
    if (self->manifest == NULL) {
        status = load(self, cancel, err);
    }
    status = status == ZREG_OK ? check_pin(self, err) : status;
    pthread_mutex_unlock(&self->lock);
    return status == ZREG_OK ? ZREG_OK
                             : zreg__error_prefix(err, status, "%s", self->base.place->text);
}

static zreg_status archive_manifest_get(zreg_manifest **out, zreg__endpoint *endpoint,
                                        const zreg_digest *digest, zreg_cancel *cancel,
                                        zreg_error *err)
{
    archive *self = of(endpoint);
    ZREG__TRY(loaded(self, cancel, err));
    if (digest != NULL && !zreg_digest_equal(digest, zreg_manifest_digest(self->manifest))) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s: no manifest %s", endpoint->place->text,
                          digest->text);
    }
    *out = zreg__manifest_share(self->manifest);
    return ZREG_OK;
}

static zreg_status archive_manifest_head(zreg_digest *out, zreg__endpoint *endpoint,
                                         const zreg_digest *digest, zreg_cancel *cancel,
                                         zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__TRY(archive_manifest_get(&manifest, endpoint, digest, cancel, err));
    *out = *zreg_manifest_digest(manifest);
    return ZREG_OK;
}

static zreg_status open_at(zreg__source **out, archive *self, const zreg_digest *digest,
                           uint64_t offset, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(loaded(self, cancel, err));
    const zreg__tarindex_file *file = zreg__map_get(self->blobs, digest->text);
    if (file == NULL || offset > file->size_bytes) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s: no blob %s", self->base.place->text,
                          digest->text);
    }
    return zreg__filesource_new(out, zreg__tarindex_fd(self->tar), false, file->offset + offset,
                                file->size_bytes - offset, digest, cancel, err);
}

static zreg_status archive_blob_open(zreg__source **out, zreg__endpoint *endpoint,
                                     const zreg_digest *digest, zreg_cancel *cancel,
                                     zreg_error *err)
{
    return open_at(out, of(endpoint), digest, 0, cancel, err);
}

static zreg_status archive_blob_open_at(zreg__source **out, zreg__endpoint *endpoint,
                                        const zreg_descriptor *blob, uint64_t offset,
                                        zreg_cancel *cancel, zreg_error *err)
{
    return open_at(out, of(endpoint), &blob->digest, offset, cancel, err);
}

const zreg__endpoint_driver zreg__endpoint_archive = {
    .name = "docker archive",
    .local = true,
    .open = archive_open,
    .manifest_get = archive_manifest_get,
    .manifest_head = archive_manifest_head,
    .blob_open = archive_blob_open,
    .blob_open_at = archive_blob_open_at,
    .free = archive_free,
};
