/* SPDX-License-Identifier: Apache-2.0 */
#include "image/append_layers.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "image/parallel.h"
#include "image/transfer.h"
#include <stdatomic.h>
#include <sys/stat.h>

/* Packing is bound by the processor, so more threads than this only cost memory. */
#define MAX_THREADS 4

struct zreg__append_layers {
    const char *const *paths;
    size_t count;
    zreg__tarlayer *found;
    zreg__endpoint *dst;
    const zreg_append_options *options;
    _Atomic uint64_t bytes_done;
    _Atomic uint32_t done;
    _Atomic size_t last; /* index of the layer worked on last */
};

static size_t count_paths(const char *const *paths)
{
    size_t count = 0;
    while (paths != NULL && paths[count] != NULL) {
        count++;
    }
    return count;
}

zreg_status zreg__append_layers_new(zreg__append_layers **out, const char *const *paths,
                                    zreg_error *err)
{
    size_t count = count_paths(paths);
    if (count > ZREG__MAX_LAYERS) {
        return zreg__fail(err, ZREG_LIMIT, "%zu layers, at most %d are allowed", count,
                          ZREG__MAX_LAYERS);
    }
    zreg__append_layers *layers = zreg__new(zreg__append_layers);
    if (layers == NULL) {
        return zreg__fail_nomem(err);
    }
    layers->paths = paths;
    layers->count = count;
    layers->found = zreg__calloc(count + 1, sizeof(*layers->found));
    if (layers->found == NULL) {
        zreg__append_layers_free(layers);
        return zreg__fail_nomem(err);
    }
    *out = layers;
    return ZREG_OK;
}

/* Where the bytes of one layer go. */
typedef struct route {
    zreg__append_layers *layers;
    zreg__sink *sink;
} route;

static zreg_status write_route(void *user, const void *bytes, size_t size, zreg_error *err)
{
    route *self = user;
    ZREG__TRY(zreg__sink_write(self->sink, bytes, size, err));
    self->layers->bytes_done += size;
    return ZREG_OK;
}

static zreg_status push_folder(zreg__append_layers *self, size_t i, zreg_cancel *stop,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__sink) zreg__sink *sink = NULL;
    zreg__endpoint_blob_state state = ZREG__BLOB_WANTED;
    zreg_digest stored;
    ZREG__TRY(
        zreg__endpoint_blob_create(&sink, &state, self->dst, NULL, UINT64_MAX, NULL, stop, err));
    route to = {self, sink};
    ZREG__TRY(zreg__tarlayer_pack(&self->found[i], self->paths[i], self->options->created,
                                  write_route, &to, stop, err));
    ZREG__TRY(zreg__sink_commit(&stored, sink, err));
    if (!zreg_digest_equal(&stored, &self->found[i].digest)) {
        return zreg__fail(err, ZREG_CORRUPT, "layer %s: stored as %s, but it is %s", self->paths[i],
                          stored.text, self->found[i].digest.text);
    }
    return ZREG_OK;
}

/* Read twice, as the digest decides whether it has to be sent at all. */
static zreg_status push_file(zreg__append_layers *self, size_t i, zreg_cancel *stop,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__sink) zreg__sink *sink = NULL;
    zreg__endpoint_blob_state state = ZREG__BLOB_WANTED;
    zreg__tarlayer *layer = &self->found[i];
    ZREG__TRY(zreg__tarlayer_measure(layer, self->paths[i], stop, err));
    ZREG__TRY(zreg__endpoint_blob_create(&sink, &state, self->dst, &layer->digest,
                                         layer->size_bytes, NULL, stop, err));
    if (state != ZREG__BLOB_WANTED) {
        self->bytes_done += layer->size_bytes;
        return ZREG_OK;
    }
    route to = {self, sink};
    ZREG__TRY(zreg__tarlayer_send(self->paths[i], write_route, &to, stop, err));
    return zreg__sink_commit(NULL, sink, err);
}

static zreg_status push_one(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    zreg__append_layers *self = user;
    struct stat about;
    bool is_folder = stat(self->paths[i], &about) == 0 && S_ISDIR(about.st_mode);
    self->last = i;
    ZREG__TRY(is_folder ? push_folder(self, i, stop, err) : push_file(self, i, stop, err));
    self->done++;
    return ZREG_OK;
}

/* How much a folder will give is not known before it is packed, so the total grows with it. */
static int report(void *user)
{
    zreg__append_layers *self = user;
    uint64_t bytes_done = atomic_load(&self->bytes_done);
    const zreg_progress progress = {
        .phase = "append",
        .item = self->paths[atomic_load(&self->last)],
        .bytes_done = bytes_done,
        .bytes_total = bytes_done,
        .blobs_done = atomic_load(&self->done),
        .blobs_total = (uint32_t)self->count,
    };
    return self->options->progress(&progress, self->options->progress_user);
}

zreg_status zreg__append_layers_push(zreg__append_layers *layers, zreg__endpoint *dst,
                                     const zreg_append_options *options, zreg_cancel *cancel,
                                     zreg_error *err)
{
    if (layers->count == 0) {
        return ZREG_OK;
    }
    layers->dst = dst;
    layers->options = options;
    return zreg__parallel_run(layers->count, MAX_THREADS, push_one,
                              options->progress == NULL ? NULL : report, layers, cancel, err);
}

size_t zreg__append_layers_count(const zreg__append_layers *layers)
{
    return layers->count;
}

const zreg__tarlayer *zreg__append_layers_at(const zreg__append_layers *layers, size_t i)
{
    return &layers->found[i];
}

void zreg__append_layers_free(zreg__append_layers *layers)
{
    if (layers != NULL) {
        free(layers->found);
        free(layers);
    }
}
