/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository of a remote registry.
 *
 * A blob is not asked for with HEAD before it is pushed: a mount from the destination's own
 * repository answers the same question and, when the answer is no, is the upload session already.
 * Registries that ignore mounts would be sent what they have, so before many bytes are sent one
 * HEAD makes sure, and a registry caught ignoring a mount is asked by HEAD from then on.
 */
#include "image/drivers.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/reference.h"
#include "registry/client.h"
#include "registry/referrers.h"
#include <pthread.h>
#include <stdatomic.h>

/* Sending this much takes longer than a HEAD. */
#define WORTH_A_HEAD_BYTES (4 * ZREG__MIB)

typedef enum mount_trust {
    MOUNT_UNPROVEN,
    MOUNT_WORKS,
    MOUNT_IGNORED,
} mount_trust;

typedef struct registry {
    zreg__endpoint base;
    zreg_client *client;
    zreg_ref *ref;
    const char *origin;
    zreg_strings *mount_from;
    _Atomic mount_trust self_mount;
    atomic_bool no_lists;       /* it said that it keeps no lists of referrers */
    pthread_mutex_t first_push; /* held by the first push until its request was answered */
    atomic_bool pushed;
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
    zreg_strings_free(self->mount_from);
    pthread_mutex_destroy(&self->first_push);
    free(self);
}

static zreg_status take_mount_from(registry *self, const char *const *repositories, zreg_error *err)
{
    ZREG__TRY(zreg__strings_new(&self->mount_from, err));
    for (size_t i = 0; repositories != NULL && repositories[i] != NULL; i++) {
        ZREG__TRY(zreg__strings_add(self->mount_from, repositories[i], ZREG__MAX_SCOPES, err));
        ZREG__TRY(zreg__client_expect(self->client, self->ref, "pull,push", repositories[i], err));
    }
    return ZREG_OK;
}

static zreg_status start(registry *self, const char *text, const zreg__endpoint_options *options,
                         zreg_error *err)
{
    self->client = options->client;
    self->origin = options->origin;
    ZREG__TRY(zreg_ref_parse(&self->ref, text, err));
    ZREG__TRY(zreg__client_expect(self->client, self->ref, options->write ? "pull,push" : "pull",
                                  NULL, err));
    return take_mount_from(self, options->write ? options->mount_from : NULL, err);
}

static zreg_status registry_open(zreg__endpoint **out, zreg__place *place,
                                 const zreg__endpoint_options *options, zreg_error *err)
{
    registry *self = zreg__new(registry);
    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&self->first_push, NULL);
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
    return zreg__client_manifest_put_from(self->client, ref, manifest, named ? self->origin : NULL,
                                          cancel, err);
}

static zreg_status registry_referrers(zreg_strings **out, zreg__endpoint *endpoint,
                                      const zreg_digest *subject, zreg_cancel *cancel,
                                      zreg_error *err)
{
    registry *self = of(endpoint);
    bool has_list = false;
    if (!self->no_lists) {
        ZREG__TRY(
            zreg__referrers_ask(out, &has_list, self->client, self->ref, subject, cancel, err));
        self->no_lists = !has_list;
    }
    return has_list ? ZREG_OK
                    : zreg__referrers_read_tag(out, self->client, self->ref, subject, cancel, err);
}

static zreg_status registry_referrers_add(zreg__endpoint *endpoint, const zreg_digest *subject,
                                          const zreg_manifest *const *manifests, size_t count,
                                          zreg_cancel *cancel, zreg_error *err)
{
    registry *self = of(endpoint);
    return self->no_lists ? zreg__referrers_add_to_tag(self->client, self->ref, subject, manifests,
                                                       count, cancel, err)
                          : ZREG_OK;
}

static zreg_status source_read(size_t *out_size, zreg__source *source, void *buffer,
                               size_t capacity, zreg_error *err)
{
    return zreg_blob_read(out_size, ((registry_source *)source)->reader, buffer, capacity, err);
}

static void source_free(zreg__source *source)
{
    zreg_blob_reader_free(((registry_source *)source)->reader);
    free(source);
}

static zreg_status registry_blob_open(zreg__source **out, zreg__endpoint *endpoint,
                                      const zreg_digest *digest, zreg_cancel *cancel,
                                      zreg_error *err)
{
    registry *self = of(endpoint);
    ZREG__AUTO_FREE registry_source *source = zreg__new(registry_source);
    if (source == NULL) {
        return zreg__fail_nomem(err);
    }
    source->base = (zreg__source){.read = source_read, .free = source_free, .verifies = true};
    ZREG__TRY(zreg_blob_open(&source->reader, self->client, self->ref, digest, cancel, err));
    *out = &zreg__steal(&source)->base;
    return ZREG_OK;
}

static zreg_status sink_write(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err)
{
    return zreg_blob_write(((registry_sink *)sink)->writer, bytes, size, err);
}

/* Other repositories of this host can mount it from here from now on. */
static void learn(registry *self, const zreg_digest *digest)
{
    zreg__homes_learn(zreg__client_homes(self->client), zreg_ref_host(self->ref), digest,
                      zreg_ref_repository(self->ref));
}

static zreg_status sink_commit(zreg_digest *out, zreg__sink *base, zreg_error *err)
{
    registry_sink *sink = (registry_sink *)base;
    zreg_digest digest;
    ZREG__TRY(zreg_blob_commit(&digest, sink->writer, err));
    learn(sink->self, &digest);
    if (out != NULL) {
        *out = digest;
    }
    return ZREG_OK;
}

static void sink_trust(zreg__sink *sink)
{
    zreg__blob_writer_trust(((registry_sink *)sink)->writer);
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
    sink->base = (zreg__sink){
        .write = sink_write, .commit = sink_commit, .trust = sink_trust, .free = sink_free};
    sink->self = self;
    sink->writer = zreg__steal(writer);
    *out = &sink->base;
    return ZREG_OK;
}

/* What one push needs to know. */
typedef struct push {
    registry *self;
    const zreg_digest *digest;
    uint64_t size_bytes;
    zreg_cancel *cancel;
} push;

/* Reports an error that was caught to be looked at first. */
static zreg_status give(zreg_error *err, zreg_status status, const zreg_error *why)
{
    if (err != NULL) {
        *err = *why;
    }
    return status;
}

static zreg_status head(bool *out_there, const push *p, const zreg_ref *ref, zreg_error *err)
{
    uint64_t size = 0;
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = zreg_blob_head(&size, p->self->client, ref, p->digest, p->cancel, &why);
    *out_there = status == ZREG_OK;
    return status == ZREG_OK || status == ZREG_NOTFOUND ? ZREG_OK : give(err, status, &why);
}

static zreg_status mount(zreg_blob_writer **out, const push *p, const char *from, zreg_error *err)
{
    return zreg__blob_mount_or_create(out, p->self->client, p->self->ref, p->digest, p->size_bytes,
                                      from, p->cancel, err);
}

static zreg_status push_after_head(zreg_blob_writer **out, zreg__blob_state *out_state,
                                   const push *p, const char *from, zreg_error *err)
{
    bool there = false;
    ZREG__TRY(head(&there, p, p->self->ref, err));
    if (there) {
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    ZREG__TRY(mount(out, p, from, err));
    *out_state = *out == NULL ? ZREG__BLOB_MOUNTED : ZREG__BLOB_WANTED;
    return ZREG_OK;
}

/* A registry that answers a mount of what it does not have with an error, not with a session. */
static bool mount_refused(zreg_status status)
{
    return status == ZREG_INVAL || status == ZREG_NOTFOUND || status == ZREG_UNSUPPORTED ||
           status == ZREG_PROTO || status == ZREG_DENIED;
}

/* `from` holds the blob, so only a registry without mounts will want its bytes. */
static zreg_status push_by_mount(zreg_blob_writer **out, zreg__blob_state *out_state, const push *p,
                                 const char *from, zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = mount(out, p, from, &why);
    if (mount_refused(status)) {
        ZREG__TRY(mount(out, p, NULL, err));
    } else if (status != ZREG_OK) {
        return give(err, status, &why);
    }
    *out_state = *out == NULL ? ZREG__BLOB_MOUNTED : ZREG__BLOB_WANTED;
    return ZREG_OK;
}

/* Is it here? A mount from this same repository tells. */
static zreg_status push_by_self_mount(zreg_blob_writer **out, zreg__blob_state *out_state,
                                      const push *p, zreg_error *err)
{
    registry *self = p->self;
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = mount(out, p, zreg_ref_repository(self->ref), &why);
    if (mount_refused(status)) {
        self->self_mount = MOUNT_IGNORED;
        return push_after_head(out, out_state, p, NULL, err);
    }
    if (status != ZREG_OK) {
        return give(err, status, &why);
    }
    if (*out == NULL) {
        self->self_mount = MOUNT_WORKS;
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    bool there = false;
    if (p->size_bytes >= WORTH_A_HEAD_BYTES && self->self_mount != MOUNT_WORKS) {
        ZREG__TRY(head(&there, p, self->ref, err));
    }
    if (there) {
        self->self_mount = MOUNT_IGNORED;
        zreg_blob_writer_free(zreg__steal(out));
    }
    *out_state = there ? ZREG__BLOB_PRESENT : ZREG__BLOB_WANTED;
    return ZREG_OK;
}

/* The first of `mount_from` that has the blob; the last one is not asked but tried. */
static zreg_status choose_sibling(const char **out, const push *p, zreg_error *err)
{
    size_t count = zreg_strings_count(p->self->mount_from);
    for (size_t i = 0; i < count; i++) {
        const char *repository = zreg_strings_at(p->self->mount_from, i);
        bool there = i + 1 == count;
        if (!there) {
            ZREG__AUTO(zreg_ref) zreg_ref *sibling = NULL;
            ZREG__TRY(zreg__reference_new(&sibling, zreg_ref_host(p->self->ref), repository,
                                          "latest", NULL, err));
            ZREG__TRY(head(&there, p, sibling, err));
        }
        if (there) {
            *out = repository;
            return ZREG_OK;
        }
    }
    *out = NULL;
    return ZREG_OK;
}

static zreg_status push_from_siblings(zreg_blob_writer **out, zreg__blob_state *out_state,
                                      const push *p, zreg_error *err)
{
    const char *sibling = NULL;
    bool there = false;
    ZREG__TRY(head(&there, p, p->self->ref, err));
    if (there) {
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    ZREG__TRY(choose_sibling(&sibling, p, err));
    ZREG__TRY(mount(out, p, sibling, err));
    *out_state = *out == NULL ? ZREG__BLOB_MOUNTED : ZREG__BLOB_WANTED;
    return ZREG_OK;
}

/* Another repository of this host that the session brought the blob to. */
static bool knows_home(char to[ZREG__MAX_REPOSITORY + 1], const registry *self,
                       const zreg_digest *digest)
{
    return zreg__homes_find(to, zreg__client_homes(self->client), zreg_ref_host(self->ref),
                            digest) &&
           !zreg__str_equal(to, zreg_ref_repository(self->ref));
}

static zreg_status begin(zreg_blob_writer **out, zreg__blob_state *out_state, const push *p,
                         const zreg__endpoint *from, zreg_error *err)
{
    registry *self = p->self;
    if (p->digest == NULL) {
        *out_state = ZREG__BLOB_WANTED;
        return zreg_blob_create(out, self->client, self->ref, NULL, p->size_bytes, p->cancel, err);
    }
    if (!zreg__client_mounts(self->client, self->ref)) {
        return push_after_head(out, out_state, p, NULL, err);
    }
    if (from != NULL && from->driver == self->base.driver && same_host(&self->base, from)) {
        return push_by_mount(out, out_state, p, zreg_ref_repository(ref_of(from)), err);
    }
    char home[ZREG__MAX_REPOSITORY + 1];
    if (knows_home(home, self, p->digest)) {
        return push_by_mount(out, out_state, p, home, err);
    }
    if (zreg_strings_count(self->mount_from) > 0) {
        return push_from_siblings(out, out_state, p, err);
    }
    if (self->self_mount == MOUNT_IGNORED) {
        return push_after_head(out, out_state, p, NULL, err);
    }
    return push_by_self_mount(out, out_state, p, err);
}

/* Where pulling is free for all, the first push is the first to be asked for a token: the others
 * wait for it, or each of them would be turned away once. */
static zreg_status begin_in_turn(zreg_blob_writer **out, zreg__blob_state *out_state, const push *p,
                                 const zreg__endpoint *from, zreg_error *err)
{
    registry *self = p->self;
    if (!self->pushed) {
        pthread_mutex_lock(&self->first_push);
        if (!self->pushed) {
            zreg_status status = begin(out, out_state, p, from, err);
            self->pushed = true;
            pthread_mutex_unlock(&self->first_push);
            return status;
        }
        pthread_mutex_unlock(&self->first_push);
    }
    return begin(out, out_state, p, from, err);
}

static zreg_status registry_blob_create(zreg__sink **out, zreg__blob_state *out_state,
                                        zreg__endpoint *endpoint, const zreg_digest *digest,
                                        uint64_t size_bytes, const zreg__endpoint *from,
                                        zreg_cancel *cancel, zreg_error *err)
{
    const push p = {
        .self = of(endpoint), .digest = digest, .size_bytes = size_bytes, .cancel = cancel};
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;
    if (digest != NULL && from != NULL && zreg__endpoint_same_repository(endpoint, from)) {
        *out_state = ZREG__BLOB_PRESENT;
        return ZREG_OK;
    }
    ZREG__TRY(begin_in_turn(&writer, out_state, &p, from, err));
    if (*out_state == ZREG__BLOB_WANTED) {
        return new_sink(out, p.self, &writer, err);
    }
    learn(p.self, digest);
    return ZREG_OK;
}

const zreg__endpoint_driver zreg__registry_driver = {
    .name = "registry",
    .open = registry_open,
    .manifest_get = registry_manifest_get,
    .manifest_head = registry_manifest_head,
    .manifest_put = registry_manifest_put,
    .blob_open = registry_blob_open,
    .blob_create = registry_blob_create,
    .referrers = registry_referrers,
    .referrers_add = registry_referrers_add,
    .same_repository = registry_same_repository,
    .expect = registry_expect,
    .free = registry_free,
};
