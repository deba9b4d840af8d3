/* SPDX-License-Identifier: Apache-2.0 */
#include "image/synced.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"

zreg_status zreg__synced_new(zreg_synced **out, const char *src, const char *dst, bool dry_run,
                             zreg_error *err)
{
    ZREG__AUTO(zreg_synced) zreg_synced *synced = zreg__new(zreg_synced);
    if (synced == NULL || (synced->src = zreg__strdup(src)) == NULL ||
        (synced->dst = zreg__strdup(dst)) == NULL) {
        return zreg__fail_nomem(err);
    }
    synced->dry_run = dry_run;
    *out = zreg__steal(&synced);
    return ZREG_OK;
}

zreg_status zreg__synced_add(zreg_synced *synced, const char *tag, zreg_error *err)
{
    ZREG__AUTO_FREE char *name = zreg__strdup(tag);
    ZREG__AUTO_FREE char *reason = zreg__strdup("");
    ZREG__TRY(zreg__array_room((void **)&synced->items, &synced->capacity, synced->count,
                               sizeof(*synced->items), err));
    if (name == NULL || reason == NULL) {
        return zreg__fail_nomem(err);
    }
    synced->items[synced->count++] = (zreg_synced_tag){
        .tag = zreg__steal(&name), .reason = zreg__steal(&reason), .state = ZREG_SYNC_FAILED};
    return ZREG_OK;
}

bool zreg__synced_waits(const zreg_synced_tag *tag)
{
    return tag->state == ZREG_SYNC_FAILED && tag->code == ZREG_OK;
}

zreg_status zreg__synced_failed(zreg_synced_tag *tag, zreg_status code, const char *reason,
                                zreg_error *err)
{
    char *copy = zreg__strdup(reason);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    free((char *)tag->reason);
    tag->reason = copy;
    tag->code = code;
    tag->state = ZREG_SYNC_FAILED;
    return ZREG_OK;
}

size_t zreg_synced_count(const zreg_synced *synced)
{
    return synced->count;
}

const zreg_synced_tag *zreg_synced_at(const zreg_synced *synced, size_t i)
{
    return i < synced->count ? &synced->items[i] : NULL;
}

static const char *const names[] = {"present", "copied", "deleted", "failed"};

static zreg_status tag_json(zreg__json *list, const zreg_synced_tag *tag, zreg_error *err)
{
    zreg__json *object = NULL;
    zreg__json *error = NULL;
    ZREG__TRY(zreg__json_add_object(&object, list, err));
    ZREG__TRY(zreg__json_set_text(object, "tag", tag->tag, err));
    ZREG__TRY(zreg__json_set_text(object, "state", names[tag->state], err));
    ZREG__TRY(zreg__json_set_known(object, "digest", tag->digest.text, err));
    ZREG__TRY(zreg__json_set_known(object, "before", tag->before.text, err));
    ZREG__TRY(zreg__json_set_u64(object, "bytes", tag->bytes, err));
    if (tag->state != ZREG_SYNC_FAILED) {
        return zreg__json_set_null(object, "error", err);
    }
    ZREG__TRY(zreg__json_set_object(&error, object, "error", err));
    ZREG__TRY(zreg__json_set_text(error, "code", zreg_status_name(tag->code), err));
    return zreg__json_set_text(error, "message", tag->reason, err);
}

static zreg_status sums_json(zreg__json *document, const zreg_synced *synced, zreg_error *err)
{
    static const zreg_sync_state order[] = {ZREG_SYNC_COPIED, ZREG_SYNC_PRESENT, ZREG_SYNC_DELETED,
                                            ZREG_SYNC_FAILED};
    uint64_t bytes = 0;
    for (size_t k = 0; k < ZREG__COUNT(order); k++) {
        uint64_t count = 0;
        for (size_t i = 0; i < synced->count; i++) {
            count += synced->items[i].state == order[k];
        }
        ZREG__TRY(zreg__json_set_u64(document, names[order[k]], count, err));
    }
    for (size_t i = 0; i < synced->count; i++) {
        bytes += synced->items[i].bytes;
    }
    return zreg__json_set_u64(document, "bytes", bytes, err);
}

zreg_status zreg_synced_json(char **out_json, const zreg_synced *synced, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    zreg__json *list = NULL;
    ZREG__TRY(zreg__json_set_text(document, "src", synced->src, err));
    ZREG__TRY(zreg__json_set_text(document, "dst", synced->dst, err));
    ZREG__TRY(zreg__json_set_bool(document, "dry_run", synced->dry_run, err));
    ZREG__TRY(sums_json(document, synced, err));
    ZREG__TRY(zreg__json_set_array(&list, document, "tags", err));
    for (size_t i = 0; i < synced->count; i++) {
        ZREG__TRY(tag_json(list, &synced->items[i], err));
    }
    return zreg__json_print_report(out_json, document, err);
}

void zreg_synced_free(zreg_synced *synced)
{
    if (synced == NULL) {
        return;
    }
    for (size_t i = 0; i < synced->count; i++) {
        free((char *)synced->items[i].tag);
        free((char *)synced->items[i].reason);
    }
    free(synced->items);
    free(synced->src);
    free(synced->dst);
    free(synced);
}
