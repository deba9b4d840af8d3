/* SPDX-License-Identifier: Apache-2.0 */
#include "image/append_index.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/append_config.h"
#include "image/graph.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/client.h"

static zreg_status make_index(zreg_manifest **out, zreg__append *run, const zreg_manifest *index,
                              unsigned depth, zreg_error *err);

static bool attests(const zreg_descriptor *child)
{
    return zreg__plan_attests(child) ||
           (child->has_platform && zreg__str_equal(child->platform.os, "unknown"));
}

static void warn(const zreg__append *run, const zreg_descriptor *child)
{
    zreg__log_line(zreg__client_log(run->client), ZREG_LOG_WARNING,
                   "%s: %s attests an image that is changed; it is left out",
                   zreg__endpoint_text(run->src), child->digest.text);
}

/* --- children of unknown types go along as they are */

static zreg_status move_manifest(zreg__append *run, const zreg_manifest *manifest, zreg_error *err)
{
    const zreg__transfer_options options = {.phase = "append"};
    zreg__transfer_stats stats = {0};
    size_t left_out = 0, count = 0;
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    ZREG__TRY(zreg__plan_new_rootless(&plan, err));
    ZREG__TRY(zreg__plan_begin_with(plan, manifest, err));
    ZREG__TRY(zreg__graph_complete(plan, &left_out, run->src, NULL, &options, run->cancel, err));
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    ZREG__TRY(
        zreg__transfer_blobs(&stats, run->src, run->dst, blobs, count, &options, run->cancel, err));
    return zreg__transfer_manifests(&stats, run->dst, plan, NULL, NULL, &options, run->cancel, err);
}

static zreg_status move_unknown(zreg__append *run, const zreg_descriptor *child, zreg_error *err)
{
    const zreg__transfer_options options = {.phase = "append"};
    zreg__transfer_stats stats = {0};
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__TRY(zreg__graph_fetch_unknown(&manifest, run->src, child, run->cancel, err));
    return manifest != NULL ? move_manifest(run, manifest, err)
                            : zreg__transfer_blobs(&stats, run->src, run->dst, &child, 1, &options,
                                                   run->cancel, err);
}

/* --- images and indexes are made anew */

static zreg_status make_child(zreg_manifest **out, zreg__append *run, const zreg_descriptor *child,
                              unsigned depth, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *inner = NULL;
    const zreg_platform *platform = &child->platform;
    if (zreg__mediatype_kind_of(zreg__span_of(child->media_type)) == ZREG__KIND_INDEX) {
        ZREG__TRY(zreg__endpoint_manifest_get(&inner, run->src, &child->digest, run->cancel, err));
        return make_index(out, run, inner, depth + 1, err);
    }
    if (!child->has_platform) {
        return zreg__append_image(out, run, &child->digest, run->platform, err);
    }
    bool bare = zreg__str_empty(platform->variant);
    ZREG__AUTO_FREE char *text = zreg__asprintf("%s/%s%s%s", platform->os, platform->architecture,
                                                bare ? "" : "/", bare ? "" : platform->variant);
    return text == NULL ? zreg__fail_nomem(err)
                        : zreg__append_image(out, run, &child->digest, text, err);
}

/* The entry of a child with what is new in it; what is inlined is no longer. */
static zreg_status rename_child(zreg__json **out, const zreg__json *entry,
                                const zreg_manifest *made, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *copy = zreg__json_new_object();
    zreg_descriptor name = zreg__compose_name(made);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    for (zreg__json_member m = {0}; zreg__json_next(&m, entry);) {
        if (!zreg__str_equal(m.key, "data")) {
            ZREG__TRY(zreg__json_set_shared(copy, m.key, m.value, err));
        }
    }
    ZREG__TRY(zreg__json_set_text(copy, "mediaType", name.media_type, err));
    ZREG__TRY(zreg__json_set_text(copy, "digest", name.digest.text, err));
    ZREG__TRY(zreg__json_set_u64(copy, "size", name.size_bytes, err));
    *out = zreg__steal(&copy);
    return ZREG_OK;
}

static zreg_status add_child(zreg__json *items, zreg__append *run, const zreg_descriptor *child,
                             const zreg__json *entry, unsigned depth, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *made = NULL;
    zreg__json *renamed = NULL;
    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    if (!zreg__graph_is_known(child)) {
        ZREG__TRY(move_unknown(run, child, err));
        return zreg__json_add_shared(items, entry, err);
    }
    if (attests(child)) {
        warn(run, child);
        return ZREG_OK;
    }
    zreg_status status = make_child(&made, run, child, depth, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", child->digest.text);
    }
    ZREG__TRY(zreg__endpoint_manifest_put(run->dst, made, false, run->cancel, err));
    ZREG__TRY(rename_child(&renamed, entry, made, err));
    return zreg__json_add(items, renamed, err);
}

static zreg_status compose(zreg_manifest **out, zreg__append *run, zreg__json **document,
                           zreg__json *items, const zreg_manifest *index, zreg_error *err)
{
    if (zreg__json_length(items) == 0) {
        return zreg__fail(err, ZREG_INVAL, "%s: the index has no image to be changed",
                          zreg__endpoint_text(run->src));
    }
    ZREG__TRY(zreg__append_config_annotate(document, &run->options, err));
    const zreg__parts parts = {.media_type = zreg_manifest_media_type(index),
                               .artifact_type = zreg__json_text(*document, "artifactType"),
                               .items = items,
                               .annotations = zreg__json_get(*document, "annotations")};
    return zreg__compose_manifest(out, &parts, err);
}

static zreg_status make_index(zreg_manifest **out, zreg__append *run, const zreg_manifest *index,
                              unsigned depth, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO(zreg__json) zreg__json *items = zreg__json_new_array();
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(index, &size);
    if (items == NULL) {
        return zreg__fail_nomem(err);
    }
    if (depth > ZREG__MAX_INDEX_DEPTH) {
        return zreg__fail(err, ZREG_LIMIT, "%s: indexes more than %d deep",
                          zreg__endpoint_text(run->src), ZREG__MAX_INDEX_DEPTH);
    }
    ZREG__TRY(zreg__json_parse(&document, bytes, size, "index", err));
    const zreg__json *entries = zreg__json_get(document, "manifests");
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        ZREG__TRY(add_child(items, run, zreg_manifest_at(index, i), zreg__json_at(entries, i),
                            depth, err));
    }
    return compose(out, run, &document, items, index, err);
}

zreg_status zreg__append_index(zreg_manifest **out, zreg__append *run, const zreg_manifest *index,
                               zreg_error *err)
{
    return make_index(out, run, index, 0, err);
}
