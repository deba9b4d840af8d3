/* SPDX-License-Identifier: Apache-2.0 */
/* A repository of a remote registry. */
#include "image/drivers.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "image/pusher.h"
#include "image/registry_looks.h"
#include "oci/errors.h"
#include "oci/reference.h"
#include "registry/client.h"
#include "registry/client_referrers.h"
#include "registry/referrer_list.h"
#include <stdatomic.h>

typedef struct registry {
    zreg__endpoint base;
    zreg_client *client;
    zreg_ref *ref;
    const char *origin;
    atomic_bool no_lists; /* it said that it keeps no lists of referrers */
    zreg__pusher pusher;
} registry;

typedef struct registry_source {
    zreg__source base;
    zreg_blob_reader *reader;
} registry_source;

typedef struct registry_sink {
    zreg__sink base;
    registry *self;
    zreg_blob_writer *writer;
} registry_sink;

static registry *of(zreg__endpoint *endpoint)
{
    return (registry *)endpoint;
}

static const zreg_ref *ref_of(const zreg__endpoint *endpoint)
{
    return ((const registry *)endpoint)->ref;
}

static void registry_free(zreg__endpoint *endpoint)
{
    registry *self = of(endpoint);
    zreg_ref_free(self->ref);
    zreg__pusher_finish(&self->pusher);
    free(self);
}

static zreg_status start(registry *self, const char *text, const zreg__endpoint_options *options,
                         zreg_error *err)
{
    self->client = options->client;
    self->origin = options->origin;
    ZREG__TRY(zreg_ref_parse(&self->ref, text, err));
    ZREG__TRY(zreg__client_expect(self->client, self->ref, options->write ? "pull,push" : "pull",
                                  NULL, err));
    return zreg__pusher_open(&self->pusher, self->client, self->ref,
                             options->write ? options->mount_from : NULL, err);
}

static zreg_status registry_open(zreg__endpoint **out, zreg__place *place,
                                 const zreg__endpoint_options *options, zreg_error *err)
{
    registry *self = zreg__new(registry);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__pusher_init(&self->pusher);
    zreg_status status = start(self, zreg_ref_text(place->ref), options, err);
    if (status != ZREG_OK) {
        registry_free(&self->base);
        return status;
    }
    *out = &self->base;
    return ZREG_OK;
}

static bool same_host(const zreg__endpoint *a, const zreg__endpoint *b)
{
    return zreg__client_same_host(zreg_ref_host(ref_of(a)), zreg_ref_host(ref_of(b)));
}

static bool registry_same_repository(const zreg__endpoint *a, const zreg__endpoint *b)
{
    return same_host(a, b) &&
           zreg__str_equal(zreg_ref_repository(ref_of(a)), zreg_ref_repository(ref_of(b)));
}

static zreg_status registry_expect(zreg__endpoint *endpoint, const zreg__endpoint *from,
                                   zreg_error *err)
{
    registry *self = of(endpoint);
    if (!same_host(endpoint, from) || registry_same_repository(endpoint, from)) {
        return ZREG_OK;
    }
    return zreg__client_expect(self->client, self->ref, "pull,push",
                               zreg_ref_repository(ref_of(from)), err);
}

static zreg_status registry_manifest_get(zreg_manifest **out, zreg__endpoint *endpoint,
                                         const zreg_digest *digest, zreg_cancel *cancel,
                                         zreg_error *err)
{
    registry *self = of(endpoint);
    if (digest == NULL) {
        return zreg_client_manifest_get(out, self->client, self->ref, cancel, err);
    }
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_digest(&ref, self->ref, digest, err));
    return zreg_client_manifest_get(out, self->client, ref, cancel, err);
}

static zreg_status registry_manifest_head(zreg_digest *out, zreg__endpoint *endpoint,
                                          const zreg_digest *digest, zreg_cancel *cancel,
                                          zreg_error *err)
{
    registry *self = of(endpoint);
    const char *tag = zreg_ref_tag(self->ref);
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    if (digest != NULL) {
        ZREG__TRY(zreg_ref_with_digest(&ref, self->ref, digest, err));
    } else if (tag != NULL) {
        ZREG__TRY(zreg_ref_with_tag(&ref, self->ref, tag, err));
    }
    return zreg_client_manifest_head(out, self->client, ref != NULL ? ref : self->ref, cancel, err);
}

/* What it lacks is sent when the image is moved once more. */
static zreg_status put(registry *self, const zreg_ref *ref, const zreg_manifest *manifest,
                       bool named, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *missing = NULL;
    zreg_error why = {.code = ZREG_OK};
    ZREG__TRY(zreg__strings_new(&missing, err));
    zreg_status status = zreg__client_manifest_put_from(
        self->client, ref, manifest, named ? self->origin : NULL, missing, cancel, &why);
    if (status == ZREG_OK) {
        return ZREG_OK;
    }
    if (zreg__errors_misses_blob(&why)) {
        ZREG__TRY(zreg__pusher_doubt(&self->pusher, missing, err));
    }
    return zreg__fail_again(err, &why);
}

static zreg_status registry_manifest_put(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                         bool named, zreg_cancel *cancel, zreg_error *err)
{
    registry *self = of(endpoint);
    const char *tag = zreg_ref_tag(self->ref);
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    if (named && tag != NULL) {
        ZREG__TRY(zreg_ref_with_tag(&ref, self->ref, tag, err));
    } else {
        ZREG__TRY(zreg_ref_with_digest(&ref, self->ref, zreg_manifest_digest(manifest), err));
    }
    return put(self, ref, manifest, named, cancel, err);
}

static zreg_status find_referrers(zreg_referrers **out, registry *self, const zreg_digest *subject,
                                  zreg_cancel *cancel, zreg_error *err)
{
    bool has_list = false;
    if (!self->no_lists) {
        ZREG__TRY(zreg__client_referrers_ask(out, &has_list, self->client, self->ref, subject, NULL,
                                             cancel, err));
        self->no_lists = !has_list;
    }
    return has_list ? ZREG_OK
                    : zreg__client_referrers_read_tag(out, self->client, self->ref, subject, NULL,
                                                      cancel, err);
}

static zreg_status registry_referrers(zreg_strings **out, zreg__endpoint *endpoint,
                                      const zreg_digest *subject, zreg_cancel *cancel,
                                      zreg_error *err)
{
    ZREG__AUTO(zreg_referrers) zreg_referrers *found = NULL;
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;
    ZREG__TRY(find_referrers(&found, of(endpoint), subject, cancel, err));
    ZREG__TRY(zreg__strings_new(&digests, err));
    for (size_t i = 0; i < zreg_referrers_count(found); i++) {
        ZREG__TRY(
            zreg__strings_add(digests, zreg_referrers_at(found, i)->digest.text, SIZE_MAX, err));
    }
    *out = zreg__steal(&digests);
    return ZREG_OK;
}

static zreg_status registry_referrers_add(zreg__endpoint *endpoint, const zreg_digest *subject,
                                          const zreg_manifest *const *manifests, size_t count,
                                          zreg_cancel *cancel, zreg_error *err)
{
    registry *self = of(endpoint);
    return self->no_lists ? zreg__client_referrers_add_to_tag(self->client, self->ref, subject,
                                                              manifests, count, cancel, err)
                          : ZREG_OK;
}

static zreg_status source_read(size_t *out_size, zreg__source *source, void *buffer,
                               size_t capacity, zreg_error *err)
{
    return zreg_blob_read(out_size, ((registry_source *)source)->reader, buffer, capacity, err);
}

static bool source_doubt(zreg__source *source)
{
    return zreg__blob_reader_doubt(((registry_source *)source)->reader);
}

static void source_free(zreg__source *source)
{
    zreg_blob_reader_free(((registry_source *)source)->reader);
    free(source);
}

static zreg_status new_source(zreg__source **out, zreg_blob_reader **reader, zreg_error *err)
{
    registry_source *source = zreg__new(registry_source);
    if (source == NULL) {
        return zreg__fail_nomem(err);
    }
    source->base = (zreg__source){.read = source_read, .doubt = source_doubt, .free = source_free};
    source->reader = zreg__steal(reader);
    *out = &source->base;
    return ZREG_OK;
}

static zreg_status registry_blob_open(zreg__source **out, zreg__endpoint *endpoint,
                                      const zreg_digest *digest, zreg_cancel *cancel,
                                      zreg_error *err)
{
    registry *self = of(endpoint);
    ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = NULL;
    ZREG__TRY(zreg_blob_open(&reader, self->client, self->ref, digest, cancel, err));
    return new_source(out, &reader, err);
}

static zreg_status registry_blob_open_part(zreg__source **out, zreg__endpoint *endpoint,
                                           const zreg_descriptor *blob, uint64_t offset,
                                           uint64_t length, zreg_cancel *cancel, zreg_error *err)
{
    registry *self = of(endpoint);
    ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = NULL;
    ZREG__TRY(
        zreg__blob_open_part(&reader, self->client, self->ref, blob, offset, length, cancel, err));
    return new_source(out, &reader, err);
}

static zreg_status registry_blob_open_at(zreg__source **out, zreg__endpoint *endpoint,
                                         const zreg_descriptor *blob, uint64_t offset,
                                         zreg_cancel *cancel, zreg_error *err)
{
    registry *self = of(endpoint);
    ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = NULL;
    ZREG__TRY(zreg__blob_open_at(&reader, self->client, self->ref, blob, offset, cancel, err));
    return new_source(out, &reader, err);
}

static zreg_status sink_write(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err)
{
    return zreg_blob_write(((registry_sink *)sink)->writer, bytes, size, err);
}

static zreg_status sink_commit(zreg_digest *out, zreg__sink *base, zreg_error *err)
{
    registry_sink *sink = (registry_sink *)base;
    zreg_digest digest;
    ZREG__TRY(zreg_blob_commit(&digest, sink->writer, err));
    zreg__pusher_learn(&sink->self->pusher, &digest);
    if (out != NULL) {
        *out = digest;
    }
    return ZREG_OK;
}

static void sink_feed(zreg__sink *sink)
{
    zreg__blob_writer_feed(((registry_sink *)sink)->writer);
}

static zreg_status sink_recover(uint64_t *out_offset, bool *out_stored, zreg__sink *base,
                                const zreg_error *failed, zreg_error *err)
{
    registry_sink *sink = (registry_sink *)base;
    return zreg__blob_writer_recover(out_offset, out_stored, sink->writer, failed, err);
}

static void sink_free(zreg__sink *sink)
{
    zreg_blob_writer_free(((registry_sink *)sink)->writer);
    free(sink);
}

static zreg_status new_sink(zreg__sink **out, registry *self, zreg_blob_writer **writer,
                            zreg_error *err)
{
    registry_sink *sink = zreg__new(registry_sink);
    if (sink == NULL) {
        return zreg__fail_nomem(err);
    }
    sink->base = (zreg__sink){.write = sink_write,
                              .commit = sink_commit,
                              .feed = sink_feed,
                              .recover = sink_recover,
                              .free = sink_free};
    sink->self = self;
    sink->writer = zreg__steal(writer);
    *out = &sink->base;
    return ZREG_OK;
}

static zreg_status registry_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                        zreg__endpoint *endpoint, const zreg_digest *digest,
                                        uint64_t size_bytes, const zreg__endpoint *from,
                                        zreg_cancel *cancel, zreg_error *err)
{
    registry *self = of(endpoint);
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;
    bool beside = digest != NULL && from != NULL && from->driver == endpoint->driver &&
                  same_host(endpoint, from);
    if (beside && registry_same_repository(endpoint, from)) {
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    ZREG__TRY(zreg__pusher_begin(&writer, out_state, &self->pusher, digest, size_bytes,
                                 beside ? zreg_ref_repository(ref_of(from)) : NULL, cancel, err));
    if (*out_state == ZREG__BLOB_WANTED) {
        return new_sink(out, self, &writer, err);
    }
    zreg__pusher_learn(&self->pusher, digest);
    return ZREG_OK;
}

static void registry_blob_known(zreg__endpoint *endpoint, const zreg_digest *digest)
{
    zreg__pusher_learn(&of(endpoint)->pusher, digest);
}

const zreg__endpoint_driver zreg__endpoint_registry = {
    .name = "registry",
    .open = registry_open,
    .manifest_get = registry_manifest_get,
    .manifest_head = registry_manifest_head,
    .manifest_put = registry_manifest_put,
    .manifest_get_unknown = zreg__registry_looks_unknown,
    .blob_head = zreg__registry_looks_blob,
    .blob_open = registry_blob_open,
    .blob_open_at = registry_blob_open_at,
    .blob_open_part = registry_blob_open_part,
    .blob_create = registry_blob_create,
    .blob_known = registry_blob_known,
    .referrers = registry_referrers,
    .referrers_add = registry_referrers_add,
    .same_repository = registry_same_repository,
    .expect = registry_expect,
    .free = registry_free,
};
