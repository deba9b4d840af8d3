/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/cleaned.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"

zreg_status zreg__cleaned_new(zreg_cleaned **out, size_t capacity, zreg_error *err)
{
    ZREG__AUTO(zreg_cleaned) zreg_cleaned *cleaned = zreg__new(zreg_cleaned);
    if (cleaned == NULL ||
        (cleaned->items = zreg__calloc(capacity + 1, sizeof(zreg_cleaned_tag))) == NULL) {
        return zreg__fail_nomem(err);
    }
    cleaned->capacity = capacity;
    *out = zreg__steal(&cleaned);
    return ZREG_OK;
}

static void finish(zreg_cleaned_tag *tag)
{
    free((char *)tag->tag);
    free((char *)tag->reason);
}

zreg_status zreg__cleaned_add(zreg_cleaned *cleaned, const zreg_cleaned_tag *tag, zreg_error *err)
{
    zreg_cleaned_tag copy = *tag;
    copy.tag = zreg__strdup(tag->tag);
    copy.reason = zreg__strdup(tag->reason);
    if (cleaned->count == cleaned->capacity || copy.tag == NULL || copy.reason == NULL) {
        finish(&copy);
        return zreg__fail_nomem(err);
    }
    cleaned->items[cleaned->count++] = copy;
    return ZREG_OK;
}

size_t zreg_cleaned_count(const zreg_cleaned *cleaned)
{
    return cleaned->count;
}

const zreg_cleaned_tag *zreg_cleaned_at(const zreg_cleaned *cleaned, size_t i)
{
    return i < cleaned->count ? &cleaned->items[i] : NULL;
}

static zreg_status tag_json(zreg__json *list, const zreg_cleaned_tag *tag, zreg_error *err)
{
    zreg__json *object = NULL;
    ZREG__TRY(zreg__json_add_object(&object, list, err));
    ZREG__TRY(zreg__json_set_text(object, "tag", tag->tag, err));
    ZREG__TRY(tag->age_s < 0 ? zreg__json_set_null(object, "age_s", err)
                             : zreg__json_set_u64(object, "age_s", (uint64_t)tag->age_s, err));
    return zreg__json_set_text(object, "reason", tag->reason, err);
}

static zreg_status add_list(zreg__json *document, const char *name, const zreg_cleaned *cleaned,
                            int deleted, zreg_error *err)
{
    zreg__json *list = NULL;
    ZREG__TRY(zreg__json_set_array(&list, document, name, err));
    for (size_t i = 0; i < cleaned->count; i++) {
        if (cleaned->items[i].deleted == deleted) {
            ZREG__TRY(tag_json(list, &cleaned->items[i], err));
        }
    }
    return ZREG_OK;
}

zreg_status zreg_cleaned_json(char **out_json, const zreg_cleaned *cleaned, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    ZREG__TRY(add_list(document, "deleted", cleaned, 1, err));
    ZREG__TRY(add_list(document, "kept", cleaned, 0, err));
    ZREG__TRY(zreg__json_set_bool(document, "dry_run", cleaned->dry_run, err));
    return zreg__json_print_report(out_json, document, err);
}

void zreg_cleaned_free(zreg_cleaned *cleaned)
{
    if (cleaned == NULL) {
        return;
    }
    for (size_t i = 0; cleaned->items != NULL && i < cleaned->count; i++) {
        finish(&cleaned->items[i]);
    }
    free(cleaned->items);
    free(cleaned);
}
