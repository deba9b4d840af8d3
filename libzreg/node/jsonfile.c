/* SPDX-License-Identifier: Apache-2.0 */
#include "node/jsonfile.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

static bool is_blank(const zreg__content *content)
{
    for (size_t i = 0; i < content->size; i++) {
        if (memchr(" \t\r\n", content->bytes[i], 4) == NULL) {
            return false;
        }
    }
    return true;
}

zreg_status zreg__jsonfile_parse(zreg__json **out, const zreg__content *content, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    if (is_blank(content)) {
        json = zreg__json_new_object();
        if (json == NULL) {
            return zreg__fail_nomem(err);
        }
    } else {
        ZREG__TRY(zreg__json_parse(&json, content->bytes, content->size, "its content", err));
    }
    if (!zreg__json_is_object(json)) {
        return zreg__fail(err, ZREG_INVAL, "its content: JSON, but no object");
    }
    *out = zreg__steal(&json);
    return ZREG_OK;
}

/* Whether the file says nothing else than the object. */
static bool says(const zreg__content *file, zreg__json *object)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    return file->exists && zreg__jsonfile_parse(&json, file, NULL) == ZREG_OK &&
           zreg__json_equal(json, object);
}

zreg_status zreg__jsonfile_print(zreg__content *out, zreg__json *object,
                                 const zreg__content *before, zreg_error *err)
{
    if (says(before, object)) {
        return zreg__content_copy(out, before, err);
    }
    bool tabs = before->exists && strstr(before->bytes, "\n\t") != NULL;
    ZREG__AUTO_SECRET char *text = NULL;
    ZREG__TRY(zreg__json_print_lines(&text, object, tabs ? "\t" : "  ", err));
    ZREG__AUTO_SECRET char *line = zreg__asprintf("%s\n", text);
    return line == NULL ? zreg__fail_nomem(err) : zreg__content_text(out, line, err);
}

zreg_status zreg__jsonfile_object(zreg__json **out, zreg__json *object, const char *key,
                                  zreg_error *err)
{
    zreg__json *member = zreg__json_get(object, key);
    if (member == NULL) {
        ZREG__TRY(zreg__json_set_object(&member, object, key, err));
    }
    if (!zreg__json_is_object(member)) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is no object", key);
    }
    *out = member;
    return ZREG_OK;
}

zreg_status zreg__jsonfile_put_first(zreg__json *object, const char *key, const char *text,
                                     zreg_error *err)
{
    zreg__json *old = zreg__json_get(object, key);
    ZREG__AUTO(zreg__json) zreg__json *list = zreg__json_new_array();
    if (old != NULL && !zreg__json_is_array(old)) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is no list", key);
    }
    ZREG__TRY(zreg__json_add_text(list, text, err));
    for (size_t i = 0; i < zreg__json_length(old); i++) {
        zreg__json *item = zreg__json_at(old, i);
        if (!zreg__str_equal(zreg__json_as_text(item), text)) {
            ZREG__TRY(zreg__json_add_shared(list, item, err));
        }
    }
    return zreg__json_set(object, key, zreg__steal(&list), err);
}

static bool holds(const zreg__json *list, zreg__json *item)
{
    for (size_t i = 0; i < zreg__json_length(list); i++) {
        if (zreg__json_equal(zreg__json_at(list, i), item)) {
            return true;
        }
    }
    return false;
}

/* The items of `current` but those that came with `written`. */
static zreg_status merge_lists(zreg__json **out, zreg__json *original, zreg__json *written,
                               zreg__json *current, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *list = zreg__json_new_array();
    for (size_t i = 0; i < zreg__json_length(current); i++) {
        zreg__json *item = zreg__json_at(current, i);
        if (!holds(written, item) || holds(original, item)) {
            ZREG__TRY(zreg__json_add_shared(list, item, err));
        }
    }
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    bool vanishes = original == NULL && zreg__json_length(list) == 0;
    *out = vanishes ? NULL : zreg__steal(&list);
    return ZREG_OK;
}

static zreg_status merge(zreg__json **out, zreg__json *original, zreg__json *written,
                         zreg__json *current, zreg_error *err);

static zreg_status merge_objects(zreg__json **out, zreg__json *original, zreg__json *written,
                                 zreg__json *current, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *object = zreg__json_new_object();
    for (zreg__json_member now = {0}; zreg__json_next(&now, current);) {
        zreg__json *merged = NULL;
        ZREG__TRY(merge(&merged, zreg__json_get(original, now.key),
                        zreg__json_get(written, now.key), now.value, err));
        if (merged != NULL) {
            ZREG__TRY(zreg__json_set(object, now.key, merged, err));
        } else if (now.value == NULL) {
            ZREG__TRY(zreg__json_set_null(object, now.key, err));
        }
    }
    if (object == NULL) {
        return zreg__fail_nomem(err);
    }
    bool vanishes = original == NULL && zreg__json_members(object) == 0;
    *out = vanishes ? NULL : zreg__steal(&object);
    return ZREG_OK;
}

/* NULL is no value. The result is a new reference. */
static zreg_status merge(zreg__json **out, zreg__json *original, zreg__json *written,
                         zreg__json *current, zreg_error *err)
{
    if (written == NULL || zreg__json_equal(original, written)) {
        *out = zreg__json_share(current);
        return ZREG_OK;
    }
    if (zreg__json_equal(current, written)) {
        *out = zreg__json_share(original);
        return ZREG_OK;
    }
    if (zreg__json_is_object(current) && zreg__json_is_object(written)) {
        return merge_objects(out, original, written, current, err);
    }
    if (zreg__json_is_array(current) && zreg__json_is_array(written)) {
        return merge_lists(out, original, written, current, err);
    }
    *out = zreg__json_share(current);
    return ZREG_OK;
}

zreg_status zreg__jsonfile_remove(zreg__content *out, const zreg__content *original,
                                  const zreg__content *written, const zreg__content *current,
                                  zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *first = NULL;
    ZREG__AUTO(zreg__json) zreg__json *ours = NULL;
    ZREG__AUTO(zreg__json) zreg__json *now = NULL;
    ZREG__AUTO(zreg__json) zreg__json *merged = NULL;
    ZREG__TRY(zreg__jsonfile_parse(&first, original, err));
    ZREG__TRY(zreg__jsonfile_parse(&ours, written, err));
    ZREG__TRY(zreg__jsonfile_parse(&now, current, err));
    ZREG__TRY(merge_objects(&merged, original->exists ? first : NULL, ours, now, err));
    if (merged == NULL) {
        zreg__content_finish(out);
        return ZREG_OK;
    }
    return zreg__jsonfile_print(out, merged, current, err);
}
