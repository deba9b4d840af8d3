/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/items.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/told.h"

ZREG__DEFINE_AUTO_VALUE(zreg__item, zreg__item_finish)

/* It is only shown: one that cannot be is left out. */
static zreg_status read_url(char **out, const zreg__json *from, zreg_error *err)
{
    const char *text = zreg__json_text(from, "change_url");
    bool shown = text != NULL && zreg__told_is_clean(text);
    *out = zreg__strdup(shown ? text : "");
    return *out == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status read_item(zreg__item *out, const zreg__json *entry, zreg_error *err)
{
    ZREG__TRY(zreg__told_text(&out->project, zreg__json_get(entry, "project"), NULL, "name", err));
    ZREG__TRY(zreg__told_text(&out->change, entry, NULL, "change", err));
    ZREG__TRY(zreg__told_text(&out->patchset, entry, NULL, "patchset", err));
    return read_url(&out->url, entry, err);
}

static bool is_same(const zreg__item *a, const zreg__item *b)
{
    return zreg__str_equal(a->project, b->project) && zreg__str_equal(a->change, b->change);
}

/* Several changes that depend on each other are one item. */
static zreg_status is_own(bool *out, const zreg__json *own, const zreg__item *item, zreg_error *err)
{
    *out = false;
    for (size_t i = 0; i < zreg__json_length(own) && !*out; i++) {
        ZREG__AUTO(zreg__item) zreg__item other = {NULL};
        ZREG__TRY(read_item(&other, zreg__json_at(own, i), err));
        *out = is_same(item, &other);
    }
    return ZREG_OK;
}

static zreg_status read_entry(zreg__items *to, const zreg__json *entry, const zreg__json *own,
                              zreg_error *err)
{
    bool skip = false;
    ZREG__AUTO(zreg__item) zreg__item item = {NULL};
    ZREG__TRY(read_item(&item, entry, err));
    ZREG__TRY(is_own(&skip, own, &item, err));
    if (!skip) {
        to->list[to->count++] = item;
        item = (zreg__item){NULL};
    }
    return ZREG_OK;
}

zreg_status zreg__items_read(zreg__items *out, const zreg__json *zuul, zreg_error *err)
{
    const zreg__json *list = zreg__json_get(zuul, "items");
    size_t count = zreg__json_length(list);
    if (list == NULL) {
        return ZREG_OK;
    }
    if (!zreg__json_is_array(list)) {
        return zreg__fail(err, ZREG_INVAL, "items: Zuul's are a list");
    }
    if (count > ZREG__MAX_ITEMS) {
        return zreg__fail(err, ZREG_LIMIT, "items: %zu, at most %d are read", count,
                          ZREG__MAX_ITEMS);
    }
    out->known = true;
    out->pipeline = zreg__json_scalar(zuul, "pipeline");
    out->list = zreg__calloc(count + 1, sizeof(zreg__item));
    if (out->list == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i + 1 < count; i++) {
        zreg_status status =
            read_entry(out, zreg__json_at(list, i), zreg__json_get(zuul, "buildset_refs"), err);
        if (status != ZREG_OK) {
            return zreg__error_prefix(err, status, "item %zu", i);
        }
    }
    return ZREG_OK;
}

zreg__item *zreg__items_find(const zreg__items *items, const zreg_artifact *artifact)
{
    for (size_t i = 0; i < items->count; i++) {
        if (zreg__item_made(&items->list[i], artifact)) {
            return &items->list[i];
        }
    }
    return NULL;
}

zreg_status zreg__items_explain(zreg__items *items, const zreg_artifact *artifact, const char *why,
                                zreg_error *err)
{
    zreg__item *item = zreg__items_find(items, artifact);
    char *copy = item == NULL ? NULL : zreg__strdup(why);
    if (item == NULL) {
        return ZREG_OK;
    }
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    free(item->why);
    item->why = copy;
    return ZREG_OK;
}

bool zreg__item_made(const zreg__item *item, const zreg_artifact *artifact)
{
    return item->change[0] != '\0' && zreg__str_equal(item->change, artifact->change) &&
           (artifact->project[0] == '\0' || zreg__str_equal(item->project, artifact->project));
}

void zreg__item_finish(zreg__item *item)
{
    free(item->project);
    free(item->change);
    free(item->patchset);
    free(item->url);
    free(item->why);
}

void zreg__items_finish(zreg__items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        zreg__item_finish(&items->list[i]);
    }
    free(items->list);
    free(items->pipeline);
}
