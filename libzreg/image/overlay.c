/* SPDX-License-Identifier: Apache-2.0 */
#include "image/overlay.h"

#include "base/error.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "image/filesource.h"
#include "oci/manifest.h"
#include <pthread.h>
#include <string.h>

/* A blob: a file, or bytes. */
typedef struct entry {
    int fd; /* -1: bytes */
    char *bytes;
    uint64_t size_bytes;
} entry;

struct zreg__overlay {
    pthread_mutex_t lock;
    zreg__map *manifests; /* digest -> zreg_manifest */
    zreg__map *files;     /* digest -> entry */
    zreg__map *bytes;     /* digest -> entry */
};

typedef struct memory_source {
    zreg__source base;
    const entry *blob; /* lives as long as the overlay */
    size_t at;
} memory_source;

static void manifest_free(void *manifest)
{
    zreg_manifest_free(manifest);
}

static void entry_free(void *value)
{
    entry *self = value;
    if (self->fd >= 0) {
        close(self->fd);
    }
    free(self->bytes);
    free(self);
}

static zreg_status start(zreg__overlay *self, zreg_error *err)
{
    ZREG__TRY(zreg__map_new(&self->manifests, manifest_free, err));
    ZREG__TRY(zreg__map_new(&self->files, entry_free, err));
    return zreg__map_new(&self->bytes, entry_free, err);
}

zreg_status zreg__overlay_new(zreg__overlay **out, zreg_error *err)
{
    zreg__overlay *self = zreg__new(zreg__overlay);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&self->lock, NULL);
    zreg_status status = start(self, err);
    if (status != ZREG_OK) {
        zreg__overlay_free(self);
        return status;
    }
    *out = self;
    return ZREG_OK;
}

/* What is there stays: sources may be reading it. */
static zreg_status add(zreg__overlay *self, zreg__map *to, const zreg_digest *digest, void *value,
                       void (*free_value)(void *), zreg_error *err)
{
    pthread_mutex_lock(&self->lock);
    bool known = zreg__map_get(to, digest->text) != NULL;
    zreg_status status = known ? ZREG_OK : zreg__map_set(to, digest->text, value, err);
    pthread_mutex_unlock(&self->lock);
    if (known || status != ZREG_OK) {
        free_value(value);
    }
    return status;
}

static void *get(zreg__overlay *self, zreg__map *from, const zreg_digest *digest)
{
    pthread_mutex_lock(&self->lock);
    void *value = zreg__map_get(from, digest->text);
    pthread_mutex_unlock(&self->lock);
    return value;
}

zreg_status zreg__overlay_add_manifest(zreg__overlay *self, const zreg_manifest *manifest,
                                       zreg_error *err)
{
    return add(self, self->manifests, zreg_manifest_digest(manifest),
               zreg__manifest_share(manifest), manifest_free, err);
}

zreg_status zreg__overlay_add_bytes(zreg__overlay *self, const zreg_digest *digest,
                                    const void *bytes, size_t size, zreg_error *err)
{
    entry *made = zreg__new(entry);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    *made = (entry){.fd = -1, .bytes = zreg__strndup(bytes, size), .size_bytes = size};
    if (made->bytes == NULL) {
        entry_free(made);
        return zreg__fail_nomem(err);
    }
    return add(self, self->bytes, digest, made, entry_free, err);
}

zreg_status zreg__overlay_add_file(zreg__overlay *self, const zreg_digest *digest, int fd,
                                   uint64_t size_bytes, zreg_error *err)
{
    entry *made = zreg__new(entry);
    if (made == NULL) {
        close(fd);
        return zreg__fail_nomem(err);
    }
    *made = (entry){.fd = fd, .size_bytes = size_bytes};
    return add(self, self->files, digest, made, entry_free, err);
}

zreg_manifest *zreg__overlay_manifest(zreg__overlay *self, const zreg_digest *digest)
{
    const zreg_manifest *found = self != NULL ? get(self, self->manifests, digest) : NULL;
    return found != NULL ? zreg__manifest_share(found) : NULL;
}

zreg_status zreg__overlay_open_file(zreg__source **out, zreg__overlay *self,
                                    const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    const entry *found = self != NULL ? get(self, self->files, digest) : NULL;
    return found == NULL ? ZREG_OK
                         : zreg__filesource_new(out, found->fd, false, 0, found->size_bytes, digest,
                                                cancel, err);
}

static zreg_status memory_read(size_t *out_size, zreg__source *base, void *buffer, size_t capacity,
                               zreg_error *err)
{
    memory_source *self = (memory_source *)base;
    size_t left = (size_t)self->blob->size_bytes - self->at;
    size_t size = left < capacity ? left : capacity;
    (void)err;
    memcpy(buffer, self->blob->bytes + self->at, size);
    self->at += size;
    *out_size = size;
    return ZREG_OK;
}

static void memory_free(zreg__source *base)
{
    free(base);
}

zreg_status zreg__overlay_open_bytes(zreg__source **out, zreg__overlay *self,
                                     const zreg_digest *digest, zreg_error *err)
{
    const entry *found = self != NULL ? get(self, self->bytes, digest) : NULL;
    if (found == NULL) {
        return ZREG_OK;
    }
    memory_source *source = zreg__new(memory_source);
    if (source == NULL) {
        return zreg__fail_nomem(err);
    }
    *source = (memory_source){.base = {.read = memory_read, .free = memory_free}, .blob = found};
    *out = &source->base;
    return ZREG_OK;
}

bool zreg__overlay_has_bytes(zreg__overlay *self, const zreg_digest *digest, uint64_t *out_size)
{
    const entry *found = self != NULL ? get(self, self->bytes, digest) : NULL;
    *out_size = found != NULL ? found->size_bytes : 0;
    return found != NULL;
}

void zreg__overlay_free(zreg__overlay *self)
{
    if (self == NULL) {
        return;
    }
    zreg__map_free(self->manifests);
    zreg__map_free(self->files);
    zreg__map_free(self->bytes);
    pthread_mutex_destroy(&self->lock);
    free(self);
}
