/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an image is whole: before a tag moves, everything that its manifest names is looked at. */
#include "base/error.h"
#include "base/mem.h"
#include "gate/promotion.h"
#include "image/parallel.h"
#include "image/plan.h"
#include "image/transfer.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include "registry/client.h"
#include <inttypes.h>

/* A manifest that an index names. One of a type that nobody here knows is not read, so that there
 * it stays without one. */
typedef struct child {
    zreg_digest digest;
    bool readable;
    zreg_manifest *manifest;
} child;

/* What several threads look at: the manifests of one level of the image, or its blobs. */
typedef struct parts {
    const zreg__promotion *run;
    child *children;
    size_t count;
    const zreg_descriptor *const *blobs;
} parts;

static void parts_finish(parts *self)
{
    for (size_t i = 0; i < self->count; i++) {
        zreg_manifest_free(self->children[i].manifest);
    }
    free(self->children);
}

ZREG__DEFINE_AUTO_VALUE(parts, parts_finish)

static unsigned jobs_of(const zreg__promotion *run)
{
    const zreg__transfer_options options = {.jobs = run->set.jobs};
    return zreg__transfer_jobs(&options);
}

static zreg_status fail_missing(zreg_error *err, const char *what, const zreg_digest *digest)
{
    return zreg__fail(err, ZREG_NOTFOUND, "%s %s is missing", what, digest->text);
}

/* Not every proxy tells the size in its answer to HEAD. The body of the answer to GET is not read. */
static zreg_status size_by_get(uint64_t *out, const parts *self, const zreg_digest *digest,
                               zreg_cancel *stop, zreg_error *err)
{
    ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = NULL;
    ZREG__TRY(zreg_blob_open(&reader, self->run->client, self->run->repository, digest, stop, err));
    *out = zreg_blob_size(reader);
    return ZREG_OK;
}

static zreg_status find_blob(uint64_t *out_size, const parts *self, const zreg_descriptor *blob,
                             zreg_cancel *stop, zreg_error *err)
{
    ZREG__TRY(zreg_blob_head(out_size, self->run->client, self->run->repository, &blob->digest,
                             stop, err));
    return *out_size == blob->size_bytes ? ZREG_OK
                                         : size_by_get(out_size, self, &blob->digest, stop, err);
}

static zreg_status look_at_blob(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    const parts *self = user;
    const zreg_descriptor *blob = self->blobs[i];
    uint64_t size = 0;
    zreg_error why = {.code = ZREG_OK};
    zreg_status status = find_blob(&size, self, blob, stop, &why);
    if (status == ZREG_NOTFOUND) {
        return fail_missing(err, "blob", &blob->digest);
    }
    if (status != ZREG_OK) {
        return zreg__fail_again(err, &why);
    }
    if (size != blob->size_bytes && size != UINT64_MAX) {
        return zreg__fail(err, ZREG_CORRUPT, "blob %s has %" PRIu64 " bytes instead of %" PRIu64,
                          blob->digest.text, size, blob->size_bytes);
    }
    return ZREG_OK;
}

/* Registries keep such a child as a manifest or as a blob. */
static zreg_status look_at_unknown(const parts *self, const zreg_ref *ref, zreg_cancel *stop,
                                   zreg_error *err)
{
    zreg_digest found;
    uint64_t size = 0;
    zreg_client *client = self->run->client;
    zreg_status status = zreg_client_manifest_head(&found, client, ref, stop, err);
    if (status != ZREG_NOTFOUND) {
        return status;
    }
    zreg__error_clear(err);
    return zreg_blob_head(&size, client, ref, zreg_ref_digest(ref), stop, err);
}

static zreg_status look_at_child(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    const parts *self = user;
    child *item = &self->children[i];
    zreg_error why = {.code = ZREG_OK};
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_digest(&ref, self->run->repository, &item->digest, err));
    zreg_status status =
        item->readable
            ? zreg_client_manifest_get(&item->manifest, self->run->client, ref, stop, &why)
            : look_at_unknown(self, ref, stop, &why);
    if (status == ZREG_NOTFOUND) {
        return fail_missing(err, "manifest", &item->digest);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
}

static zreg_status take_wanted(parts *self, const zreg__plan *plan, zreg_error *err)
{
    size_t count = zreg__plan_wanted_count(plan);
    self->children = zreg__calloc(count, sizeof(child));
    if (self->children == NULL) {
        return zreg__fail_nomem(err);
    }
    for (; self->count < count; self->count++) {
        const zreg_descriptor *wanted = zreg__plan_wanted(plan, self->count);
        zreg__mediatype_kind kind = zreg__mediatype_kind_of(zreg__span_of(wanted->media_type));
        self->children[self->count] = (child){
            .digest = wanted->digest,
            .readable = kind == ZREG__KIND_IMAGE || kind == ZREG__KIND_INDEX,
        };
    }
    return ZREG_OK;
}

static zreg_status look_at_level(const zreg__promotion *run, zreg__plan *plan, zreg_error *err)
{
    ZREG__AUTO(parts) parts level = {.run = run};
    ZREG__TRY(take_wanted(&level, plan, err));
    ZREG__TRY(zreg__parallel_run(level.count, jobs_of(run), look_at_child, NULL, &level,
                                 run->cancel, err));
    for (size_t i = 0; i < level.count; i++) {
        if (level.children[i].manifest == NULL) {
            zreg__plan_skip(plan, &level.children[i].digest);
        } else {
            ZREG__TRY(zreg__plan_add(plan, level.children[i].manifest, err));
        }
    }
    return ZREG_OK;
}

static zreg_status look_at_parts(const zreg__promotion *run, zreg_error *err)
{
    size_t count = 0;
    parts blobs = {.run = run};
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    ZREG__TRY(zreg__promotion_plan(&plan, run, err));
    while (zreg__plan_wanted_count(plan) > 0) {
        ZREG__TRY(look_at_level(run, plan, err));
    }
    ZREG__TRY(zreg__plan_finish(plan, err));
    blobs.blobs = zreg__plan_blobs(plan, &count);
    return zreg__parallel_run(count, jobs_of(run), look_at_blob, NULL, &blobs, run->cancel, err);
}

static zreg_status tell(const zreg__promotion *run, zreg_status status, const zreg_error *why,
                        zreg_error *err)
{
    bool broken = status == ZREG_NOTFOUND || status == ZREG_CORRUPT;
    return zreg__fail(err, status, "promote: %s %s: %s; nothing was changed",
                      zreg_ref_text(run->source),
                      broken ? "is not whole" : "could not be looked at as a whole", why->message);
}

zreg_status zreg__promotion_verify(zreg__promotion *run, zreg_error *err)
{
    zreg_counters before;
    zreg_counters after;
    zreg_error why = {.code = ZREG_OK};
    if (run->artifact != NULL) {
        return ZREG_OK;
    }
    zreg_client_counters(&before, run->client, NULL);
    zreg_status status = zreg__promotion_find_referrers(run, run->source, &why);
    if (status == ZREG_OK && !run->set.no_verify && run->pending != 0) {
        status = look_at_parts(run, &why);
    }
    zreg_client_counters(&after, run->client, NULL);
    run->verify.requests = after.requests - before.requests;
    run->verify.auth_requests = after.auth_requests - before.auth_requests;
    run->verify.blob_requests = after.blob_requests - before.blob_requests;
    return status == ZREG_OK ? ZREG_OK : tell(run, status, &why, err);
}
