/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/merged.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

/* One search. */
typedef struct search {
    const zreg__web *web;
    const zreg__merged_query *query;
    zreg__merged_match matches;
    const void *user;
    zreg_cancel *cancel;
    uint32_t limit; /* of builds; 0: as usual */
} search;

static const char *or_usual(const char *text, const char *usual)
{
    return text == NULL ? usual : text;
}

static zreg_status find_builds(zreg_zuul_builds **out, const search *run, zreg_error *err)
{
    const zreg_zuul_options query = {.project = run->query->project,
                                     .pipeline = or_usual(run->query->pipeline, "gate"),
                                     .job = run->query->job,
                                     .limit = run->limit};
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
                                     .pipeline = or_usual(run->query->promote_pipeline, "promote"),
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
                              const zreg__merged_query *query, zreg__merged_match matches,
                              const void *user, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__web) zreg__web web = {.prefix = NULL};
    ZREG__AUTO(zreg__merged) zreg__merged merged = {.builds = NULL};
    const search run = {
        .web = &web, .query = query, .matches = matches, .user = user, .cancel = cancel};
    ZREG__TRY(zreg__zuul_open(&web, client, query->api, query->tenant, err));
    ZREG__TRY(find_builds(&merged.builds, &run, err));
    ZREG__TRY(find_newest(&merged, &run, err));
    *out = merged;
    merged.builds = NULL;
    return ZREG_OK;
}

#define LISTED 100

/* What is known of a buildset. Kept as a pointer: a map holds no NULL. */
enum { NOT_MERGED = 1, WAITING = 2, PROMOTED = 3 };

/* A search for all images. */
typedef struct survey {
    search run;
    zreg__map *decided;   /* names */
    zreg__map *buildsets; /* UUID -> what is known */
    zreg__map *promoted;  /* changes whose promotion is known to have succeeded */
} survey;

static void survey_finish(survey *all)
{
    zreg__map_free(all->buildsets);
    zreg__map_free(all->promoted);
}

ZREG__DEFINE_AUTO_VALUE(survey, survey_finish)

char *zreg__merged_name(const zreg_artifact *artifact)
{
    return zreg__asprintf("%s:%s", artifact->repository, artifact->tag);
}

/* One request for most changes, since most have been promoted. */
static zreg_status find_promoted(survey *all, zreg_error *err)
{
    const search *run = &all->run;
    const zreg_zuul_options query = {.project = run->query->project,
                                     .pipeline = or_usual(run->query->promote_pipeline, "promote"),
                                     .limit = LISTED};
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__TRY(
        zreg__zuul_get(&document, run->web, "/buildsets", &query, "SUCCESS", run->cancel, err));
    return zreg__zuul_changes_read(all->promoted, document, err);
}

static zreg_status judge(uintptr_t *out, const survey *all, const zreg_zuul_build *build,
                         zreg_error *err)
{
    bool merged = false;
    bool promoted = false;
    ZREG__AUTO_FREE char *change =
        zreg__zuul_change_key(build->project, build->change, build->patchset);
    if (change == NULL) {
        return zreg__fail_nomem(err);
    }
    if (zreg__map_get(all->promoted, change) != NULL) {
        *out = PROMOTED;
        return ZREG_OK;
    }
    ZREG__TRY(has_merged(&merged, &all->run, build, err));
    if (merged) {
        ZREG__TRY(is_promoted(&promoted, &all->run, build, err));
    }
    *out = promoted ? PROMOTED : merged ? WAITING : NOT_MERGED;
    return ZREG_OK;
}

static zreg_status judge_once(uintptr_t *out, survey *all, const zreg_zuul_build *build,
                              zreg_error *err)
{
    *out = (uintptr_t)zreg__map_get(all->buildsets, build->buildset);
    if (*out != 0) {
        return ZREG_OK;
    }
    ZREG__TRY(judge(out, all, build, err));
    return zreg__map_set(all->buildsets, build->buildset, (void *)*out, err);
}

static zreg_status add_artifact(zreg_artifacts *list, survey *all, const zreg_zuul_build *build,
                                const zreg__artifact *artifact, zreg_error *err)
{
    uintptr_t known = 0;
    ZREG__AUTO_FREE char *name = zreg__merged_name(&artifact->shown);
    if (name == NULL) {
        return zreg__fail_nomem(err);
    }
    if (zreg__map_get(all->decided, name) != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(judge_once(&known, all, build, err));
    if (known == WAITING) {
        ZREG__TRY(zreg__artifact_list_add(list, &artifact->shown, artifact->platforms, false, err));
    }
    return known == NOT_MERGED ? ZREG_OK : zreg__map_set(all->decided, name, list, err);
}

static zreg_status list_all(zreg_artifacts *list, survey *all, const zreg_zuul_builds *builds,
                            zreg_error *err)
{
    for (size_t i = 0; i < zreg_zuul_builds_count(builds); i++) {
        const zreg_artifacts *made = builds->items[i].artifacts;
        for (size_t n = 0; n < zreg_artifacts_count(made); n++) {
            ZREG__TRY(add_artifact(list, all, &builds->items[i].shown, &made->items[n], err));
        }
    }
    return ZREG_OK;
}

zreg_status zreg__merged_list(zreg_artifacts **out, zreg__map *decided, zreg_client *client,
                              const zreg__merged_query *query, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__web) zreg__web web = {.prefix = NULL};
    ZREG__AUTO(zreg_zuul_builds) zreg_zuul_builds *builds = NULL;
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *list = NULL;
    ZREG__AUTO(survey)
    survey all = {.run = {.web = &web, .query = query, .cancel = cancel, .limit = LISTED},
                  .decided = decided};
    ZREG__TRY(zreg__map_new(&all.buildsets, NULL, err));
    ZREG__TRY(zreg__map_new(&all.promoted, NULL, err));
    ZREG__TRY(zreg__artifact_list_new(&list, err));
    ZREG__TRY(zreg__zuul_open(&web, client, query->api, query->tenant, err));
    ZREG__TRY(find_builds(&builds, &all.run, err));
    ZREG__TRY(find_promoted(&all, err));
    ZREG__TRY(list_all(list, &all, builds, err));
    *out = zreg__steal(&list);
    return ZREG_OK;
}

zreg_status zreg__merged_items(zreg__items *out, const zreg__items *ahead,
                               const zreg_artifacts *artifacts, zreg_error *err)
{
    size_t count = zreg_artifacts_count(artifacts);
    out->list = zreg__calloc(count + 1, sizeof(zreg__item));
    if (out->list == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        const zreg_artifact *artifact = zreg_artifacts_at(artifacts, i);
        if (zreg__items_find(ahead, artifact) != NULL || zreg__items_find(out, artifact) != NULL) {
            continue;
        }
        zreg__item *item = &out->list[out->count++];
        item->merged = true;
        item->project = zreg__strdup(artifact->project);
        item->change = zreg__strdup(artifact->change);
        item->patchset = zreg__strdup(artifact->patchset);
        item->url = zreg__strdup("");
        if (item->project == NULL || item->change == NULL || item->patchset == NULL ||
            item->url == NULL) {
            return zreg__fail_nomem(err);
        }
    }
    return ZREG_OK;
}

void zreg__merged_finish(zreg__merged *merged)
{
    zreg_zuul_builds_free(merged->builds);
}
