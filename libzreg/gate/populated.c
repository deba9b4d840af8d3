/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/populated.h"

#include "base/error.h"
#include "base/mem.h"

zreg_status zreg__populated_new(zreg_populated **out, size_t capacity, zreg_error *err)
{
    ZREG__AUTO(zreg_populated) zreg_populated *populated = zreg__new(zreg_populated);
    if (populated == NULL ||
        (populated->images = zreg__calloc(capacity + 1, sizeof(zreg__populated_entry))) == NULL) {
        return zreg__fail_nomem(err);
    }
    populated->capacity = capacity;
    *out = zreg__steal(&populated);
    return ZREG_OK;
}

static void finish(zreg__populated_entry *entry)
{
    free((char *)entry->shown.repository);
    free((char *)entry->shown.tag);
    free((char *)entry->shown.digest);
    free((char *)entry->shown.change);
    free((char *)entry->shown.build);
    free((char *)entry->shown.project);
    free((char *)entry->shown.reason);
    zreg_strings_free(entry->superseded);
}

zreg_status zreg__populated_add(zreg_populated *populated, const zreg_artifact *artifact,
                                const zreg_copy_result *copied, const char *reason,
                                zreg_strings **superseded, zreg_error *err)
{
    zreg__populated_entry entry = {
        .shown = {.repository = zreg__strdup(artifact->repository),
                  .tag = zreg__strdup(artifact->tag),
                  .digest = zreg__strdup(copied->digest.text),
                  .change = zreg__strdup(artifact->change),
                  .build = zreg__strdup(artifact->build),
                  .project = zreg__strdup(artifact->project),
                  .reason = zreg__strdup(reason),
                  .bytes = copied->bytes,
                  .requests = copied->src_requests + copied->dst_requests,
                  .superseded = zreg__strings_array(*superseded)}};
    const zreg_populated_image *shown = &entry.shown;
    if (populated->count == populated->capacity || shown->repository == NULL ||
        shown->tag == NULL || shown->digest == NULL || shown->change == NULL ||
        shown->build == NULL || shown->project == NULL || shown->reason == NULL) {
        finish(&entry);
        return zreg__fail_nomem(err);
    }
    entry.superseded = zreg__steal(superseded);
    populated->images[populated->count++] = entry;
    return ZREG_OK;
}

size_t zreg_populated_count(const zreg_populated *populated)
{
    return populated->count;
}

const zreg_populated_image *zreg_populated_at(const zreg_populated *populated, size_t i)
{
    return i < populated->count ? &populated->images[i].shown : NULL;
}

void zreg_populated_free(zreg_populated *populated)
{
    if (populated == NULL) {
        return;
    }
    for (size_t i = 0; populated->images != NULL && i < populated->count; i++) {
        finish(&populated->images[i]);
    }
    free(populated->images);
    zreg__populated_items_finish(populated);
    free(populated);
}
