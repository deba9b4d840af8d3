/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/error.h"
#include "base/mem.h"
#include <inttypes.h>

zreg__json *zreg__json_get(const zreg__json *json, const char *key)
{
    zreg__json *value = NULL;
    if (json_object_is_type(json, json_type_object)) {
        json_object_object_get_ex(json, key, &value);
    }
    return value;
}

const char *zreg__json_text(const zreg__json *json, const char *key)
{
    zreg__json *value = zreg__json_get(json, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

char *zreg__json_scalar(const zreg__json *json, const char *key)
{
    zreg__json *value = zreg__json_get(json, key);
    if (json_object_is_type(value, json_type_int)) {
        int64_t number = json_object_get_int64(value);
        return number < 0 ? zreg__asprintf("%" PRId64, number)
                          : zreg__asprintf("%" PRIu64, json_object_get_uint64(value));
    }
    return zreg__strdup(zreg__json_text(json, key));
}

bool zreg__json_u64(const zreg__json *json, const char *key, uint64_t *out)
{
    zreg__json *value = zreg__json_get(json, key);
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
        json_object_get_uint64(value) > INT64_MAX) {
        return false;
    }
    *out = json_object_get_uint64(value);
    return true;
}

bool zreg__json_is_array(const zreg__json *json)
{
    return json_object_is_type(json, json_type_array);
}

size_t zreg__json_length(const zreg__json *array)
{
    return zreg__json_is_array(array) ? json_object_array_length(array) : 0;
}

zreg__json *zreg__json_at(const zreg__json *array, size_t i)
{
    return i < zreg__json_length(array) ? json_object_array_get_idx(array, i) : NULL;
}

zreg_status zreg__json_set(zreg__json *object, const char *key, zreg__json *value, zreg_error *err)
{
    if (value == NULL || object == NULL || json_object_object_add(object, key, value) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

zreg_status zreg__json_set_text(zreg__json *object, const char *key, const char *text,
                                zreg_error *err)
{
    if (text != NULL) {
        return zreg__json_set(object, key, json_object_new_string(text), err);
    }
    if (object == NULL || json_object_object_add(object, key, NULL) != 0) {
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

zreg_status zreg__json_set_u64(zreg__json *object, const char *key, uint64_t number,
                               zreg_error *err)
{
    return zreg__json_set(object, key, json_object_new_uint64(number), err);
}

zreg_status zreg__json_add(zreg__json *array, zreg__json *value, zreg_error *err)
{
    if (value == NULL || array == NULL || json_object_array_add(array, value) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}
