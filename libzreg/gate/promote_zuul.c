/* SPDX-License-Identifier: Apache-2.0 */
/* What a promotion asks Zuul's API, and promotion from the intermediate registry. */
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/names.h"
#include "gate/order.h"
#include "gate/progress.h"
#include "gate/promotion.h"
#include "gate/zuul.h"
#include "oci/reference.h"

static zreg_zuul_options query_of(const zreg__promotion *run)
{
    return (zreg_zuul_options){.size = sizeof(zreg_zuul_options),
                               .tenant = run->set.zuul_tenant,
                               .project = run->set.zuul_project,
                               .change = run->set.change,
                               .patchset = run->set.patchset};
}

/* The order of merging, unless the caller knows better. */
static zreg_status ask_order(zreg__promotion *run, zreg_error *err)
{
    zreg_zuul_options query = query_of(run);
    query.pipeline = run->set.zuul_promote_pipeline;
    if (run->set.order != 0 || run->set.unordered) {
        return ZREG_OK;
    }
    return zreg_zuul_order(&run->set.order, run->client, run->set.zuul_api, &query, run->cancel,
                           err);
}

static bool is_wanted(const zreg__promotion *run, const zreg_artifact *artifact)
{
    return zreg__str_equal(artifact->repository, zreg_ref_canonical_name(run->source)) &&
           zreg__str_equal(artifact->tag, run->tags[0]);
}

/* The image of the newest build that made it; NULL: none did. */
static const zreg_artifact *find_winner(const zreg__promotion *run, const zreg__order *order)
{
    for (size_t i = 0; i < order->count; i++) {
        const zreg__order_entry *entry = &order->entries[i];
        if (entry->winner == NULL && is_wanted(run, entry->artifact)) {
            return entry->artifact;
        }
    }
    return NULL;
}

static const char *shown(const char *text)
{
    return zreg__str_empty(text) ? "?" : text;
}

static zreg_status take_winner(zreg__promotion *run, const zreg_zuul_options *query,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__order) zreg__order order = {NULL};
    ZREG__TRY(zreg__order_make(&order, run->artifacts, err));
    run->artifact = find_winner(run, &order);
    if (run->artifact == NULL) {
        return zreg__fail(err, ZREG_NOTFOUND,
                          "promote: no successful build of change %s,%s in the pipeline %s made "
                          "%s:%s",
                          query->change, shown(query->patchset), query->pipeline,
                          zreg_ref_canonical_name(run->source), run->tags[0]);
    }
    return ZREG_OK;
}

static zreg_status ask_builds(zreg__promotion *run, zreg_error *err)
{
    zreg_zuul_options query = query_of(run);
    ZREG__AUTO(zreg_zuul_builds) zreg_zuul_builds *builds = NULL;
    query.pipeline = run->set.zuul_pipeline == NULL ? "gate" : run->set.zuul_pipeline;
    query.job = run->set.zuul_job;
    ZREG__TRY(
        zreg_zuul_builds_find(&builds, run->client, run->set.zuul_api, &query, run->cancel, err));
    ZREG__TRY(zreg_zuul_builds_artifacts(&run->artifacts, builds, err));
    return take_winner(run, &query, err);
}

zreg_status zreg__promotion_ask_zuul(zreg__promotion *run, zreg_error *err)
{
    if (run->set.from_intermediate && run->set.zuul_api == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "promote: the intermediate registry needs the URL of Zuul's API");
    }
    if (run->set.zuul_api == NULL) {
        return ZREG_OK;
    }
    if (zreg__str_empty(run->set.change)) {
        return zreg__fail(err, ZREG_INVAL, "promote: Zuul's API needs the number of a change");
    }
    ZREG__TRY(ask_order(run, err));
    return run->set.from_intermediate ? ask_builds(run, err) : ZREG_OK;
}

/* Everything is pinned to the digest, so that no other image can come in between. */
static zreg_status pin(zreg_ref **out, zreg_digest *digest, const zreg__promotion *run,
                       zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *named = NULL;
    ZREG__TRY(zreg__names_artifact(&named, run->artifact, run->set.intermediate, err));
    if (zreg_ref_digest(named) != NULL) {
        *digest = *zreg_ref_digest(named);
    } else {
        ZREG__TRY(zreg_client_manifest_head(digest, run->client, named, run->cancel, err));
    }
    return zreg_ref_with_digest(out, named, digest, err);
}

static zreg_status fetch(zreg__promotion *run, zreg_error *err)
{
    zreg_digest digest;
    zreg_copy_result copied;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    ZREG__AUTO(zreg_ref) zreg_ref *from = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *to = NULL;
    zreg__progress progress = {
        .phase = "promote", .write = run->set.progress, .user = run->set.progress_user};
    ZREG__TRY(pin(&from, &digest, run, err));
    if (run->set.expect_digest != NULL && !zreg_digest_equal(&digest, run->set.expect_digest)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "promote: the newest successful build made %s, not the expected %s; "
                          "nothing was changed",
                          digest.text, run->set.expect_digest->text);
    }
    if (run->set.dry_run) {
        ZREG__TRY(zreg_client_manifest_get(&run->manifest, run->client, from, run->cancel, err));
        return zreg__promotion_find_referrers(run, from, err);
    }
    ZREG__TRY(zreg_ref_with_digest(&to, run->repository, &digest, err));
    options.jobs = run->set.jobs;
    options.with_referrers = run->set.with_referrers;
    zreg__progress_begin(&progress, &options, zreg_ref_text(from));
    ZREG__TRY(zreg_copy(&copied, run->client, zreg_ref_text(from), zreg_ref_text(to), &options,
                        run->cancel, err));
    run->bytes = copied.bytes;
    run->referrers = copied.referrers_copied + copied.referrers_skipped;
    zreg_ref_free(run->source);
    run->source = zreg__steal(&to);
    return ZREG_OK;
}

zreg_status zreg__promotion_fetch(zreg__promotion *run, zreg_error *err)
{
    zreg_status status = fetch(run, err);
    return status == ZREG_OK
               ? status
               : zreg__error_prefix(err, status, "promote: from the intermediate registry");
}
