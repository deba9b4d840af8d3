/* SPDX-License-Identifier: Apache-2.0 */
#include "node/changes.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

struct zreg_node_changes {
    zreg_node_change *items;
    size_t count;
    size_t capacity;
};

zreg_status zreg__changes_new(zreg_node_changes **out, size_t capacity, zreg_error *err)
{
    ZREG__AUTO(zreg_node_changes) zreg_node_changes *changes = zreg__new(zreg_node_changes);
    if (changes == NULL ||
        (changes->items = zreg__calloc(capacity + 1, sizeof(zreg_node_change))) == NULL) {
        return zreg__fail_nomem(err);
    }
    changes->capacity = capacity;
    *out = zreg__steal(&changes);
    return ZREG_OK;
}

static void finish(zreg_node_change *item)
{
    free((char *)(uintptr_t)item->path);
    free((char *)(uintptr_t)item->engine);
    free((char *)(uintptr_t)item->before);
    free((char *)(uintptr_t)item->after);
}

static const char *action_of(const zreg__change *change)
{
    if (change->same) {
        return "unchanged";
    }
    if (change->before == NULL || change->before->exists == change->after->exists) {
        return "modified";
    }
    return change->after->exists ? "created" : "removed";
}

static char *text_of(const zreg__change *change, const zreg__content *content)
{
    bool told = !change->secret && content != NULL && content->exists;
    return told ? zreg__strndup(content->bytes, content->size) : NULL;
}

zreg_status zreg__changes_add(zreg_node_changes *changes, const zreg__change *change,
                              zreg_error *err)
{
    static const char *const wants[] = {"", "reload", "restart"};
    zreg_node_change item = {.path = zreg__strdup(change->path),
                             .engine = zreg__strdup(change->engine),
                             .action = action_of(change),
                             .wants = wants[change->wants],
                             .secret = change->secret,
                             .before = text_of(change, change->before),
                             .after = text_of(change, change->after)};
    if (changes->count == changes->capacity || item.path == NULL || item.engine == NULL) {
        finish(&item);
        return zreg__fail_nomem(err);
    }
    changes->items[changes->count++] = item;
    return ZREG_OK;
}

size_t zreg_node_changes_count(const zreg_node_changes *changes)
{
    return changes->count;
}

const zreg_node_change *zreg_node_changes_at(const zreg_node_changes *changes, size_t i)
{
    return i < changes->count ? &changes->items[i] : NULL;
}

static bool is_changed(const zreg_node_change *item)
{
    return !zreg__str_equal(item->action, "unchanged");
}

static zreg_status add_text(zreg__json *list, const char *text, zreg_error *err)
{
    for (size_t i = 0; i < zreg__json_length(list); i++) {
        if (zreg__str_equal(zreg__json_as_text(zreg__json_at(list, i)), text)) {
            return ZREG_OK;
        }
    }
    return zreg__json_add_text(list, text, err);
}

static zreg_status file_json(zreg__json *list, const zreg_node_change *item, zreg_error *err)
{
    zreg__json *file = NULL;
    ZREG__TRY(zreg__json_add_object(&file, list, err));
    ZREG__TRY(zreg__json_set_text(file, "path", item->path, err));
    ZREG__TRY(zreg__json_set_text(file, "engine", item->engine, err));
    return zreg__json_set_text(file, "action", item->action, err);
}

static zreg_status fill(zreg__json *document, const zreg_node_change *item, zreg_error *err)
{
    zreg__json *paths = zreg__json_get(document, is_changed(item) ? "changed" : "unchanged");
    ZREG__TRY(add_text(paths, item->path, err));
    if (is_changed(item) && item->wants[0] != '\0') {
        ZREG__TRY(add_text(zreg__json_get(document, item->wants), item->engine, err));
    }
    return file_json(zreg__json_get(document, "files"), item, err);
}

zreg_status zreg_node_changes_json(char **out_json, const zreg_node_changes *changes,
                                   zreg_error *err)
{
    static const char *const lists[] = {"changed", "unchanged", "reload", "restart", "files"};
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    for (size_t i = 0; i < ZREG__COUNT(lists); i++) {
        ZREG__TRY(zreg__json_set(document, lists[i], zreg__json_new_array(), err));
    }
    for (size_t i = 0; i < changes->count; i++) {
        ZREG__TRY(fill(document, &changes->items[i], err));
    }
    return zreg__json_print_report(out_json, document, err);
}

void zreg_node_changes_free(zreg_node_changes *changes)
{
    if (changes == NULL) {
        return;
    }
    for (size_t i = 0; changes->items != NULL && i < changes->count; i++) {
        finish(&changes->items[i]);
    }
    free(changes->items);
    free(changes);
}
