/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository of a server in this process, by its store: no socket, no copy through HTTP.
 *
 * The host of the place is ignored. Names follow the server's own rules.
 */
#include "image/drivers.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "registry/client.h"
#include "server/server.h"
#include "store/store.h"
#include <stdio.h>

typedef struct local {
    zreg__endpoint base;
    zreg__homes *homes; /* of the client's session; NULL without a client */
    char name[32];      /* what the session knows this server by */
    zreg__store *store;
    zreg_server *server;
    const char *origin;
    char *repository;
    zreg_strings *mount_from;
} local;

typedef struct local_source {
    zreg__source base;
    zreg__store_blob *blob;
    uint64_t offset;
    zreg_server *server;
    zreg_cancel *cancel;
} local_source;

typedef struct local_sink {
    zreg__sink base;
    local *self;
    zreg__store_upload *upload;
    zreg_digest digest; /* expected, or "" */
    uint64_t size_bytes;
    zreg_cancel *cancel;
    bool committed;
} local_sink;

static local *of(zreg__endpoint *endpoint)
{
    return (local *)endpoint;
}

static void local_free(zreg__endpoint *endpoint)
{
    local *self = of(endpoint);
    free(self->repository);
    zreg_strings_free(self->mount_from);
    if (self->server != NULL) {
        zreg__server_release(self->server);
    }
    free(self);
}

static zreg_status name_of(char **out, const local *self, const char *repository, zreg_error *err)
{
    return zreg__server_repository(out, self->server, zreg__span_of(repository), NULL, err);
}

static zreg_status start(local *self, const zreg_ref *ref, const zreg__endpoint_options *options,
                         zreg_error *err)
{
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, options->server, err)); /* it is there still */
    self->store = zreg__server_store(&visit);
    self->server = zreg__server_share(options->server);
    self->origin = options->origin;
    self->homes = options->client != NULL ? zreg__client_homes(options->client) : NULL;
    (void)snprintf(self->name, sizeof(self->name), "server %p", (void *)self->store);
    ZREG__TRY(name_of(&self->repository, self, zreg_ref_repository(ref), err));
    ZREG__TRY(zreg__strings_new(&self->mount_from, err));
    const char *const *from = options->mount_from;
    for (size_t i = 0; from != NULL && from[i] != NULL; i++) {
        ZREG__AUTO_FREE char *name = NULL;
        ZREG__TRY(name_of(&name, self, from[i], err));
        ZREG__TRY(zreg__strings_add(self->mount_from, name, SIZE_MAX, err));
    }
    return ZREG_OK;
}

static zreg_status local_open(zreg__endpoint **out, zreg__place *place,
                              const zreg__endpoint_options *options, zreg_error *err)
{
    local *self = zreg__new(local);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg_status status = start(self, place->ref, options, err);
    if (status != ZREG_OK) {
        local_free(&self->base);
        return status;
    }
    *out = &self->base;
    return ZREG_OK;
}

static bool local_same_repository(const zreg__endpoint *a, const zreg__endpoint *b)
{
    const local *left = (const local *)a;
    const local *right = (const local *)b;
    return left->store == right->store && zreg__str_equal(left->repository, right->repository);
}

static zreg_status local_manifest_get(zreg_manifest **out, zreg__endpoint *endpoint,
                                      const zreg_digest *digest, zreg_cancel *cancel,
                                      zreg_error *err)
{
    local *self = of(endpoint);
    const char *reference =
        digest != NULL ? digest->text : zreg_ref_reference(endpoint->place->ref);
    ZREG__TRY(zreg__cancel_check(cancel, err));
    return zreg__store_manifest_get(out, self->store, self->repository, reference, err);
}

static zreg_status local_manifest_head(zreg_digest *out, zreg__endpoint *endpoint,
                                       const zreg_digest *digest, zreg_cancel *cancel,
                                       zreg_error *err)
{
    local *self = of(endpoint);
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    const char *tag = zreg_ref_tag(endpoint->place->ref);
    const char *named = tag != NULL ? tag : zreg_ref_reference(endpoint->place->ref);
    ZREG__TRY(zreg__cancel_check(cancel, err));
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, self->server, err));
    ZREG__TRY(zreg__store_manifest_get(&manifest, self->store, self->repository,
                                       digest != NULL ? digest->text : named, err));
    *out = *zreg_manifest_digest(manifest);
    return ZREG_OK;
}

static zreg_status local_manifest_put(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                      bool named, zreg_cancel *cancel, zreg_error *err)
{
    local *self = of(endpoint);
    const char *tag = named ? zreg_ref_tag(endpoint->place->ref) : NULL;
    ZREG__TRY(zreg__cancel_check(cancel, err));
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, self->server, err));
    ZREG__TRY(zreg__store_manifest_put(NULL, self->store, self->repository, tag, manifest, err));
    if (named) {
        zreg__server_note_origin(self->server, self->repository, tag, manifest, self->origin);
    }
    return ZREG_OK;
}

/* The mark of a referrer outlives it when a delete was cut off: what is gone is no referrer. */
static bool is_there(const local *self, const char *digest)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    return zreg__store_manifest_get(&manifest, self->store, self->repository, digest, NULL) !=
           ZREG_NOTFOUND;
}

static zreg_status local_referrers(zreg_strings **out, zreg__endpoint *endpoint,
                                   const zreg_digest *subject, zreg_cancel *cancel, zreg_error *err)
{
    const local *self = of(endpoint);
    ZREG__AUTO(zreg_strings) zreg_strings *marks = NULL;
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;
    bool more = false;
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, self->server, err));
    ZREG__TRY(zreg__strings_new(&digests, err));
    ZREG__TRY(zreg__store_referrers(&marks, &more, self->store, self->repository, subject, NULL,
                                    ZREG__MAX_REFERRERS, err));
    if (more) {
        return zreg__fail(err, ZREG_LIMIT, "referrers of %s@%s: there are more than %d",
                          self->repository, subject->text, ZREG__MAX_REFERRERS);
    }
    for (size_t i = 0; i < zreg_strings_count(marks); i++) {
        ZREG__TRY(zreg__cancel_check(cancel, err));
        if (is_there(self, zreg_strings_at(marks, i))) {
            ZREG__TRY(zreg__strings_add(digests, zreg_strings_at(marks, i), SIZE_MAX, err));
        }
    }
    *out = zreg__steal(&digests);
    return ZREG_OK;
}

static zreg_status source_read(size_t *out_size, zreg__source *base, void *buffer, size_t capacity,
                               zreg_error *err)
{
    local_source *source = (local_source *)base;
    size_t size = 0;
    ZREG__TRY(zreg__cancel_check(source->cancel, err));
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, source->server, err));
    ZREG__TRY(zreg__store_blob_read(&size, source->blob, source->offset, buffer, capacity, err));
    source->offset += size;
    *out_size = size;
    return ZREG_OK;
}

static void source_free(zreg__source *base)
{
    local_source *source = (local_source *)base;
    zreg__store_blob_free(source->blob);
    free(source);
}

static zreg_status local_blob_open(zreg__source **out, zreg__endpoint *endpoint,
                                   const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    local *self = of(endpoint);
    ZREG__AUTO_FREE local_source *source = zreg__new(local_source);
    if (source == NULL) {
        return zreg__fail_nomem(err);
    }
    source->base = (zreg__source){.read = source_read, .free = source_free};
    source->cancel = cancel;
    source->server = self->server;
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, self->server, err));
    ZREG__TRY(zreg__store_blob_open(&source->blob, self->store, self->repository, digest, err));
    *out = &zreg__steal(&source)->base;
    return ZREG_OK;
}

static zreg_status sink_write(zreg__sink *base, const void *bytes, size_t size, zreg_error *err)
{
    local_sink *sink = (local_sink *)base;
    ZREG__TRY(zreg__cancel_check(sink->cancel, err));
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, sink->self->server, err));
    if (size > sink->size_bytes - zreg__store_upload_size(sink->upload)) {
        return zreg__fail(err, ZREG_CORRUPT, "blob %s is larger than the %llu bytes announced",
                          sink->digest.text, (unsigned long long)sink->size_bytes);
    }
    return zreg__store_upload_append(sink->upload, bytes, size, err);
}

/* Other repositories of this server can mount it from here from now on. */
static void learn(local *self, const zreg_digest *digest)
{
    if (self->homes != NULL) {
        zreg__homes_learn(self->homes, self->name, digest, self->repository);
    }
}

static zreg_status sink_commit(zreg_digest *out, zreg__sink *base, zreg_error *err)
{
    local_sink *sink = (local_sink *)base;
    uint64_t received = zreg__store_upload_size(sink->upload);
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, sink->self->server, err));
    if (sink->size_bytes != UINT64_MAX && received != sink->size_bytes) {
        return zreg__fail(err, ZREG_CORRUPT, "blob %s has %llu bytes instead of %llu",
                          sink->digest.text, (unsigned long long)received,
                          (unsigned long long)sink->size_bytes);
    }
    if (sink->digest.text[0] == '\0') {
        ZREG__TRY(zreg__store_upload_digest(&sink->digest, sink->upload, err));
    }
    ZREG__TRY(zreg__store_upload_commit(sink->self->store, sink->upload, &sink->digest, err));
    sink->committed = true;
    learn(sink->self, &sink->digest);
    if (out != NULL) {
        *out = sink->digest;
    }
    return ZREG_OK;
}

static void sink_free(zreg__sink *base)
{
    local_sink *sink = (local_sink *)base;
    if (!sink->committed) {
        (void)zreg__store_upload_abort(sink->self->store, sink->upload, NULL);
    }
    zreg__store_upload_free(sink->upload);
    free(sink);
}

static zreg_status new_sink(zreg__sink **out, local *self, const zreg_digest *digest,
                            uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE local_sink *sink = zreg__new(local_sink);
    if (sink == NULL) {
        return zreg__fail_nomem(err);
    }
    sink->base = (zreg__sink){.write = sink_write, .commit = sink_commit, .free = sink_free};
    sink->self = self;
    sink->size_bytes = size_bytes;
    sink->cancel = cancel;
    if (digest != NULL) {
        sink->digest = *digest;
    }
    ZREG__TRY(zreg__store_upload_new(&sink->upload, self->store, self->repository, err));
    *out = &zreg__steal(&sink)->base;
    return ZREG_OK;
}

static bool mounted(local *self, const char *from, const zreg_digest *digest)
{
    return zreg__store_blob_mount(self->store, self->repository, from, digest, NULL) == ZREG_OK;
}

/* A mount that fails only costs the bytes: they are sent then. */
static bool mounted_from_any(local *self, const zreg__endpoint *from, const zreg_digest *digest)
{
    const local *other = (const local *)from;
    if (from != NULL && from->driver == self->base.driver && other->store == self->store &&
        mounted(self, other->repository, digest)) {
        return true;
    }
    char home[ZREG__MAX_REPOSITORY + 1];
    if (self->homes != NULL && zreg__homes_find(home, self->homes, self->name, digest) &&
        mounted(self, home, digest)) {
        return true;
    }
    for (size_t i = 0; i < zreg_strings_count(self->mount_from); i++) {
        if (mounted(self, zreg_strings_at(self->mount_from, i), digest)) {
            return true;
        }
    }
    return false;
}

static zreg_status local_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                     zreg__endpoint *endpoint, const zreg_digest *digest,
                                     uint64_t size_bytes, const zreg__endpoint *from,
                                     zreg_cancel *cancel, zreg_error *err)
{
    local *self = of(endpoint);
    uint64_t size = 0;
    ZREG__AUTO(zreg__server_visit) zreg__server_visit visit = {NULL};
    ZREG__TRY(zreg__server_enter(&visit, self->server, err));
    if (digest != NULL &&
        zreg__store_blob_stat(&size, self->store, self->repository, digest, NULL) == ZREG_OK) {
        learn(self, digest);
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    if (digest != NULL && mounted_from_any(self, from, digest)) {
        learn(self, digest);
        *out_state = ZREG__BLOB_MOUNTED;
        return ZREG_OK;
    }
    *out_state = ZREG__BLOB_WANTED;
    return new_sink(out, self, digest, size_bytes, cancel, err);
}

const zreg__endpoint_driver zreg__endpoint_store = {
    .name = "server in this process",
    .local = true,
    .open = local_open,
    .manifest_get = local_manifest_get,
    .manifest_head = local_manifest_head,
    .manifest_put = local_manifest_put,
    .blob_open = local_blob_open,
    .blob_create = local_blob_create,
    .referrers = local_referrers,
    .same_repository = local_same_repository,
    .free = local_free,
};
