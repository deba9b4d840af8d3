/* SPDX-License-Identifier: Apache-2.0 */
#include "image/plan.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "oci/manifest.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A manifest in the graph; without `manifest` it is wanted. */
typedef struct node {
    zreg_manifest *manifest;
    const zreg_descriptor *named_by; /* NULL for the root */
    unsigned depth;                  /* steps from the root, by the first way found */
    unsigned height;                 /* steps to the farthest leaf, once finished */
    size_t wanted_at;                /* where in `wanted`, or NOT_WANTED */
} node;

#define NOT_WANTED SIZE_MAX

/* A layer that may not be given on: most registries do not hold it. */
typedef struct foreign {
    const zreg_descriptor *layer;
    bool has_urls;
} foreign;

struct zreg__plan {
    node *nodes; /* the root is first, if there is one */
    bool has_root;
    size_t node_count;
    size_t node_capacity;
    zreg__map *by_digest; /* text -> 1 + index into nodes */
    size_t *wanted;       /* indexes into nodes */
    size_t wanted_count;
    const zreg_descriptor **blobs;
    size_t blob_count;
    size_t blob_capacity;
    zreg__map *blob_by_digest; /* text -> the descriptor in blobs */
    foreign *foreign;
    size_t foreign_count;
    size_t foreign_capacity;
    uint64_t manifest_bytes;
    size_t *order; /* nodes without the root, by height */
    size_t order_count;
};

static zreg_status check_size(const zreg__plan *plan, zreg_error *err)
{
    if (plan->node_count + plan->blob_count + plan->foreign_count >= ZREG__MAX_GRAPH_NODES) {
        return zreg__fail(err, ZREG_LIMIT, "the image names more than %d blobs and manifests",
                          ZREG__MAX_GRAPH_NODES);
    }
    return ZREG_OK;
}

/* A map holds pointers; an index is kept in one, plus 1 because NULL means unset. */
static void *index_to_value(size_t index)
{
    return (void *)(uintptr_t)(index + 1);
}

static bool find_node(const zreg__plan *plan, const zreg_digest *digest, size_t *out)
{
    uintptr_t value = (uintptr_t)zreg__map_get(plan->by_digest, digest->text);
    *out = value - 1;
    return value != 0;
}

static zreg_status add_node(size_t *out, zreg__plan *plan, const zreg_digest *digest,
                            const zreg_descriptor *named_by, unsigned depth, zreg_error *err)
{
    ZREG__TRY(check_size(plan, err));
    size_t capacity = plan->node_capacity;
    ZREG__TRY(
        zreg__array_room((void **)&plan->wanted, &capacity, plan->node_count, sizeof(size_t), err));
    ZREG__TRY(zreg__array_room((void **)&plan->nodes, &plan->node_capacity, plan->node_count,
                               sizeof(node), err));
    ZREG__TRY(zreg__map_set(plan->by_digest, digest->text, index_to_value(plan->node_count), err));
    plan->nodes[plan->node_count] =
        (node){.named_by = named_by, .depth = depth, .wanted_at = NOT_WANTED};
    *out = plan->node_count++;
    return ZREG_OK;
}

static zreg_status fail_depth(zreg_error *err)
{
    return zreg__fail(err, ZREG_LIMIT, "indexes are nested more than %d deep",
                      ZREG__MAX_INDEX_DEPTH);
}

static zreg_status want(zreg__plan *plan, const zreg_descriptor *child, unsigned depth,
                        zreg_error *err)
{
    size_t index = 0;
    if (find_node(plan, &child->digest, &index)) {
        return ZREG_OK;
    }
    if (depth > ZREG__MAX_INDEX_DEPTH) {
        return fail_depth(err);
    }
    ZREG__TRY(add_node(&index, plan, &child->digest, child, depth, err));
    plan->nodes[index].wanted_at = plan->wanted_count;
    plan->wanted[plan->wanted_count++] = index;
    return ZREG_OK;
}

static bool is_foreign(const zreg_descriptor *blob)
{
    return strstr(blob->media_type, ".nondistributable.") != NULL ||
           strstr(blob->media_type, ".rootfs.foreign.") != NULL;
}

static zreg_status add_blob(zreg__plan *plan, const zreg_descriptor *blob, zreg_error *err)
{
    const zreg_descriptor *known = zreg__map_get(plan->blob_by_digest, blob->digest.text);
    if (known != NULL && known->size_bytes != blob->size_bytes) {
        return zreg__fail(err, ZREG_CORRUPT,
                          "blob %s is named with two sizes, %" PRIu64 " and %" PRIu64,
                          blob->digest.text, known->size_bytes, blob->size_bytes);
    }
    if (known != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(check_size(plan, err));
    ZREG__TRY(zreg__array_room((void **)&plan->blobs, &plan->blob_capacity, plan->blob_count,
                               sizeof(plan->blobs[0]), err));
    ZREG__TRY(zreg__map_set(plan->blob_by_digest, blob->digest.text, (void *)blob, err));
    plan->blobs[plan->blob_count++] = blob;
    return ZREG_OK;
}

static zreg_status add_foreign(zreg__plan *plan, const zreg_manifest *manifest,
                               const zreg_descriptor *layer, zreg_error *err)
{
    bool has_urls = zreg__manifest_has_urls(manifest, layer);
    for (size_t i = 0; i < plan->foreign_count; i++) {
        if (zreg_digest_equal(&plan->foreign[i].layer->digest, &layer->digest)) {
            plan->foreign[i].has_urls = plan->foreign[i].has_urls && has_urls;
            return ZREG_OK;
        }
    }
    ZREG__TRY(check_size(plan, err));
    ZREG__TRY(zreg__array_room((void **)&plan->foreign, &plan->foreign_capacity,
                               plan->foreign_count, sizeof(foreign), err));
    plan->foreign[plan->foreign_count++] = (foreign){.layer = layer, .has_urls = has_urls};
    return ZREG_OK;
}

static zreg_status add_part(zreg__plan *plan, const zreg_manifest *manifest,
                            const zreg_descriptor *part, zreg_error *err)
{
    return is_foreign(part) ? add_foreign(plan, manifest, part, err) : add_blob(plan, part, err);
}

static zreg_status expand(zreg__plan *plan, size_t index, zreg_error *err)
{
    const zreg_manifest *manifest = plan->nodes[index].manifest;
    const zreg_descriptor *config = zreg_manifest_config(manifest);
    bool is_index = zreg_manifest_is_index(manifest) != 0;
    unsigned depth = plan->nodes[index].depth + 1;
    if (config != NULL) {
        ZREG__TRY(add_blob(plan, config, err));
    }
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        const zreg_descriptor *part = zreg_manifest_at(manifest, i);
        ZREG__TRY(is_index ? want(plan, part, depth, err) : add_part(plan, manifest, part, err));
    }
    return ZREG_OK;
}

static zreg_status fill(zreg__plan *plan, size_t index, const zreg_manifest *manifest,
                        zreg_error *err)
{
    const zreg_descriptor *named_by = plan->nodes[index].named_by;
    size_t size = 0;
    (void)zreg_manifest_bytes(manifest, &size);
    if (named_by != NULL && named_by->size_bytes != size) {
        return zreg__fail(err, ZREG_CORRUPT, "manifest %s has %zu bytes instead of %" PRIu64,
                          named_by->digest.text, size, named_by->size_bytes);
    }
    if (size > ZREG__MAX_GRAPH_BYTES - plan->manifest_bytes) {
        return zreg__fail(err, ZREG_LIMIT, "the image's manifests have more than %zu bytes",
                          ZREG__MAX_GRAPH_BYTES);
    }
    plan->manifest_bytes += size;
    plan->nodes[index].manifest = zreg__manifest_share(manifest);
    return expand(plan, index, err);
}

zreg_status zreg__plan_new_rootless(zreg__plan **out, zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = zreg__new(zreg__plan);
    if (plan == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_new(&plan->by_digest, NULL, err));
    ZREG__TRY(zreg__map_new(&plan->blob_by_digest, NULL, err));
    *out = zreg__steal(&plan);
    return ZREG_OK;
}

zreg_status zreg__plan_begin_with(zreg__plan *plan, const zreg_manifest *manifest, zreg_error *err)
{
    size_t index = 0;
    if (find_node(plan, zreg_manifest_digest(manifest), &index)) {
        return plan->nodes[index].manifest == NULL ? zreg__plan_add(plan, manifest, err) : ZREG_OK;
    }
    ZREG__TRY(add_node(&index, plan, zreg_manifest_digest(manifest), NULL, 0, err));
    return fill(plan, index, manifest, err);
}

zreg_status zreg__plan_new(zreg__plan **out, const zreg_manifest *root, zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    ZREG__TRY(zreg__plan_new_rootless(&plan, err));
    plan->has_root = true;
    ZREG__TRY(zreg__plan_begin_with(plan, root, err));
    *out = zreg__steal(&plan);
    return ZREG_OK;
}

size_t zreg__plan_wanted_count(const zreg__plan *plan)
{
    return plan->wanted_count;
}

const zreg_descriptor *zreg__plan_wanted(const zreg__plan *plan, size_t i)
{
    return plan->nodes[plan->wanted[i]].named_by;
}

/* Takes a digest off the wanted list; false when it is not on it. */
static bool unwant(zreg__plan *plan, const zreg_digest *digest, size_t *out_index)
{
    if (!find_node(plan, digest, out_index) || plan->nodes[*out_index].wanted_at == NOT_WANTED) {
        return false;
    }
    node *found = &plan->nodes[*out_index];
    size_t last = plan->wanted[--plan->wanted_count];
    plan->wanted[found->wanted_at] = last;
    plan->nodes[last].wanted_at = found->wanted_at;
    found->wanted_at = NOT_WANTED;
    return true;
}

zreg_status zreg__plan_add(zreg__plan *plan, const zreg_manifest *manifest, zreg_error *err)
{
    size_t index = 0;
    if (!unwant(plan, zreg_manifest_digest(manifest), &index)) {
        return zreg__fail(err, ZREG_INVAL, "manifest %s is no part of the image",
                          zreg_manifest_digest(manifest)->text);
    }
    return fill(plan, index, manifest, err);
}

zreg_status zreg__plan_add_as_blob(zreg__plan *plan, const zreg_digest *digest, zreg_error *err)
{
    size_t index = 0;
    if (!unwant(plan, digest, &index)) {
        return zreg__fail(err, ZREG_INVAL, "%s is no part of the image", digest->text);
    }
    return add_blob(plan, plan->nodes[index].named_by, err);
}

size_t zreg__plan_foreign_count(const zreg__plan *plan)
{
    return plan->foreign_count;
}

const zreg_descriptor *zreg__plan_foreign(const zreg__plan *plan, size_t i, bool *out_has_urls)
{
    *out_has_urls = plan->foreign[i].has_urls;
    return plan->foreign[i].layer;
}

zreg_status zreg__plan_add_foreign(zreg__plan *plan, size_t i, zreg_error *err)
{
    return add_blob(plan, plan->foreign[i].layer, err);
}

void zreg__plan_skip(zreg__plan *plan, const zreg_digest *digest)
{
    size_t index = 0;
    (void)unwant(plan, digest, &index);
}

/* Sets heights, children first. Digests cannot form a loop, but a long chain may hide behind short
 * ways to its links, so the level is bounded here again. */
static zreg_status measure(zreg__plan *plan, size_t index, unsigned level, zreg_error *err)
{
    node *at = &plan->nodes[index];
    if (level + at->height > ZREG__MAX_INDEX_DEPTH) {
        return fail_depth(err);
    }
    if (at->height > 0 || at->manifest == NULL || !zreg_manifest_is_index(at->manifest)) {
        return ZREG_OK;
    }
    unsigned height = 0;
    for (size_t i = 0; i < zreg_manifest_count(at->manifest); i++) {
        size_t child = 0;
        if (find_node(plan, &zreg_manifest_at(at->manifest, i)->digest, &child)) {
            ZREG__TRY(measure(plan, child, level + 1, err));
            unsigned above = plan->nodes[child].height + 1;
            height = above > height ? above : height;
        }
    }
    at->height = height;
    return ZREG_OK;
}

static int by_height(const void *a, const void *b, void *user)
{
    const zreg__plan *plan = user;
    size_t left = *(const size_t *)a;
    size_t right = *(const size_t *)b;
    unsigned left_height = plan->nodes[left].height;
    unsigned right_height = plan->nodes[right].height;
    if (left_height != right_height) {
        return left_height < right_height ? -1 : 1;
    }
    return left < right ? -1 : left > right;
}

static int largest_first(const void *a, const void *b)
{
    const zreg_descriptor *left = *(const zreg_descriptor *const *)a;
    const zreg_descriptor *right = *(const zreg_descriptor *const *)b;
    if (left->size_bytes != right->size_bytes) {
        return left->size_bytes > right->size_bytes ? -1 : 1;
    }
    return strcmp(left->digest.text, right->digest.text);
}

zreg_status zreg__plan_finish(zreg__plan *plan, zreg_error *err)
{
    if (plan->wanted_count > 0) {
        return zreg__fail(err, ZREG_INVAL, "%zu manifests of the image were not fetched",
                          plan->wanted_count);
    }
    plan->order = zreg__calloc(plan->node_count, sizeof(size_t));
    if (plan->order == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < plan->node_count; i++) {
        ZREG__TRY(measure(plan, i, 0, err));
    }
    for (size_t i = plan->has_root; i < plan->node_count; i++) {
        if (plan->nodes[i].manifest != NULL) {
            plan->order[plan->order_count++] = i;
        }
    }
    qsort_r(plan->order, plan->order_count, sizeof(size_t), by_height, plan);
    if (plan->blob_count > 0) {
        qsort(plan->blobs, plan->blob_count, sizeof(plan->blobs[0]), largest_first);
    }
    return ZREG_OK;
}

const zreg_descriptor *const *zreg__plan_blobs(const zreg__plan *plan, size_t *out_count)
{
    *out_count = plan->blob_count;
    return plan->blobs;
}

uint64_t zreg__plan_bytes(const zreg__plan *plan)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < plan->blob_count; i++) {
        uint64_t size = plan->blobs[i]->size_bytes;
        sum = size > UINT64_MAX - sum ? UINT64_MAX : sum + size;
    }
    return sum;
}

size_t zreg__plan_manifest_count(const zreg__plan *plan)
{
    return plan->order_count;
}

const zreg_manifest *zreg__plan_find(const zreg__plan *plan, const zreg_digest *digest)
{
    size_t index = 0;
    return find_node(plan, digest, &index) ? plan->nodes[index].manifest : NULL;
}

const zreg_manifest *zreg__plan_manifest(const zreg__plan *plan, size_t i)
{
    return plan->nodes[plan->order[i]].manifest;
}

size_t zreg__plan_run_end(const zreg__plan *plan, size_t i)
{
    size_t end = i;
    while (end < plan->order_count &&
           plan->nodes[plan->order[end]].height == plan->nodes[plan->order[i]].height) {
        end++;
    }
    return end;
}

void zreg__plan_free(zreg__plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->node_count; i++) {
        zreg_manifest_free(plan->nodes[i].manifest);
    }
    zreg__map_free(plan->by_digest);
    zreg__map_free(plan->blob_by_digest);
    free(plan->nodes);
    free(plan->wanted);
    free(plan->blobs);
    free(plan->foreign);
    free(plan->order);
    free(plan);
}
