/* SPDX-License-Identifier: Apache-2.0 */
/* Promotion, and what Zuul's API is asked. */
#include "shim_inside.h"

zreg_promoted *zreg_go_promote(zreg_client *client, const char *repository, zreg_go_list tags,
                               const char *change, const char *pipeline, const char *from_tag,
                               const char *expect_digest, const char *if_current, uint64_t order,
                               int keep, int no_verify, int dry_run, int with_referrers,
                               uint32_t jobs, uintptr_t progress, zreg_cancel *cancel,
                               zreg_error *err)
{
    AUTOLIST tag_list = NULL;
    zreg_promoted *out = NULL;
    zreg_digest memory;
    const zreg_digest *expected = NULL;

    if (split(&tag_list, tags, err) != ZREG_OK ||
        optional_digest(&expected, &memory, expect_digest, err) != ZREG_OK)
        return NULL;
    const zreg_promote_options options = {
        .size = sizeof(options),
        .change = optional(change),
        .pipeline = optional(pipeline),
        .from_tag = optional(from_tag),
        .expect_digest = expected,
        .if_current = optional(if_current),
        .order = order,
        .keep = keep,
        .no_verify = no_verify,
        .dry_run = dry_run,
        .with_referrers = with_referrers,
        .jobs = jobs,
        PROGRESS(progress),
    };
    zreg_promote(&out, client, repository, tag_list, &options, cancel, err);
    return out;
}

zreg_promoted *zreg_go_promote_from_intermediate(
    zreg_client *client, const zreg_artifacts *artifacts, const char *repository, zreg_go_list tags,
    const char *change, const char *intermediate, const char *expect_digest, const char *if_current,
    uint64_t order, int dry_run, int with_referrers, uint32_t jobs, uintptr_t progress,
    zreg_cancel *cancel, zreg_error *err)
{
    AUTOLIST tag_list = NULL;
    zreg_promoted *out = NULL;
    zreg_digest memory;
    const zreg_digest *expected = NULL;

    if (split(&tag_list, tags, err) != ZREG_OK ||
        optional_digest(&expected, &memory, expect_digest, err) != ZREG_OK)
        return NULL;
    const zreg_promote_from_intermediate_options options = {
        .size = sizeof(options),
        .change = optional(change),
        .intermediate = optional(intermediate),
        .expect_digest = expected,
        .if_current = optional(if_current),
        .order = order,
        .dry_run = dry_run,
        .with_referrers = with_referrers,
        .jobs = jobs,
        PROGRESS(progress),
    };
    zreg_promote_from_intermediate(&out, client, artifacts, repository, tag_list, &options, cancel,
                                   err);
    return out;
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
