/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/error.h"
#include "base/mem.h"
#include <json-c/json.h>

zreg__json *zreg__json_new_object(void)
{
    return json_object_new_object();
}

zreg__json *zreg__json_new_array(void)
{
    return json_object_new_array();
}

static zreg_status set(zreg__json *object, const char *key, zreg__json *value, zreg_error *err)
{
    if (object == NULL || json_object_object_add(object, key, value) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

zreg_status zreg__json_set(zreg__json *object, const char *key, zreg__json *value, zreg_error *err)
{
    return value == NULL ? zreg__fail_nomem(err) : set(object, key, value, err);
}

zreg_status zreg__json_set_shared(zreg__json *object, const char *key, const zreg__json *value,
                                  zreg_error *err)
{
    return set(object, key, zreg__json_share(value), err);
}

zreg_status zreg__json_set_null(zreg__json *object, const char *key, zreg_error *err)
{
    return set(object, key, NULL, err);
}

zreg_status zreg__json_set_bool(zreg__json *object, const char *key, bool value, zreg_error *err)
{
    return zreg__json_set(object, key, json_object_new_boolean(value), err);
}

zreg_status zreg__json_set_u64(zreg__json *object, const char *key, uint64_t number,
                               zreg_error *err)
{
    return zreg__json_set(object, key, json_object_new_uint64(number), err);
}

zreg_status zreg__json_set_text(zreg__json *object, const char *key, const char *text,
                                zreg_error *err)
{
    return text == NULL ? zreg__json_set_null(object, key, err)
                        : zreg__json_set(object, key, json_object_new_string(text), err);
}

zreg_status zreg__json_set_known(zreg__json *object, const char *key, const char *text,
                                 zreg_error *err)
{
    return zreg__json_set_text(object, key, zreg__str_empty(text) ? NULL : text, err);
}

zreg_status zreg__json_set_if_known(zreg__json *object, const char *key, const char *text,
                                    zreg_error *err)
{
    return zreg__str_empty(text) ? ZREG_OK : zreg__json_set_text(object, key, text, err);
}

zreg_status zreg__json_set_span(zreg__json *object, const char *key, zreg__span text,
                                zreg_error *err)
{
    return zreg__json_set(object, key, json_object_new_string_len(text.text, (int)text.size), err);
}

/* Gives `value` away to the object, and lends it. */
static zreg_status set_lent(zreg__json **out, zreg__json *object, const char *key,
                            zreg__json *value, zreg_error *err)
{
    ZREG__TRY(zreg__json_set(object, key, value, err));
    *out = value;
    return ZREG_OK;
}

zreg_status zreg__json_set_object(zreg__json **out, zreg__json *object, const char *key,
                                  zreg_error *err)
{
    return set_lent(out, object, key, zreg__json_new_object(), err);
}

zreg_status zreg__json_set_array(zreg__json **out, zreg__json *object, const char *key,
                                 zreg_error *err)
{
    return set_lent(out, object, key, zreg__json_new_array(), err);
}

void zreg__json_remove(zreg__json *object, const char *key)
{
    if (zreg__json_is_object(object)) {
        json_object_object_del(object, key);
    }
}

static zreg_status add(zreg__json *array, zreg__json *value, zreg_error *err)
{
    if (array == NULL || json_object_array_add(array, value) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

zreg_status zreg__json_add(zreg__json *array, zreg__json *value, zreg_error *err)
{
    return value == NULL ? zreg__fail_nomem(err) : add(array, value, err);
}

zreg_status zreg__json_add_shared(zreg__json *array, const zreg__json *value, zreg_error *err)
{
    return add(array, zreg__json_share(value), err);
}

zreg_status zreg__json_add_text(zreg__json *array, const char *text, zreg_error *err)
{
    return zreg__json_add(array, json_object_new_string(text), err);
}

zreg_status zreg__json_add_object(zreg__json **out, zreg__json *array, zreg_error *err)
{
    zreg__json *object = zreg__json_new_object();
    ZREG__TRY(zreg__json_add(array, object, err));
    *out = object;
    return ZREG_OK;
}

zreg_status zreg__json_set_texts(zreg__json *object, const char *key, const char *const *texts,
                                 zreg_error *err)
{
    zreg__json *array = NULL;
    ZREG__TRY(zreg__json_set_array(&array, object, key, err));
    for (size_t i = 0; texts[i] != NULL; i++) {
        ZREG__TRY(zreg__json_add_text(array, texts[i], err));
    }
    return ZREG_OK;
}

zreg_status zreg__json_replace_text(zreg__json *array, size_t i, const char *text, zreg_error *err)
{
    zreg__json *value = json_object_new_string(text);
    if (value == NULL || json_object_array_put_idx(array, i, value) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}
