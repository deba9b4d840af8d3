/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/populated.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"

zreg_status zreg__populated_new(zreg_populated **out, size_t capacity, zreg_error *err)
{
    ZREG__AUTO(zreg_populated) zreg_populated *populated = zreg__new(zreg_populated);
    if (populated == NULL ||
        (populated->items = zreg__calloc(capacity + 1, sizeof(zreg__populated_entry))) == NULL) {
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
    zreg_strings_free(entry->superseded);
}

zreg_status zreg__populated_add(zreg_populated *populated, const zreg_artifact *artifact,
                                const zreg_copy_result *copied, zreg_strings **superseded,
                                zreg_error *err)
{
    zreg__populated_entry entry = {
        .shown = {.repository = zreg__strdup(artifact->repository),
                  .tag = zreg__strdup(artifact->tag),
                  .digest = zreg__strdup(copied->digest.text),
                  .change = zreg__strdup(artifact->change),
                  .build = zreg__strdup(artifact->build),
                  .bytes = copied->bytes,
                  .requests = copied->src_requests + copied->dst_requests,
                  .superseded = zreg__strings_array(*superseded)}};
    const zreg_populated_image *shown = &entry.shown;
    if (populated->count == populated->capacity || shown->repository == NULL ||
        shown->tag == NULL || shown->digest == NULL || shown->change == NULL ||
        shown->build == NULL) {
        finish(&entry);
        return zreg__fail_nomem(err);
    }
    entry.superseded = zreg__steal(superseded);
    populated->items[populated->count++] = entry;
    return ZREG_OK;
}

size_t zreg_populated_count(const zreg_populated *populated)
{
    return populated->count;
}

const zreg_populated_image *zreg_populated_at(const zreg_populated *populated, size_t i)
{
    return i < populated->count ? &populated->items[i].shown : NULL;
}

static zreg_status superseded_json(zreg__json *image, const char *const *urls, zreg_error *err)
{
    zreg__json *list = json_object_new_array();
    ZREG__TRY(zreg__json_set(image, "superseded", list, err));
    for (size_t i = 0; urls[i] != NULL; i++) {
        ZREG__TRY(zreg__json_add(list, json_object_new_string(urls[i]), err));
    }
    return ZREG_OK;
}

static zreg_status image_json(zreg__json **out, const zreg_populated_image *image, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *object = json_object_new_object();
    const char *change = image->change[0] == '\0' ? NULL : image->change;
    ZREG__TRY(zreg__json_set_text(object, "repository", image->repository, err));
    ZREG__TRY(zreg__json_set_text(object, "tag", image->tag, err));
    ZREG__TRY(zreg__json_set_text(object, "digest", image->digest, err));
    ZREG__TRY(zreg__json_set_text(object, "change", change, err));
    ZREG__TRY(superseded_json(object, image->superseded, err));
    *out = zreg__steal(&object);
    return ZREG_OK;
}

zreg_status zreg_populated_json(char **out_json, const zreg_populated *populated, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = json_object_new_object();
    zreg__json *images = json_object_new_array();
    uint64_t bytes = 0;
    ZREG__TRY(zreg__json_set(document, "images", images, err));
    for (size_t i = 0; i < populated->count; i++) {
        zreg__json *image = NULL;
        ZREG__TRY(image_json(&image, &populated->items[i].shown, err));
        ZREG__TRY(zreg__json_add(images, image, err));
        bytes += populated->items[i].shown.bytes;
    }
    ZREG__TRY(zreg__json_set_u64(document, "bytes", bytes, err));
    return zreg__json_print(out_json, document, err);
}

void zreg_populated_free(zreg_populated *populated)
{
    if (populated == NULL) {
        return;
    }
    for (size_t i = 0; populated->items != NULL && i < populated->count; i++) {
        finish(&populated->items[i]);
    }
    free(populated->items);
    free(populated);
}
