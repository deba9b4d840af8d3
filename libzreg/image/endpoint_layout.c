/* SPDX-License-Identifier: Apache-2.0 */
/* A folder in the form of an OCI image layout, read and written. */
#include "image/drivers.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "image/filesource.h"
#include "image/layout.h"
#include "image/saved.h"
#include "oci/manifest.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

typedef struct layout {
    zreg__endpoint base;
    bool write;
    pthread_mutex_t lock; /* guards the two below, and index.json among the threads of this copy */
    zreg__layout at;      /* neither folder nor archive while it was not needed */
    zreg__map *referrers; /* subject -> digests, as index.json was when it was first asked */
} layout;

typedef struct layout_sink {
    zreg__sink base;
    zreg__layout_file file;
    zreg__hash hash;
    zreg_digest digest; /* expected, or "" */
    uint64_t size_bytes;
    zreg_cancel *cancel;
} layout_sink;

static layout *of(zreg__endpoint *endpoint)
{
    return (layout *)endpoint;
}

static zreg_status layout_open(zreg__endpoint **out, zreg__place *place,
                               const zreg__endpoint_options *options, zreg_error *err)
{
    (void)place;
    layout *self = zreg__new(layout);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    self->at.fd = -1;
    self->write = options->write;
    pthread_mutex_init(&self->lock, NULL);
    *out = &self->base;
    return ZREG_OK;
}

static void layout_free(zreg__endpoint *endpoint)
{
    layout *self = of(endpoint);
    if (self->at.fd >= 0) {
        close(self->at.fd);
    }
    zreg__tarindex_free(self->at.tar);
    zreg__map_free(self->referrers);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static bool layout_same_repository(const zreg__endpoint *a, const zreg__endpoint *b)
{
    return zreg__str_equal(a->place->path, b->place->path);
}

static zreg_status named(zreg__endpoint *endpoint, zreg_status status, zreg_error *err)
{
    return status == ZREG_OK ? ZREG_OK
                             : zreg__error_prefix(err, status, "%s", endpoint->place->text);
}

static zreg_status open_at(zreg__layout *out, const zreg__place *place, bool make,
                           zreg_cancel *cancel, zreg_error *err)
{
    zreg__layout opened = {.fd = -1};
    if (place->kind == ZREG__PLACE_LAYOUT) {
        return zreg__layout_open(&out->fd, place->path, make, err);
    }
    ZREG__TRY(zreg__tarindex_open(&opened.tar, place->path, cancel, err));
    zreg_status status = zreg__layout_check(&opened, err);
    if (status != ZREG_OK) {
        zreg__tarindex_free(opened.tar);
        return status;
    }
    *out = opened;
    return ZREG_OK;
}

/* Looking at a destination makes nothing: `make` only when something is about to be written. */
static zreg_status opened(layout *self, bool make, zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    pthread_mutex_lock(&self->lock);
    if (self->at.fd < 0 && self->at.tar == NULL) {
        status = open_at(&self->at, self->base.place, make, cancel, err);
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

static zreg_status find(zreg__layout_entry *out, layout *self, zreg_error *err)
{
    const zreg__place *place = self->base.place;
    bool has_digest = place->digest.text[0] != '\0';
    return place->number != ZREG__PLACE_NO_NUMBER
               ? zreg__layout_index_at(out, &self->at, place->number, err)
               : zreg__layout_index_find(out, &self->at, place->tag,
                                         has_digest ? &place->digest : NULL, self->write, err);
}

static zreg_status get_as_it_is(zreg_manifest **out, layout *self, const zreg_digest *digest,
                                zreg_error *err)
{
    zreg__layout_entry entry;
    if (digest != NULL) {
        return zreg__layout_manifest(out, &self->at, digest, NULL, err);
    }
    /* A digest that index.json does not list may still be a child of what it lists. */
    const zreg_digest *wanted = &self->base.place->digest;
    if (wanted->text[0] != '\0') {
        return zreg__layout_manifest(out, &self->at, wanted, NULL, err);
    }
    ZREG__TRY(find(&entry, self, err));
    const char *type = entry.media_type[0] != '\0' ? entry.media_type : NULL;
    return zreg__layout_manifest(out, &self->at, &entry.digest, type, err);
}

static zreg_status get(zreg_manifest **out, layout *self, const zreg_digest *digest,
                       zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__TRY(opened(self, false, cancel, err));
    ZREG__TRY(get_as_it_is(&manifest, self, digest, err));
    ZREG__TRY(self->write ? ZREG_OK : zreg__saved_check(&self->at, manifest, err));
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

static zreg_status layout_manifest_get(zreg_manifest **out, zreg__endpoint *endpoint,
                                       const zreg_digest *digest, zreg_cancel *cancel,
                                       zreg_error *err)
{
    ZREG__TRY(zreg__cancel_check(cancel, err));
    return named(endpoint, get(out, of(endpoint), digest, cancel, err), err);
}

static zreg_status look_for(zreg_digest *out, layout *self, const zreg_digest *digest,
                            zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__layout_blob) zreg__layout_blob blob = {.fd = -1};
    zreg__layout_entry entry = {.size_bytes = 0};
    ZREG__TRY(opened(self, false, cancel, err));
    if (digest == NULL) {
        ZREG__TRY(find(&entry, self, err));
    }
    *out = digest != NULL ? *digest : entry.digest;
    return zreg__layout_blob_open(&blob, &self->at, out, err);
}

/* A destination that is no layout yet has nothing; only a source may complain about that. */
static zreg_status layout_manifest_head(zreg_digest *out, zreg__endpoint *endpoint,
                                        const zreg_digest *digest, zreg_cancel *cancel,
                                        zreg_error *err)
{
    layout *self = of(endpoint);
    zreg_error why = {.code = ZREG_OK};
    ZREG__TRY(zreg__cancel_check(cancel, err));
    zreg_status status = look_for(out, self, digest, cancel, &why);
    if (status == ZREG_OK) {
        return ZREG_OK;
    }
    bool nothing = self->write && (status == ZREG_INVAL || status == ZREG_CORRUPT);
    return named(endpoint, zreg__fail(err, nothing ? ZREG_NOTFOUND : status, "%s", why.message),
                 err);
}

static zreg_status sink_write(zreg__sink *base, const void *bytes, size_t size, zreg_error *err)
{
    layout_sink *sink = (layout_sink *)base;
    ZREG__TRY(zreg__cancel_check(sink->cancel, err));
    if (size > sink->size_bytes - sink->hash.bytes) {
        return zreg__fail(err, ZREG_CORRUPT, "blob %s is larger than %" PRIu64 " bytes",
                          sink->digest.text, sink->size_bytes);
    }
    zreg__hash_update(&sink->hash, bytes, size);
    int failed = zreg__fd_write_all(sink->file.fd, bytes, size);
    return failed == 0 ? ZREG_OK
                       : zreg__fail_errno(err, failed, "write blob %s", sink->digest.text);
}

static zreg_status sink_commit(zreg_digest *out, zreg__sink *base, zreg_error *err)
{
    layout_sink *sink = (layout_sink *)base;
    zreg_digest found;
    ZREG__TRY(zreg__sink_check(&found, &sink->hash, &sink->digest, sink->size_bytes, err));
    ZREG__TRY(zreg__layout_file_keep(&sink->file, &found, err));
    if (out != NULL) {
        *out = found;
    }
    return ZREG_OK;
}

static void sink_free(zreg__sink *base)
{
    layout_sink *sink = (layout_sink *)base;
    zreg__layout_file_finish(&sink->file);
    free(sink);
}

static zreg_status new_sink(zreg__sink **out, int fd, const zreg_digest *digest,
                            uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE layout_sink *sink = zreg__new(layout_sink);
    if (sink == NULL) {
        return zreg__fail_nomem(err);
    }
    sink->base = (zreg__sink){.write = sink_write, .commit = sink_commit, .free = sink_free};
    sink->size_bytes = size_bytes;
    sink->cancel = cancel;
    if (digest != NULL) {
        sink->digest = *digest;
    }
    zreg__hash_init_like(&sink->hash, digest != NULL ? digest->text : NULL);
    ZREG__TRY(zreg__layout_file_new(&sink->file, fd,
                                    sink->hash.kind == ZREG__SHA512 ? "sha512" : "sha256", err));
    *out = &zreg__steal(&sink)->base;
    return ZREG_OK;
}

static bool holds(layout *self, const zreg_manifest *manifest)
{
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    return zreg__layout_holds(&self->at, zreg_manifest_digest(manifest), bytes, size);
}

static zreg_status layout_manifest_look(bool *out_there, zreg__endpoint *endpoint,
                                        const zreg_manifest *manifest, zreg_cancel *cancel,
                                        zreg_error *err)
{
    layout *self = of(endpoint);
    ZREG__TRY(zreg__cancel_check(cancel, err));
    *out_there = opened(self, false, cancel, NULL) == ZREG_OK && holds(self, manifest);
    return ZREG_OK;
}

static zreg_status write_manifest(layout *self, const zreg_manifest *manifest, zreg_cancel *cancel,
                                  zreg_error *err)
{
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    ZREG__AUTO(zreg__sink) zreg__sink *sink = NULL;
    ZREG__TRY(new_sink(&sink, self->at.fd, digest, size, cancel, err));
    return zreg__sink_put(sink, bytes, size, err);
}

static zreg_status put(layout *self, const zreg_manifest *manifest, bool is_named,
                       zreg_cancel *cancel, zreg_error *err)
{
    ZREG__TRY(named(&self->base, opened(self, true, cancel, err), err));
    if (!holds(self, manifest)) {
        ZREG__TRY(named(&self->base, write_manifest(self, manifest, cancel, err), err));
    }
    if (!is_named) {
        return ZREG_OK;
    }
    pthread_mutex_lock(&self->lock);
    zreg_status status = zreg__layout_index_add(self->at.fd, self->base.place->path, manifest,
                                                self->base.place->tag, cancel, err);
    pthread_mutex_unlock(&self->lock);
    return named(&self->base, status, err);
}

static zreg_status layout_manifest_put(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                       bool is_named, zreg_cancel *cancel, zreg_error *err)
{
    return put(of(endpoint), manifest, is_named, cancel, err);
}

static zreg_status load_referrers(layout *self, zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    ZREG__TRY(opened(self, false, cancel, err));
    pthread_mutex_lock(&self->lock);
    if (self->referrers == NULL) {
        status = zreg__layout_referrers(&self->referrers, &self->at, self->write, cancel, err);
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

/* Within one copy a subject is asked for once, before anything is added to what refers to it. */
static zreg_status layout_referrers(zreg_strings **out, zreg__endpoint *endpoint,
                                    const zreg_digest *subject, zreg_cancel *cancel,
                                    zreg_error *err)
{
    layout *self = of(endpoint);
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;
    ZREG__TRY(named(endpoint, load_referrers(self, cancel, err), err));
    ZREG__TRY(zreg__strings_new(&digests, err));
    const zreg_strings *known = zreg__map_get(self->referrers, subject->text);
    for (size_t i = 0; known != NULL && i < zreg_strings_count(known); i++) {
        ZREG__TRY(zreg__strings_add(digests, zreg_strings_at(known, i), SIZE_MAX, err));
    }
    *out = zreg__steal(&digests);
    return ZREG_OK;
}

/* One that is listed, under a tag perhaps, keeps its entry. */
static zreg_status list_one(layout *self, const zreg_manifest *manifest, zreg_cancel *cancel,
                            zreg_error *err)
{
    zreg__layout_entry entry;
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = zreg__layout_index_find(&entry, &self->at, NULL,
                                                 zreg_manifest_digest(manifest), true, &why);
    if (status == ZREG_NOTFOUND) {
        return zreg__layout_index_add(self->at.fd, self->base.place->path, manifest, NULL, cancel,
                                      err);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
}

static zreg_status layout_referrers_add(zreg__endpoint *endpoint, const zreg_digest *subject,
                                        const zreg_manifest *const *manifests, size_t count,
                                        zreg_cancel *cancel, zreg_error *err)
{
    layout *self = of(endpoint);
    zreg_status status = ZREG_OK;
    (void)subject;
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < count && status == ZREG_OK; i++) {
        status = list_one(self, manifests[i], cancel, err);
    }
    pthread_mutex_unlock(&self->lock);
    return named(endpoint, status, err);
}

static zreg_status open_blob(zreg__source **out, layout *self, const zreg_digest *digest,
                             uint64_t offset, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__layout_blob) zreg__layout_blob blob = {.fd = -1};
    ZREG__TRY(opened(self, false, cancel, err));
    ZREG__TRY(zreg__layout_blob_open(&blob, &self->at, digest, err));
    if (offset > blob.size_bytes) {
        return zreg__fail(err, ZREG_CORRUPT, "blob %s has %" PRIu64 " bytes only", digest->text,
                          blob.size_bytes);
    }
    ZREG__TRY(zreg__filesource_new(out, blob.fd, blob.owned, blob.offset + offset,
                                   blob.size_bytes - offset, digest, cancel, err));
    blob.owned = false;
    return ZREG_OK;
}

static zreg_status layout_blob_open(zreg__source **out, zreg__endpoint *endpoint,
                                    const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    return named(endpoint, open_blob(out, of(endpoint), digest, 0, cancel, err), err);
}

static zreg_status layout_blob_open_at(zreg__source **out, zreg__endpoint *endpoint,
                                       const zreg_descriptor *blob, uint64_t offset,
                                       zreg_cancel *cancel, zreg_error *err)
{
    return named(endpoint, open_blob(out, of(endpoint), &blob->digest, offset, cancel, err), err);
}

/* A file of another size is what an interrupted machine left: it is written again. */
static bool is_there(const zreg__layout *at, const zreg_digest *digest, uint64_t size_bytes)
{
    ZREG__AUTO(zreg__layout_blob) zreg__layout_blob blob = {.fd = -1};
    return zreg__layout_blob_open(&blob, at, digest, NULL) == ZREG_OK &&
           (size_bytes == UINT64_MAX || blob.size_bytes == size_bytes);
}

static zreg_status layout_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                      zreg__endpoint *endpoint, const zreg_digest *digest,
                                      uint64_t size_bytes, const zreg__endpoint *from,
                                      zreg_cancel *cancel, zreg_error *err)
{
    layout *self = of(endpoint);
    (void)from;
    ZREG__TRY(named(endpoint, opened(self, true, cancel, err), err));
    if (digest != NULL && is_there(&self->at, digest, size_bytes)) {
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    *out_state = ZREG__BLOB_WANTED;
    return named(endpoint, new_sink(out, self->at.fd, digest, size_bytes, cancel, err), err);
}

const zreg__endpoint_driver zreg__endpoint_layout = {
    .name = "OCI layout",
    .local = true,
    .open = layout_open,
    .manifest_get = layout_manifest_get,
    .manifest_head = layout_manifest_head,
    .manifest_look = layout_manifest_look,
    .manifest_put = layout_manifest_put,
    .blob_open = layout_blob_open,
    .blob_open_at = layout_blob_open_at,
    .blob_create = layout_blob_create,
    .referrers = layout_referrers,
    .referrers_add = layout_referrers_add,
    .same_repository = layout_same_repository,
    .free = layout_free,
};
