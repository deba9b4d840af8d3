/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/dated_tags.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "oci/reference.h"

static zreg_status grow(zreg__dated_tags *tags, zreg_error *err)
{
    size_t capacity = tags->capacity == 0 ? 64 : 2 * tags->capacity;
    zreg__dated_tag *items;

    if (tags->count < tags->capacity) {
        return ZREG_OK;
    }
    if (tags->count >= ZREG__MAX_TAGS) {
        return zreg__fail(err, ZREG_LIMIT, "there are more than %u tags", (unsigned)ZREG__MAX_TAGS);
    }
    items = zreg__reallocarray(tags->items, capacity, sizeof(*items));
    if (items == NULL) {
        return zreg__fail_nomem(err);
    }
    tags->items = items;
    tags->capacity = capacity;
    return ZREG_OK;
}

zreg_status zreg__dated_tags_add(zreg__dated_tags *tags, const char *name, int64_t pushed_s,
                                 zreg_error *err)
{
    zreg__dated_tag tag = {NULL, pushed_s};

    if (name == NULL || !zreg__reference_is_tag(zreg__span_of(name))) {
        return zreg__fail(err, ZREG_PROTO, "the list of tags holds something that is no tag");
    }
    if (tags->seen == NULL) {
        ZREG__TRY(zreg__map_new(&tags->seen, NULL, err));
    }
    if (zreg__map_get(tags->seen, name) != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(grow(tags, err));
    ZREG__TRY(zreg__map_set(tags->seen, name, tags, err));
    tag.name = zreg__strdup(name);
    if (tag.name == NULL) {
        return zreg__fail_nomem(err);
    }
    tags->items[tags->count++] = tag;
    return ZREG_OK;
}

void zreg__dated_tags_finish(zreg__dated_tags *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        free(tags->items[i].name);
    }
    free(tags->items);
    zreg__map_free(tags->seen);
}
