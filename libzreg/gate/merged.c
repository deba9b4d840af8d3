/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/merged.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

/* One search. */
typedef struct search {
    const zreg__web *web;
    const zreg_resolve_options *set;
    zreg__merged_match matches;
    const void *user;
    zreg_cancel *cancel;
} search;

static const char *or_usual(const char *text, const char *usual)
{
    return text == NULL ? usual : text;
}

static zreg_status find_builds(zreg_zuul_builds **out, const search *run, zreg_error *err)
{
    const zreg_zuul_options query = {.project = run->set->zuul_project,
                                     .pipeline = or_usual(run->set->zuul_pipeline, "gate"),
                                     .job = run->set->zuul_job};
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__TRY(zreg__zuul_get(&document, run->web, "/builds", &query, "SUCCESS", run->cancel, err));
    return zreg__zuul_builds_read(out, document, err);
}

/* A build may succeed while another one of its buildset fails; then the change does not merge. */
static zreg_status has_merged(bool *out, const search *run, const zreg_zuul_build *build,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf path = ZREG__BUF(ZREG__MAX_URL);
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    *out = false;
    if (build->buildset[0] == '\0') {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__buf_text(&path, "/buildset/", err));
    ZREG__TRY(zreg__buf_query(&path, build->buildset, err));
    zreg_status status = zreg__web_get(&document, run->web, zreg__buf_cstr(&path),
                                       ZREG__MAX_ZUUL_BYTES, run->cancel, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return ZREG_OK;
    }
    ZREG__TRY(status);
    *out = zreg__zuul_buildset_succeeded(document);
    return ZREG_OK;
}

static zreg_status is_promoted(bool *out, const search *run, const zreg_zuul_build *build,
                               zreg_error *err)
{
    const zreg_zuul_options query = {.project = build->project,
                                     .pipeline =
                                         or_usual(run->set->zuul_promote_pipeline, "promote"),
                                     .change = build->change,
                                     .patchset = build->patchset,
                                     .limit = 1};
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    *out = false;
    if (build->change[0] == '\0') {
        return ZREG_OK;
    }
    ZREG__TRY(
        zreg__zuul_get(&document, run->web, "/buildsets", &query, "SUCCESS", run->cancel, err));
    *out = zreg__json_length(document) > 0;
    return ZREG_OK;
}

/* Of one build the first is the newest. */
static const zreg_artifact *find_artifact(const search *run, const zreg_artifacts *artifacts)
{
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        const zreg_artifact *artifact = zreg_artifacts_at(artifacts, i);
        if (run->matches(run->user, artifact)) {
            return artifact;
        }
    }
    return NULL;
}

static zreg_status find_newest(zreg__merged *out, const search *run, zreg_error *err)
{
    const char *asked = "";
    for (size_t i = 0; i < zreg_zuul_builds_count(out->builds); i++) {
        const zreg_zuul_build *build = zreg_zuul_builds_at(out->builds, i);
        const zreg_artifact *artifact = find_artifact(run, out->builds->items[i].artifacts);
        bool merged = false;
        if (artifact == NULL || zreg__str_equal(build->buildset, asked)) {
            continue;
        }
        ZREG__TRY(has_merged(&merged, run, build, err));
        if (merged) {
            out->artifact = artifact;
            return is_promoted(&out->promoted, run, build, err);
        }
        asked = build->buildset;
    }
    return ZREG_OK;
}

zreg_status zreg__merged_find(zreg__merged *out, zreg_client *client,
                              const zreg_resolve_options *set, zreg__merged_match matches,
                              const void *user, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__web) zreg__web web = {.prefix = NULL};
    ZREG__AUTO(zreg__merged) zreg__merged merged = {.builds = NULL};
    const search run = {
        .web = &web, .set = set, .matches = matches, .user = user, .cancel = cancel};
    ZREG__TRY(zreg__zuul_open(&web, client, set->zuul_api, set->zuul_tenant, err));
    ZREG__TRY(find_builds(&merged.builds, &run, err));
    ZREG__TRY(find_newest(&merged, &run, err));
    *out = merged;
    merged.builds = NULL;
    return ZREG_OK;
}

void zreg__merged_finish(zreg__merged *merged)
{
    zreg_zuul_builds_free(merged->builds);
}
