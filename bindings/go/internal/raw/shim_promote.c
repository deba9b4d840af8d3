/* SPDX-License-Identifier: Apache-2.0 */
/* Promotion, and what Zuul's API is asked. */
#include "shim_inside.h"

void zreg_go_promote(zreg_promote_result *out, zreg_client *client, const char *repository,
                     zreg_go_list tags, const char *change, const char *pipeline,
                     const char *from_tag, const char *expect_digest, const char *if_current,
                     int keep, uint64_t order, const char *zuul_api, const char *zuul_tenant,
                     const char *zuul_project, const char *patchset, const char *zuul_pipeline,
                     const char *zuul_job, const char *zuul_promote_pipeline, int unordered,
                     int from_intermediate, const char *intermediate, uint32_t jobs, int no_verify,
                     int dry_run, int with_referrers, uintptr_t progress, zreg_cancel *cancel,
                     zreg_error *err)
{
    AUTOLIST tag_list = NULL;
    zreg_digest memory;
    const zreg_digest *expected = NULL;

    if (split(&tag_list, tags, err) != ZREG_OK ||
        optional_digest(&expected, &memory, expect_digest, err) != ZREG_OK)
        return;
    const zreg_promote_options options = {
        .size = sizeof(options),
        .change = optional(change),
        .pipeline = optional(pipeline),
        .from_tag = optional(from_tag),
        .expect_digest = expected,
        .if_current = optional(if_current),
        .keep = keep,
        .order = order,
        .zuul_api = optional(zuul_api),
        .zuul_tenant = optional(zuul_tenant),
        .zuul_project = optional(zuul_project),
        .patchset = optional(patchset),
        .zuul_pipeline = optional(zuul_pipeline),
        .zuul_job = optional(zuul_job),
        .zuul_promote_pipeline = optional(zuul_promote_pipeline),
        .unordered = unordered,
        .from_intermediate = from_intermediate,
        .intermediate = optional(intermediate),
        .jobs = jobs,
        .no_verify = no_verify,
        .dry_run = dry_run,
        .with_referrers = with_referrers,
        PROGRESS(progress),
    };
    zreg_promote(out, client, repository, tag_list, &options, cancel, err);
}

zreg_zuul_builds *zreg_go_zuul_builds_find(zreg_client *client, const char *api, const char *tenant,
                                           const char *project, const char *pipeline,
                                           const char *job, const char *branch, const char *change,
                                           const char *patchset, uint32_t limit,
                                           zreg_cancel *cancel, zreg_error *err)
{
    const zreg_zuul_options options = {
        .size = sizeof(options),
        .tenant = optional(tenant),
        .project = optional(project),
        .pipeline = optional(pipeline),
        .job = optional(job),
        .branch = optional(branch),
        .change = optional(change),
        .patchset = optional(patchset),
        .limit = limit,
    };
    zreg_zuul_builds *out = NULL;

    return zreg_zuul_builds_find(&out, client, api, &options, cancel, err) == ZREG_OK ? out : NULL;
}

zreg_artifacts *zreg_go_zuul_builds_artifacts(const zreg_zuul_builds *builds, zreg_error *err)
{
    zreg_artifacts *out = NULL;

    return zreg_zuul_builds_artifacts(&out, builds, err) == ZREG_OK ? out : NULL;
}

uint64_t zreg_go_zuul_order(zreg_client *client, const char *api, const char *tenant,
                            const char *project, const char *pipeline, const char *change,
                            const char *patchset, zreg_cancel *cancel, zreg_error *err)
{
    const zreg_zuul_options options = {
        .size = sizeof(options),
        .tenant = optional(tenant),
        .project = optional(project),
        .pipeline = optional(pipeline),
        .change = optional(change),
        .patchset = optional(patchset),
    };
    uint64_t order = 0;

    zreg_zuul_order(&order, client, api, &options, cancel, err);
    return order;
}
