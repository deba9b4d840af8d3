/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "gate/merged.h"
#include "gate/populated.h"

/* Of one item no more than this many superseded images are named, and the rest is counted. */
#define MAX_NAMED 8
#define MAX_REASON 4096

/* What can be known only where Zuul and its configuration are looked at. */
static const char nothing_given[] =
    "Zuul gave this job no image of it: it builds none; or this job does not require what the job "
    "that builds one provides; or another job of this job's own change provides what this job "
    "requires and had not finished, and then Zuul asks no change ahead";

static const char what_to_do[] = ", and Zuul did not give that to this job: if this job uses it, "
                                 "let it require what the job that "
                                 "builds it provides, and let no other job of its own change that "
                                 "may still run provide the same";

static const char no_change[] = "it is no change: Zuul hands on the images of changes only";

static zreg_status add_images(zreg__populated_item *to, const zreg_populated *populated,
                              const zreg__item *item, zreg_error *err)
{
    ZREG__TRY(zreg__strings_new(&to->images, err));
    for (size_t i = 0; i < populated->count; i++) {
        const zreg_populated_image *image = &populated->images[i].shown;
        const zreg_artifact maker = {.project = image->project, .change = image->change};
        if (!zreg__item_made(item, &maker)) {
            continue;
        }
        ZREG__AUTO_FREE char *name = zreg__asprintf("%s:%s", image->repository, image->tag);
        if (name == NULL) {
            return zreg__fail_nomem(err);
        }
        ZREG__TRY(zreg__strings_add(to->images, name, ZREG__MAX_ARTIFACTS, err));
    }
    return ZREG_OK;
}

static zreg_status name_superseded(zreg__buf *text, const zreg__order_entry *entry,
                                   const char *before, zreg_error *err)
{
    const zreg_artifact *lost = entry->artifact;
    const zreg_artifact *won = entry->winner;
    ZREG__TRY(
        zreg__buf_printf(text, err, "%s%.255s:%.128s by ", before, lost->repository, lost->tag));
    if (won->change[0] == '\0') {
        return zreg__buf_printf(text, err, "build %s", won->build);
    }
    const char *of = won->project[0] == '\0' ? "" : " of ";
    return zreg__buf_printf(text, err, "change %s%s%s", won->change, of, won->project);
}

/* The item's images that all lost; an image that it has made twice is named once. */
static zreg_status tell_superseded(zreg__buf *text, const zreg__item *item,
                                   const zreg__order *order, zreg_error *err)
{
    size_t named = 0;
    size_t group = SIZE_MAX;
    for (size_t i = 0; i < order->count; i++) {
        const zreg__order_entry *entry = &order->entries[i];
        if (!zreg__item_made(item, entry->artifact) || entry->group == group) {
            continue;
        }
        group = entry->group;
        if (named++ < MAX_NAMED) {
            const char *before = named == 1 ? "all its images are superseded: " : ", ";
            ZREG__TRY(name_superseded(text, entry, before, err));
        }
    }
    if (named > MAX_NAMED) {
        return zreg__buf_printf(text, err, ", and %zu more", named - MAX_NAMED);
    }
    return ZREG_OK;
}

static zreg_status tell_nothing(zreg__buf *text, const zreg__item *item, zreg_error *err)
{
    if (item->merged) {
        return zreg__buf_printf(text, err, "%s, but its image could not be brought in: %.*s",
                                ZREG__MERGED_REASON, MAX_REASON / 2,
                                item->why == NULL ? "" : item->why);
    }
    return zreg__buf_text(text, item->change[0] == '\0' ? no_change : nothing_given, err);
}

static zreg_status add_reason(zreg__populated_item *to, const zreg__item *item,
                              const zreg__order *order, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_REASON);
    to->given = zreg_strings_count(to->images) > 0;
    if (!to->given) {
        ZREG__TRY(tell_superseded(&text, item, order, err));
        to->given = text.size > 0;
        if (!to->given) {
            ZREG__TRY(tell_nothing(&text, item, err));
        }
    }
    to->shown.reason = zreg__buf_steal(&text);
    return to->shown.reason == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status tell_item(zreg__populated_item *to, const zreg_populated *populated,
                             const zreg__item *item, const zreg__order *order, zreg_error *err)
{
    to->shown.project = zreg__strdup(item->project);
    to->shown.change = zreg__strdup(item->change);
    to->shown.patchset = zreg__strdup(item->patchset);
    to->shown.url = zreg__strdup(item->url);
    to->shown.merged = item->merged;
    if (to->shown.project == NULL || to->shown.change == NULL || to->shown.patchset == NULL ||
        to->shown.url == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(add_images(to, populated, item, err));
    to->shown.images = zreg__strings_array(to->images);
    return add_reason(to, item, order, err);
}

zreg_status zreg__populated_tell_missed(zreg__populated_item *item, const char *published,
                                        zreg_error *err)
{
    char *reason = zreg__asprintf("it has published %s%s", published, what_to_do);
    if (reason == NULL) {
        return zreg__fail_nomem(err);
    }
    free((char *)item->shown.reason);
    item->shown.reason = reason;
    item->shown.missed = 1;
    return ZREG_OK;
}

static zreg_status tell_all(zreg_populated *populated, const zreg__items *items,
                            const zreg__order *order, zreg_error *err)
{
    for (size_t i = 0; i < items->count; i++) {
        zreg__populated_item *item = &populated->items[populated->items_count++];
        ZREG__TRY(tell_item(item, populated, &items->list[i], order, err));
    }
    return ZREG_OK;
}

zreg_status zreg__populated_tell_items(zreg_populated *populated, const zreg__items *ahead,
                                       const zreg__items *merged, const zreg__order *order,
                                       zreg_error *err)
{
    populated->items_known = ahead->known;
    populated->items = zreg__calloc(merged->count + ahead->count + 1, sizeof(zreg__populated_item));
    if (populated->items == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(tell_all(populated, merged, order, err));
    return tell_all(populated, ahead, order, err);
}

int zreg_populated_items_known(const zreg_populated *populated)
{
    return populated->items_known;
}

size_t zreg_populated_items_count(const zreg_populated *populated)
{
    return populated->items_count;
}

const zreg_populated_item *zreg_populated_items_at(const zreg_populated *populated, size_t i)
{
    return i < populated->items_count ? &populated->items[i].shown : NULL;
}

void zreg__populated_items_finish(zreg_populated *populated)
{
    for (size_t i = 0; i < populated->items_count; i++) {
        zreg__populated_item *item = &populated->items[i];
        free((char *)item->shown.project);
        free((char *)item->shown.change);
        free((char *)item->shown.patchset);
        free((char *)item->shown.url);
        free((char *)item->shown.reason);
        zreg_strings_free(item->images);
    }
    free(populated->items);
}
