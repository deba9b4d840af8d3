/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/json.h"
#include "gate/populated.h"

static zreg_status set_texts(zreg__json *object, const char *key, const char *const *texts,
                             zreg_error *err)
{
    zreg__json *list = json_object_new_array();
    ZREG__TRY(zreg__json_set(object, key, list, err));
    for (size_t i = 0; texts[i] != NULL; i++) {
        ZREG__TRY(zreg__json_add(list, json_object_new_string(texts[i]), err));
    }
    return ZREG_OK;
}

static zreg_status set_if_set(zreg__json *object, const char *key, const char *text,
                              zreg_error *err)
{
    return zreg__json_set_text(object, key, text[0] == '\0' ? NULL : text, err);
}

static zreg_status image_json(zreg__json **out, const zreg_populated_image *image, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *object = json_object_new_object();
    ZREG__TRY(zreg__json_set_text(object, "repository", image->repository, err));
    ZREG__TRY(zreg__json_set_text(object, "tag", image->tag, err));
    ZREG__TRY(zreg__json_set_text(object, "digest", image->digest, err));
    ZREG__TRY(set_if_set(object, "project", image->project, err));
    ZREG__TRY(set_if_set(object, "change", image->change, err));
    ZREG__TRY(zreg__json_set_text(object, "reason", image->reason, err));
    ZREG__TRY(set_texts(object, "superseded", image->superseded, err));
    *out = zreg__steal(&object);
    return ZREG_OK;
}

static zreg_status item_json(zreg__json **out, const zreg_populated_item *item, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *object = json_object_new_object();
    ZREG__TRY(set_if_set(object, "project", item->project, err));
    ZREG__TRY(set_if_set(object, "change", item->change, err));
    ZREG__TRY(set_if_set(object, "patchset", item->patchset, err));
    ZREG__TRY(set_if_set(object, "url", item->url, err));
    ZREG__TRY(set_texts(object, "images", item->images, err));
    ZREG__TRY(set_if_set(object, "reason", item->reason, err));
    ZREG__TRY(zreg__json_set(object, "merged", json_object_new_boolean(item->merged), err));
    ZREG__TRY(zreg__json_set(object, "missed", json_object_new_boolean(item->missed), err));
    *out = zreg__steal(&object);
    return ZREG_OK;
}

static zreg_status add_images(zreg__json *document, uint64_t *bytes,
                              const zreg_populated *populated, zreg_error *err)
{
    zreg__json *images = json_object_new_array();
    ZREG__TRY(zreg__json_set(document, "images", images, err));
    for (size_t i = 0; i < zreg_populated_count(populated); i++) {
        zreg__json *image = NULL;
        const zreg_populated_image *shown = zreg_populated_at(populated, i);
        ZREG__TRY(image_json(&image, shown, err));
        ZREG__TRY(zreg__json_add(images, image, err));
        *bytes += shown->bytes;
    }
    return ZREG_OK;
}

static zreg_status add_items(zreg__json *document, const zreg_populated *populated, zreg_error *err)
{
    size_t count = zreg_populated_items_count(populated);
    if (!zreg_populated_items_known(populated) && count == 0) {
        return zreg__json_set_text(document, "items", NULL, err);
    }
    zreg__json *items = json_object_new_array();
    ZREG__TRY(zreg__json_set(document, "items", items, err));
    for (size_t i = 0; i < count; i++) {
        zreg__json *item = NULL;
        ZREG__TRY(item_json(&item, zreg_populated_items_at(populated, i), err));
        ZREG__TRY(zreg__json_add(items, item, err));
    }
    return ZREG_OK;
}

zreg_status zreg_populated_json(char **out_json, const zreg_populated *populated, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = json_object_new_object();
    uint64_t bytes = 0;
    ZREG__TRY(add_images(document, &bytes, populated, err));
    ZREG__TRY(add_items(document, populated, err));
    ZREG__TRY(zreg__json_set_u64(document, "bytes", bytes, err));
    return zreg__json_print_report(out_json, document, err);
}
