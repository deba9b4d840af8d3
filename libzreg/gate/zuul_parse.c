/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/told.h"
#include "gate/zuul.h"
#include <stdio.h>

#define MICROSECONDS 1000000

/* A member of the build, or of its ref; "" when there is none that is short and clean. NULL when
 * memory runs out. */
static char *text_of(const zreg__json *build, const char *key)
{
    char *text = zreg__json_scalar(build, key);
    if (text == NULL) {
        text = zreg__json_scalar(zreg__json_get(build, "ref"), key);
    }
    if (text != NULL && zreg__told_is_clean(text)) {
        return text;
    }
    free(text);
    return zreg__strdup("");
}

static zreg_status set_text(const char **to, const zreg__json *build, const char *key,
                            zreg_error *err)
{
    *to = text_of(build, key);
    return *to == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status set_texts(zreg_zuul_build *to, const zreg__json *build, zreg_error *err)
{
    ZREG__TRY(set_text(&to->uuid, build, "uuid", err));
    ZREG__TRY(set_text(&to->job, build, "job_name", err));
    ZREG__TRY(set_text(&to->pipeline, build, "pipeline", err));
    ZREG__TRY(set_text(&to->project, build, "project", err));
    ZREG__TRY(set_text(&to->branch, build, "branch", err));
    ZREG__TRY(set_text(&to->change, build, "change", err));
    ZREG__TRY(set_text(&to->patchset, build, "patchset", err));
    ZREG__TRY(set_text(&to->ended, build, "end_time", err));
    return set_text(&to->buildset, zreg__json_get(build, "buildset"), "uuid", err);
}

/* Zuul knows who made it better than its metadata do. */
static zreg_status set_maker(zreg__json *artifact, const zreg_zuul_build *build, zreg_error *err)
{
    ZREG__TRY(zreg__json_set_text(artifact, "change", build->change, err));
    ZREG__TRY(zreg__json_set_text(artifact, "patchset", build->patchset, err));
    ZREG__TRY(zreg__json_set_text(artifact, "project", build->project, err));
    ZREG__TRY(zreg__json_set_text(artifact, "job", build->job, err));
    return zreg__json_set_text(artifact, "build", build->uuid, err);
}

/* A job may return anything as an artifact; what cannot be read is no image of ours. */
static zreg_status read_artifacts(zreg__zuul_entry *entry, const zreg__json *build, zreg_error *err)
{
    const zreg__json *list = zreg__json_get(build, "artifacts");
    ZREG__TRY(zreg__artifact_list_new(&entry->artifacts, err));
    for (size_t i = 0; i < zreg__json_length(list); i++) {
        zreg__json *artifact = zreg__json_at(list, i);
        if (!zreg__json_is_object(artifact)) {
            continue;
        }
        ZREG__TRY(set_maker(artifact, &entry->shown, err));
        zreg_status status = zreg__artifact_list_read(entry->artifacts, artifact, NULL);
        if (status == ZREG_NOMEM || status == ZREG_LIMIT) {
            return zreg__fail(err, status, "Zuul's API: the artifacts of a build are too many");
        }
    }
    return ZREG_OK;
}

static zreg_status read_build(zreg_zuul_builds *to, const zreg__json *build, zreg_error *err)
{
    if (!zreg__str_equal(zreg__json_text(build, "result"), "SUCCESS")) {
        return ZREG_OK;
    }
    zreg__zuul_entry *entry = &to->items[to->count++];
    ZREG__TRY(set_texts(&entry->shown, build, err));
    return read_artifacts(entry, build, err);
}

zreg_status zreg__zuul_builds_read(zreg_zuul_builds **out, const zreg__json *document,
                                   zreg_error *err)
{
    size_t length = zreg__json_length(document);
    ZREG__AUTO(zreg_zuul_builds) zreg_zuul_builds *list = zreg__new(zreg_zuul_builds);
    if (!zreg__json_is_array(document)) {
        return zreg__fail(err, ZREG_PROTO, "Zuul's API: the answer is no list of builds");
    }
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    list->items = zreg__calloc(length == 0 ? 1 : length, sizeof(zreg__zuul_entry));
    if (list->items == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < length; i++) {
        ZREG__TRY(read_build(list, zreg__json_at(document, i), err));
    }
    *out = zreg__steal(&list);
    return ZREG_OK;
}

/* Zuul writes UTC without saying so. */
static bool read_time(uint64_t *seconds, const char *text)
{
    char with_zone[64];
    int64_t found = 0;
    if (text == NULL || snprintf(with_zone, sizeof(with_zone), "%sZ", text) >= 64 ||
        !zreg__clock_parse_rfc3339(&found, with_zone) || found <= 0) {
        return false;
    }
    *seconds = (uint64_t)found;
    return true;
}

/* Times are in whole seconds; numbers of buildsets tell those of one second apart. */
static bool read_order(uint64_t *order, const zreg__json *buildset)
{
    uint64_t seconds = 0;
    uint64_t number = 0;
    if (!read_time(&seconds, zreg__json_text(buildset, "event_timestamp"))) {
        return false;
    }
    (void)zreg__json_u64(buildset, "_id", &number);
    *order = seconds * MICROSECONDS + number % MICROSECONDS;
    return true;
}

zreg_status zreg__zuul_order_read(uint64_t *out, const zreg__json *document, zreg_error *err)
{
    uint64_t first = 0;
    if (!zreg__json_is_array(document)) {
        return zreg__fail(err, ZREG_PROTO, "Zuul's API: the answer is no list of buildsets");
    }
    for (size_t i = 0; i < zreg__json_length(document); i++) {
        uint64_t order = 0;
        if (!read_order(&order, zreg__json_at(document, i))) {
            return zreg__fail(err, ZREG_PROTO,
                              "Zuul's API: a buildset does not tell when it was triggered; give "
                              "the order yourself");
        }
        first = first == 0 || order < first ? order : first;
    }
    *out = first;
    return ZREG_OK;
}

char *zreg__zuul_change_key(const char *project, const char *change, const char *patchset)
{
    return zreg__asprintf("%s\n%s\n%s", project, change, patchset);
}

static zreg_status read_change(zreg__map *out, const zreg__json *from, zreg_error *err)
{
    ZREG__AUTO_FREE char *project = text_of(from, "project");
    ZREG__AUTO_FREE char *change = text_of(from, "change");
    ZREG__AUTO_FREE char *patchset = text_of(from, "patchset");
    if (project == NULL || change == NULL || patchset == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__AUTO_FREE char *key = zreg__zuul_change_key(project, change, patchset);
    return key == NULL ? zreg__fail_nomem(err) : zreg__map_set(out, key, out, err);
}

/* Today a buildset has a list of `refs`; before, it was of one, whose facts stood beside it. */
zreg_status zreg__zuul_changes_read(zreg__map *out, const zreg__json *document, zreg_error *err)
{
    if (!zreg__json_is_array(document)) {
        return zreg__fail(err, ZREG_PROTO, "Zuul's API: the answer is no list of buildsets");
    }
    for (size_t i = 0; i < zreg__json_length(document); i++) {
        const zreg__json *buildset = zreg__json_at(document, i);
        const zreg__json *refs = zreg__json_get(buildset, "refs");
        for (size_t n = 0; n < zreg__json_length(refs); n++) {
            ZREG__TRY(read_change(out, zreg__json_at(refs, n), err));
        }
        if (refs == NULL) {
            ZREG__TRY(read_change(out, buildset, err));
        }
    }
    return ZREG_OK;
}

bool zreg__zuul_buildset_succeeded(const zreg__json *document)
{
    return zreg__str_equal(zreg__json_text(document, "result"), "SUCCESS");
}

size_t zreg_zuul_builds_count(const zreg_zuul_builds *builds)
{
    return builds == NULL ? 0 : builds->count;
}

const zreg_zuul_build *zreg_zuul_builds_at(const zreg_zuul_builds *builds, size_t i)
{
    return i < zreg_zuul_builds_count(builds) ? &builds->items[i].shown : NULL;
}

zreg_status zreg_zuul_builds_artifacts(zreg_artifacts **out, const zreg_zuul_builds *builds,
                                       zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *all = NULL;
    ZREG__TRY(zreg__artifact_list_new(&all, err));
    for (size_t i = zreg_zuul_builds_count(builds); i > 0; i--) {
        const zreg_artifacts *list = builds->items[i - 1].artifacts;
        for (size_t n = 0; n < zreg_artifacts_count(list); n++) {
            const zreg__artifact *artifact = &list->items[n];
            ZREG__TRY(zreg__artifact_list_add(all, &artifact->shown, artifact->platforms,
                                              artifact->turned_round, err));
        }
    }
    ZREG__TRY(zreg__artifact_list_unite(all, err));
    *out = zreg__steal(&all);
    return ZREG_OK;
}

static void finish(zreg__zuul_entry *entry)
{
    const zreg_zuul_build *shown = &entry->shown;
    const char *const texts[] = {shown->uuid,     shown->job,      shown->pipeline,
                                 shown->project,  shown->branch,   shown->change,
                                 shown->patchset, shown->buildset, shown->ended};
    for (size_t i = 0; i < ZREG__COUNT(texts); i++) {
        free((char *)texts[i]);
    }
    zreg_artifacts_free(entry->artifacts);
}

void zreg_zuul_builds_free(zreg_zuul_builds *builds)
{
    if (builds == NULL) {
        return;
    }
    for (size_t i = 0; i < builds->count; i++) {
        finish(&builds->items[i]);
    }
    free(builds->items);
    free(builds);
}
