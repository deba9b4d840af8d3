/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_verify: the manifests one after another, then the blobs with several threads. */
#include "base/cancel.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "image/endpoint.h"
#include "image/graph.h"
#include "image/parallel.h"
#include "image/transfer.h"
#include "image/verified.h"
#include "oci/manifest.h"
#include "registry/client.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct verify_run {
    zreg_verify_options options;
    zreg__endpoint *endpoint;
    zreg_verified *result; /* the caller's */
    size_t first_blob;     /* in the result */
    zreg_manifest **manifests;
    size_t manifest_count;
    size_t manifest_capacity;
    zreg__map *asked;       /* digests of children of unknown types; values mean nothing */
    _Atomic uint64_t bytes; /* that the threads have read */
    _Atomic uint32_t blobs; /* that they are done with */
    uint64_t total;
    zreg_cancel *cancel;
} verify_run;

static void run_finish(verify_run *run)
{
    for (size_t i = 0; i < run->manifest_count; i++) {
        zreg_manifest_free(run->manifests[i]);
    }
    free(run->manifests);
    zreg__map_free(run->asked);
    zreg__endpoint_free(run->endpoint);
}

ZREG__DEFINE_AUTO_VALUE(verify_run, run_finish)

static zreg_status keep(verify_run *run, zreg_manifest *manifest, zreg_error *err)
{
    zreg_status status = zreg__array_room((void **)&run->manifests, &run->manifest_capacity,
                                          run->manifest_count, sizeof(zreg_manifest *), err);
    if (status != ZREG_OK) {
        zreg_manifest_free(manifest);
        return status;
    }
    run->manifests[run->manifest_count++] = manifest;
    return ZREG_OK;
}

/* What ends all of it, in contrast to what is wrong with one part. */
static bool stops(const verify_run *run, zreg_status status)
{
    return status == ZREG_NOMEM || zreg_cancel_triggered(run->cancel);
}

static zreg_status note(const verify_run *run, zreg_verified_part *part, const zreg_error *why,
                        zreg_error *err)
{
    ZREG__TRY(zreg__verified_say(part, why->code, why->message, err));
    return stops(run, why->code) ? zreg__fail_again(err, why) : ZREG_OK;
}

static zreg_status walk(verify_run *run, zreg_manifest *manifest, unsigned depth, zreg_error *err);

static zreg_status look_into(verify_run *run, size_t at, zreg_manifest *manifest, unsigned depth,
                             zreg_error *err)
{
    zreg_error why = {ZREG_OK};
    size_t size = 0;
    uint64_t wanted = run->result->parts[at].size_bytes;
    ZREG__TRY(keep(run, manifest, err));
    (void)zreg_manifest_bytes(manifest, &size);
    if (size != wanted) {
        (void)zreg__fail(&why, ZREG_CORRUPT, "it has %zu bytes, and is named with %" PRIu64, size,
                         wanted);
        ZREG__TRY(note(run, &run->result->parts[at], &why, err));
    }
    return walk(run, manifest, depth + 1, err);
}

static zreg_status visit_known(verify_run *run, const zreg_descriptor *child, unsigned depth,
                               zreg_error *err)
{
    bool is_new = false;
    zreg_manifest *manifest = NULL;
    zreg_error why = {ZREG_OK};
    ZREG__TRY(zreg__verified_add(&is_new, run->result, child, true, err));
    if (!is_new) {
        return ZREG_OK;
    }
    size_t at = run->result->count - 1;
    return zreg__endpoint_manifest_get(&manifest, run->endpoint, &child->digest, run->cancel,
                                       &why) == ZREG_OK
               ? look_into(run, at, manifest, depth, err)
               : note(run, &run->result->parts[at], &why, err);
}

/* What is no manifest is looked at among the blobs, as in the caches of BuildKit. */
static zreg_status visit_unknown(verify_run *run, const zreg_descriptor *child, unsigned depth,
                                 zreg_error *err)
{
    bool is_new = false;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    zreg_error why = {ZREG_OK};
    if (zreg__map_get(run->asked, child->digest.text) != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__map_set(run->asked, child->digest.text, run, err));
    zreg_status status =
        zreg__graph_fetch_unknown(&manifest, run->endpoint, child, run->cancel, &why);
    if (status == ZREG_OK && manifest == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__verified_add(&is_new, run->result, child, true, err));
    if (!is_new) {
        return ZREG_OK;
    }
    size_t at = run->result->count - 1;
    return status == ZREG_OK ? look_into(run, at, zreg__steal(&manifest), depth, err)
                             : note(run, &run->result->parts[at], &why, err);
}

/* Children of an index; blobs come when all manifests are known. */
static zreg_status walk(verify_run *run, zreg_manifest *manifest, unsigned depth, zreg_error *err)
{
    if (depth > ZREG__MAX_INDEX_DEPTH) {
        return zreg__fail(err, ZREG_LIMIT, "verify: %s: indexes more than %d deep",
                          zreg__endpoint_text(run->endpoint), ZREG__MAX_INDEX_DEPTH);
    }
    for (size_t i = 0; zreg_manifest_is_index(manifest) && i < zreg_manifest_count(manifest); i++) {
        const zreg_descriptor *child = zreg_manifest_at(manifest, i);
        ZREG__TRY(zreg__graph_is_known(child) ? visit_known(run, child, depth, err)
                                              : visit_unknown(run, child, depth, err));
    }
    return ZREG_OK;
}

static zreg_status add_blob(verify_run *run, const zreg_descriptor *blob, zreg_error *err)
{
    bool is_new = false;
    ZREG__TRY(zreg__verified_add(&is_new, run->result, blob, false, err));
    run->total += is_new ? blob->size_bytes : 0;
    return ZREG_OK;
}

static zreg_status add_blobs_of(verify_run *run, const zreg_manifest *manifest, zreg_error *err)
{
    const zreg_descriptor *config = zreg_manifest_config(manifest);
    bool is_index = zreg_manifest_is_index(manifest);
    if (config != NULL) {
        ZREG__TRY(add_blob(run, config, err));
    }
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        const zreg_descriptor *item = zreg_manifest_at(manifest, i);
        if (!is_index || !zreg__verified_has_manifest(run->result, &item->digest)) {
            ZREG__TRY(add_blob(run, item, err));
        }
    }
    return ZREG_OK;
}

static zreg_status add_root(verify_run *run, zreg_error *err)
{
    zreg_manifest *root = NULL;
    bool is_new = false;
    size_t size = 0;
    ZREG__TRY(zreg__endpoint_manifest_get(&root, run->endpoint, NULL, run->cancel, err));
    ZREG__TRY(keep(run, root, err));
    (void)zreg_manifest_bytes(root, &size);
    run->result->digest = *zreg_manifest_digest(root);
    const zreg_descriptor named = {.media_type = zreg_manifest_media_type(root),
                                   .digest = run->result->digest,
                                   .size_bytes = size};
    ZREG__TRY(zreg__verified_add(&is_new, run->result, &named, true, err));
    return walk(run, root, 0, err);
}

static zreg_status wrong_size(const zreg_verified_part *part, uint64_t size, zreg_error *err)
{
    return zreg__fail(err, ZREG_CORRUPT, "it has %" PRIu64 " bytes, and is named with %" PRIu64,
                      size, part->size_bytes);
}

static zreg_status read_all(verify_run *run, zreg__hash *hash, zreg__source *source,
                            const zreg_verified_part *part, zreg_cancel *stop, zreg_error *err)
{
    ZREG__AUTO_FREE char *buffer = malloc(ZREG__STREAM_BYTES);
    size_t size = 1;
    if (buffer == NULL) {
        return zreg__fail_nomem(err);
    }
    while (size > 0) {
        ZREG__TRY(zreg__cancel_check(stop, err));
        ZREG__TRY(zreg__source_read(&size, source, buffer, ZREG__STREAM_BYTES, err));
        zreg__hash_update(hash, buffer, size);
        atomic_fetch_add(&run->bytes, size);
        if (hash->bytes > part->size_bytes) {
            return zreg__fail(err, ZREG_CORRUPT,
                              "it has more bytes than the %" PRIu64 " that it is named with",
                              part->size_bytes);
        }
    }
    return hash->bytes == part->size_bytes ? ZREG_OK : wrong_size(part, hash->bytes, err);
}

static zreg_status read_blob(verify_run *run, const zreg_verified_part *part, zreg_cancel *stop,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    zreg__hash_kind kind = ZREG__SHA256;
    zreg__hash hash;
    zreg_digest found;
    if (!zreg__hash_kind_of(&kind, part->digest.text)) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "its digest is of no known kind");
    }
    zreg__hash_init(&hash, kind);
    ZREG__TRY(zreg__endpoint_blob_open(&source, run->endpoint, &part->digest, stop, err));
    ZREG__TRY(read_all(run, &hash, source, part, stop, err));
    zreg__hash_digest(&hash, found.text);
    return zreg_digest_equal(&found, &part->digest)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "its bytes have the digest %s", found.text);
}

/* Not every registry tells the size in its answer to HEAD. */
static zreg_status ask_registry(uint64_t *out, const verify_run *run,
                                const zreg_verified_part *part, zreg_cancel *stop, zreg_error *err)
{
    ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = NULL;
    zreg_client *client = run->endpoint->options.client;
    const zreg_ref *ref = run->endpoint->place->ref;
    if (zreg_blob_head(out, client, ref, &part->digest, stop, NULL) == ZREG_OK) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg_blob_open(&reader, client, ref, &part->digest, stop, err));
    *out = zreg_blob_size(reader);
    return ZREG_OK;
}

static zreg_status ask_blob(verify_run *run, const zreg_verified_part *part, zreg_cancel *stop,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    uint64_t size = UINT64_MAX;
    if (run->endpoint->place->kind != ZREG__PLACE_REGISTRY) {
        return zreg__endpoint_blob_open(&source, run->endpoint, &part->digest, stop, err);
    }
    ZREG__TRY(ask_registry(&size, run, part, stop, err));
    return size == UINT64_MAX || size == part->size_bytes ? ZREG_OK : wrong_size(part, size, err);
}

static bool may_be_missing(const zreg_verified_part *part)
{
    return strstr(part->media_type, "nondistributable") != NULL ||
           strstr(part->media_type, "foreign") != NULL;
}

static zreg_status look(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    verify_run *run = user;
    zreg_verified_part *part = &run->result->parts[run->first_blob + i];
    zreg_error why = {ZREG_OK};
    zreg_status status =
        run->options.quick ? ask_blob(run, part, stop, &why) : read_blob(run, part, stop, &why);
    ZREG__TRY(zreg__cancel_check(stop, err));
    atomic_fetch_add(&run->blobs, 1);
    if (status == ZREG_NOTFOUND && may_be_missing(part)) {
        return zreg__verified_say(part, ZREG_OK, "it is not here, and need not be", err);
    }
    return status == ZREG_OK ? ZREG_OK : note(run, part, &why, err);
}

static int report(void *user)
{
    verify_run *run = user;
    const zreg_progress now = {.phase = "verify",
                               .item = zreg__endpoint_text(run->endpoint),
                               .bytes_done = atomic_load(&run->bytes),
                               .bytes_total = run->options.quick ? 0 : run->total,
                               .blobs_done = atomic_load(&run->blobs),
                               .blobs_total = (uint32_t)(run->result->count - run->first_blob)};
    return run->options.progress(&now, run->options.progress_user);
}

static zreg_status carry_out(verify_run *run, zreg_error *err)
{
    const zreg__transfer_options options = {.jobs = run->options.jobs};
    ZREG__TRY(add_root(run, err));
    run->first_blob = run->result->count;
    for (size_t i = 0; i < run->manifest_count; i++) {
        ZREG__TRY(add_blobs_of(run, run->manifests[i], err));
    }
    zreg_status status = zreg__parallel_run(
        run->result->count - run->first_blob, zreg__transfer_jobs(&options), look,
        run->options.progress == NULL ? NULL : report, run, run->cancel, err);
    run->result->bytes = atomic_load(&run->bytes);
    return status;
}

static zreg_status sum_up(const verify_run *run, zreg_error *err)
{
    const zreg_verified_part *first = NULL;
    size_t bad = 0;
    for (size_t i = 0; i < run->result->count; i++) {
        const zreg_verified_part *part = &run->result->parts[i];
        bad += part->good ? 0 : 1;
        first = first == NULL && !part->good ? part : first;
    }
    return bad == 0
               ? ZREG_OK
               : zreg__fail(err, first->code, "%s: %zu of %zu parts are bad; the first, %s: %s",
                            zreg__endpoint_text(run->endpoint), bad, run->result->count,
                            first->digest.text, first->reason);
}

zreg_status zreg_verify(zreg_verified **out, zreg_client *client, const char *place,
                        const zreg_verify_options *options, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(verify_run) verify_run run = {.cancel = cancel};
    const zreg__endpoint_options from = {.client = client};
    *out = NULL;
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&run.options, options, err));
    ZREG__TRY(zreg__map_new(&run.asked, NULL, err));
    ZREG__TRY(zreg__endpoint_open(&run.endpoint, place, &from, err));
    ZREG__TRY(zreg__verified_new(out, zreg__endpoint_text(run.endpoint), run.options.quick, err));
    run.result = *out;
    ZREG__TRY(carry_out(&run, err));
    return sum_up(&run, err);
}
