/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/artifact.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"

static const char *copy_text(bool *failed, const char *text)
{
    char *copy = zreg__strdup(text == NULL ? "" : text);
    *failed |= copy == NULL;
    return copy;
}

static bool copy_texts(zreg_artifact *to, const zreg_artifact *from)
{
    bool failed = false;
    to->name = copy_text(&failed, from->name);
    to->url = copy_text(&failed, from->url);
    to->repository = copy_text(&failed, from->repository);
    to->tag = copy_text(&failed, from->tag);
    to->digest = copy_text(&failed, from->digest);
    to->media_type = copy_text(&failed, from->media_type);
    to->change = copy_text(&failed, from->change);
    to->patchset = copy_text(&failed, from->patchset);
    to->build = copy_text(&failed, from->build);
    to->project = copy_text(&failed, from->project);
    to->job = copy_text(&failed, from->job);
    return !failed;
}

void zreg__artifact_finish(zreg__artifact *artifact)
{
    const zreg_artifact *shown = &artifact->shown;
    const char *const texts[] = {shown->name,    shown->url,      shown->repository,
                                 shown->tag,     shown->digest,   shown->media_type,
                                 shown->change,  shown->patchset, shown->build,
                                 shown->project, shown->job};
    for (size_t i = 0; i < ZREG__COUNT(texts); i++) {
        free((char *)texts[i]);
    }
    zreg__json_free(artifact->platforms);
}

zreg_status zreg__artifact_list_new(zreg_artifacts **out, zreg_error *err)
{
    zreg_artifacts *list = zreg__new(zreg_artifacts);
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = list;
    return ZREG_OK;
}

static zreg_status grow(zreg_artifacts *list, zreg_error *err)
{
    if (list->count >= ZREG__MAX_ARTIFACTS) {
        return zreg__fail(err, ZREG_LIMIT, "more than %d artifacts", ZREG__MAX_ARTIFACTS);
    }
    return zreg__array_room((void **)&list->items, &list->capacity, list->count,
                            sizeof(zreg__artifact), err);
}

zreg_status zreg__artifact_list_add(zreg_artifacts *list, const zreg_artifact *shown,
                                    zreg__json *platforms, bool turned_round, zreg_error *err)
{
    ZREG__TRY(grow(list, err));
    zreg__artifact entry = {.platforms = zreg__json_share(platforms), .turned_round = turned_round};
    if (!copy_texts(&entry.shown, shown)) {
        zreg__artifact_finish(&entry);
        return zreg__fail_nomem(err);
    }
    list->items[list->count++] = entry;
    return ZREG_OK;
}

size_t zreg_artifacts_count(const zreg_artifacts *artifacts)
{
    return artifacts == NULL ? 0 : artifacts->count;
}

const zreg_artifact *zreg_artifacts_at(const zreg_artifacts *artifacts, size_t i)
{
    return i < zreg_artifacts_count(artifacts) ? &artifacts->items[i].shown : NULL;
}

void zreg_artifacts_free(zreg_artifacts *artifacts)
{
    if (artifacts == NULL) {
        return;
    }
    for (size_t i = 0; i < artifacts->count; i++) {
        zreg__artifact_finish(&artifacts->items[i]);
    }
    zreg__items_finish(&artifacts->ahead);
    free(artifacts->items);
    free(artifacts);
}
