/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "gate/merged.h"
#include "gate/names.h"
#include "gate/order.h"
#include "gate/populated.h"
#include "gate/progress.h"
#include "gate/published.h"
#include "gate/siblings.h"
#include "image/copying.h"
#include "oci/origin.h"
#include "oci/reference.h"
#include "registry/client.h"

#define MAX_RECORDS 64 /* that are looked for */

/* What all copies of one call share. */
typedef struct job {
    zreg_client *client;
    const char *to;
    zreg_populate_options set;
    zreg__progress progress;
    zreg_strings *siblings;
    zreg_strings *unseen; /* those of them that had their image already, an index: what is in it? */
    zreg_cancel *cancel;
    zreg__order order;        /* of the artifacts that Zuul gave */
    zreg_artifacts *merged;   /* what is brought in beside them, ... */
    zreg__items merged_items; /* ... and of which changes */
} job;

static void job_finish(job *run)
{
    zreg_strings_free(run->siblings);
    zreg_strings_free(run->unseen);
    zreg__order_finish(&run->order);
    zreg_artifacts_free(run->merged);
    zreg__items_finish(&run->merged_items);
}

ZREG__DEFINE_AUTO_VALUE(job, job_finish)

static zreg_status add_sibling(job *run, const char *repository, bool seen, zreg_error *err)
{
    ZREG__TRY(seen ? ZREG_OK : zreg__siblings_add(run->unseen, repository, err));
    return zreg__siblings_add(run->siblings, repository, err);
}

static zreg_status copy_image(zreg_copy_result *copied, job *run, const zreg_artifact *artifact,
                              zreg_error *err)
{
    zreg_digest expected;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    ZREG__AUTO(zreg_ref) zreg_ref *src = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *dst = NULL;
    ZREG__AUTO_FREE char *origin = NULL;
    bool seen = false;
    ZREG__TRY(zreg__names_artifact(&src, artifact, run->set.intermediate, err));
    ZREG__TRY(zreg__names_place(&dst, run->to, artifact->repository, artifact->tag, NULL, err));
    if (artifact->digest[0] != '\0') {
        ZREG__TRY(zreg_digest_parse(&expected, artifact->digest, err));
        options.expect_digest = &expected;
    }
    options.jobs = run->set.jobs;
    options.with_referrers = run->set.with_referrers;
    options.dst_server = run->set.server;
    options.mount_from = zreg__siblings_mount_from(run->unseen);
    if (run->set.server == NULL) {
        ZREG__TRY(zreg__siblings_expect(run->siblings, run->client, dst, err));
    }
    zreg__progress_begin(&run->progress, &options, artifact->name);
    /* What is too long to tell is not told: the image matters more than the log. */
    (void)zreg__origin_print(&origin, artifact->url, artifact->change, artifact->build, NULL);
    ZREG__TRY(zreg__copy_from_origin(copied, &seen, run->client, zreg_ref_text(src),
                                     zreg_ref_text(dst), &options, origin, run->cancel, err));
    zreg__progress_end(&run->progress);
    return add_sibling(run, zreg_ref_repository(dst), seen, err);
}

static zreg_status list_superseded(zreg_strings **out, const zreg__order *order, size_t winner,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *urls = NULL;
    ZREG__TRY(zreg__strings_new(&urls, err));
    size_t end = zreg__order_group_end(order, winner);
    for (size_t i = winner + 1; i < end; i++) {
        const char *url = order->entries[i].artifact->url;
        ZREG__TRY(zreg__strings_add(urls, url, ZREG__MAX_ARTIFACTS, err));
    }
    *out = zreg__steal(&urls);
    return ZREG_OK;
}

static zreg_status populate_group(zreg_populated *populated, job *run, size_t winner,
                                  zreg_error *err)
{
    zreg_copy_result copied;
    const zreg__order_entry *entry = &run->order.entries[winner];
    const zreg_artifact *artifact = entry->artifact;
    ZREG__AUTO(zreg_strings) zreg_strings *superseded = NULL;
    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    ZREG__TRY(list_superseded(&superseded, &run->order, winner, err));
    zreg_status status = copy_image(&copied, run, artifact, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "populate %s from %s", artifact->name,
                                  artifact->url);
    }
    return zreg__populated_add(populated, artifact, &copied, entry->reason, &superseded, err);
}

/* The promotion gap; see gate/merged.h. Zuul is asked before anything is copied. */
static zreg_status find_merged(job *run, zreg_error *err)
{
    const zreg__merged_query query = {.api = run->set.zuul_api,
                                      .tenant = run->set.zuul_tenant,
                                      .project = run->set.zuul_project,
                                      .pipeline = run->set.zuul_pipeline,
                                      .job = run->set.zuul_job,
                                      .promote_pipeline = run->set.zuul_promote_pipeline};
    ZREG__AUTO(zreg__map) zreg__map *decided = NULL;
    if (query.api == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__map_new(&decided, NULL, err));
    for (size_t i = 0; i < run->order.count; i++) {
        ZREG__AUTO_FREE char *name = zreg__merged_name(run->order.entries[i].artifact);
        if (name == NULL) {
            return zreg__fail_nomem(err);
        }
        ZREG__TRY(zreg__map_set(decided, name, run, err));
    }
    return zreg__merged_list(&run->merged, decided, run->client, &query, run->cancel, err);
}

/* What the intermediate registry no longer has, or cannot be named in a buildset registry, is told of
 * its change: Zuul lists what any job of any project has returned. */
static zreg_status populate_merged(zreg_populated *populated, job *run,
                                   const zreg_artifact *artifact, zreg_error *err)
{
    zreg_copy_result copied;
    ZREG__AUTO(zreg_strings) zreg_strings *superseded = NULL;
    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    ZREG__TRY(zreg__strings_new(&superseded, err));
    zreg_status status = copy_image(&copied, run, artifact, err);
    if (status == ZREG_NOTFOUND || status == ZREG_INVAL) {
        ZREG__AUTO_FREE char *why = zreg__strdup(err == NULL ? "" : err->message);
        zreg__error_clear(err);
        return zreg__items_explain(&run->merged_items, artifact, why == NULL ? "" : why, err);
    }
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "populate %s from %s", artifact->name,
                                  artifact->url);
    }
    return zreg__populated_add(populated, artifact, &copied, ZREG__MERGED_REASON, &superseded, err);
}

static zreg_status populate_all(zreg_populated *populated, job *run, zreg_error *err)
{
    for (size_t i = 0; i < run->order.count; i = zreg__order_group_end(&run->order, i)) {
        ZREG__TRY(populate_group(populated, run, i, err));
    }
    for (size_t i = 0; i < zreg_artifacts_count(run->merged); i++) {
        ZREG__TRY(populate_merged(populated, run, zreg_artifacts_at(run->merged, i), err));
    }
    return ZREG_OK;
}

static const zreg__items *items_ahead(const zreg_artifacts *artifacts)
{
    static const zreg__items nothing_known = {.known = false};
    return artifacts == NULL ? &nothing_known : &artifacts->ahead;
}

static zreg_status look_for_record(zreg__populated_item *item, const job *run, const char *pipeline,
                                   zreg_error *err)
{
    const zreg__published_key key = {.host = run->set.records,
                                     .project = item->shown.project,
                                     .change = item->shown.change,
                                     .patchset = item->shown.patchset,
                                     .pipeline = pipeline};
    ZREG__AUTO_FREE char *published = NULL;
    ZREG__TRY(zreg__published_read(&published, run->client, &key, run->cancel, err));
    return published == NULL ? ZREG_OK : zreg__populated_tell_missed(item, published, err);
}

/* The nearest first: they are the ones that a wrong configuration shows with. */
static zreg_status look_for_records(zreg_populated *populated, const job *run, const char *pipeline,
                                    zreg_error *err)
{
    size_t asked = 0;
    if (run->set.records == NULL || pipeline == NULL) {
        return ZREG_OK;
    }
    for (size_t i = populated->items_count; i > 0 && asked < MAX_RECORDS; i--) {
        zreg__populated_item *item = &populated->items[i - 1];
        if (!item->given && !item->shown.merged && item->shown.change[0] != '\0') {
            ZREG__TRY(look_for_record(item, run, pipeline, err));
            asked++;
        }
    }
    return ZREG_OK;
}

static zreg_status check(job *run, zreg_error *err)
{
    if (run->to == NULL && run->set.server != NULL) {
        run->to = zreg_server_address(run->set.server);
    }
    ZREG__TRY(zreg__names_host_check(run->to, "populate: destination", err));
    if (run->set.records != NULL) {
        ZREG__TRY(zreg__names_host_check(run->set.records, "populate: records", err));
    }
    if (run->set.intermediate == NULL) {
        return ZREG_OK;
    }
    return zreg__names_host_check(run->set.intermediate, "populate: intermediate registry", err);
}

static zreg_status populate(zreg_populated *populated, job *run, const zreg_artifacts *artifacts,
                            zreg_error *err)
{
    ZREG__TRY(populate_all(populated, run, err));
    ZREG__TRY(zreg__populated_tell_items(populated, items_ahead(artifacts), &run->merged_items,
                                         &run->order, err));
    return look_for_records(populated, run, items_ahead(artifacts)->pipeline, err);
}

zreg_status zreg_populate(zreg_populated **out, zreg_client *client,
                          const zreg_artifacts *artifacts, const char *to,
                          const zreg_populate_options *options, zreg_cancel *cancel,
                          zreg_error *err)
{
    zreg__error_clear(err);
    *out = NULL;
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__AUTO(job) job run = {.client = client, .to = to, .cancel = cancel};
    ZREG__AUTO(zreg_populated) zreg_populated *populated = NULL;
    ZREG__TRY(ZREG__OPTIONS_READ(&run.set, options, err));
    ZREG__TRY(check(&run, err));
    ZREG__TRY(zreg__strings_new(&run.siblings, err));
    ZREG__TRY(zreg__strings_new(&run.unseen, err));
    run.progress = (zreg__progress){
        .phase = "populate", .write = run.set.progress, .user = run.set.progress_user};
    ZREG__TRY(zreg__order_make(&run.order, artifacts, err));
    ZREG__TRY(find_merged(&run, err));
    ZREG__TRY(zreg__merged_items(&run.merged_items, items_ahead(artifacts), run.merged, err));
    size_t most = run.order.count + zreg_artifacts_count(run.merged);
    ZREG__TRY(zreg__populated_new(&populated, most, err));
    zreg_status status = populate(populated, &run, artifacts, err);
    if (status == ZREG_OK || zreg_populated_count(populated) > 0) {
        *out = zreg__steal(&populated);
    }
    return status;
}
