/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/json.h"
#include "gate/populated.h"

static zreg_status image_json(zreg__json *list, const zreg_populated_image *image, zreg_error *err)
{
    zreg__json *object = NULL;
    ZREG__TRY(zreg__json_add_object(&object, list, err));
    ZREG__TRY(zreg__json_set_text(object, "repository", image->repository, err));
    ZREG__TRY(zreg__json_set_text(object, "tag", image->tag, err));
    ZREG__TRY(zreg__json_set_text(object, "digest", image->digest, err));
    ZREG__TRY(zreg__json_set_known(object, "project", image->project, err));
    ZREG__TRY(zreg__json_set_known(object, "change", image->change, err));
    ZREG__TRY(zreg__json_set_text(object, "reason", image->reason, err));
    return zreg__json_set_texts(object, "superseded", image->superseded, err);
}

static zreg_status item_json(zreg__json *list, const zreg_populated_item *item, zreg_error *err)
{
    zreg__json *object = NULL;
    ZREG__TRY(zreg__json_add_object(&object, list, err));
    ZREG__TRY(zreg__json_set_known(object, "project", item->project, err));
    ZREG__TRY(zreg__json_set_known(object, "change", item->change, err));
    ZREG__TRY(zreg__json_set_known(object, "patchset", item->patchset, err));
    ZREG__TRY(zreg__json_set_known(object, "url", item->url, err));
    ZREG__TRY(zreg__json_set_texts(object, "images", item->images, err));
    ZREG__TRY(zreg__json_set_known(object, "reason", item->reason, err));
    ZREG__TRY(zreg__json_set_bool(object, "merged", item->merged, err));
    return zreg__json_set_bool(object, "missed", item->missed, err);
}

static zreg_status add_images(zreg__json *document, uint64_t *bytes,
                              const zreg_populated *populated, zreg_error *err)
{
    zreg__json *images = NULL;
    ZREG__TRY(zreg__json_set_array(&images, document, "images", err));
    for (size_t i = 0; i < zreg_populated_count(populated); i++) {
        const zreg_populated_image *shown = zreg_populated_at(populated, i);
        ZREG__TRY(image_json(images, shown, err));
        *bytes += shown->bytes;
    }
    return ZREG_OK;
}

static zreg_status add_items(zreg__json *document, const zreg_populated *populated, zreg_error *err)
{
    size_t count = zreg_populated_items_count(populated);
    if (!zreg_populated_items_known(populated) && count == 0) {
        return zreg__json_set_null(document, "items", err);
    }
    zreg__json *items = NULL;
    ZREG__TRY(zreg__json_set_array(&items, document, "items", err));
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(item_json(items, zreg_populated_items_at(populated, i), err));
    }
    return ZREG_OK;
}

zreg_status zreg_populated_json(char **out_json, const zreg_populated *populated, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    uint64_t bytes = 0;
    ZREG__TRY(add_images(document, &bytes, populated, err));
    ZREG__TRY(add_items(document, populated, err));
    ZREG__TRY(zreg__json_set_u64(document, "bytes", bytes, err));
    return zreg__json_print_report(out_json, document, err);
}
