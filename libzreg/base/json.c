/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and comparing values. */
#include "base/json.h"

#include "base/error.h"
#include "base/mem.h"
#include <inttypes.h>
#include <json-c/json.h>
#include <openssl/crypto.h>

/* What json-c does not change it takes without const all the same. */
static zreg__json *loose(const zreg__json *json)
{
    return (zreg__json *)(uintptr_t)json;
}

zreg__json *zreg__json_share(const zreg__json *json)
{
    return json_object_get(loose(json));
}

void zreg__json_free(zreg__json *json)
{
    json_object_put(json);
}

void zreg__json_wipe(zreg__json *json)
{
    if (json_object_is_type(json, json_type_string)) {
        char *text = (char *)(uintptr_t)json_object_get_string(json);
        OPENSSL_cleanse(text, (size_t)json_object_get_string_len(json));
    }
    for (zreg__json_member member = {0}; zreg__json_next(&member, json);) {
        zreg__json_wipe(member.value);
    }
    for (size_t i = 0; i < zreg__json_length(json); i++) {
        zreg__json_wipe(zreg__json_at(json, i));
    }
}

void zreg__json_free_secret(zreg__json *json)
{
    zreg__json_wipe(json);
    zreg__json_free(json);
}

bool zreg__json_is_object(const zreg__json *json)
{
    return json_object_is_type(json, json_type_object);
}

bool zreg__json_is_array(const zreg__json *json)
{
    return json_object_is_type(json, json_type_array);
}

bool zreg__json_is_fraction(const zreg__json *json)
{
    return json_object_is_type(json, json_type_double);
}

bool zreg__json_equal(const zreg__json *a, const zreg__json *b)
{
    return json_object_equal(loose(a), loose(b));
}

zreg__json *zreg__json_get(const zreg__json *json, const char *key)
{
    zreg__json *value = NULL;
    if (zreg__json_is_object(json)) {
        json_object_object_get_ex(json, key, &value);
    }
    return value;
}

bool zreg__json_has(const zreg__json *json, const char *key)
{
    return zreg__json_is_object(json) && json_object_object_get_ex(json, key, NULL);
}

const char *zreg__json_as_text(const zreg__json *json)
{
    return json_object_is_type(json, json_type_string) ? json_object_get_string(loose(json)) : NULL;
}

const char *zreg__json_text(const zreg__json *json, const char *key)
{
    return zreg__json_as_text(zreg__json_get(json, key));
}

zreg_status zreg__json_read_text(const char **out, const zreg__json *json, const char *key,
                                 const char *where, zreg_error *err)
{
    const zreg__json *value = zreg__json_get(json, key);
    const char *text = value == NULL ? "" : zreg__json_as_text(value);
    if (text == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: \"%s\" is not a string", where, key);
    }
    *out = text;
    return ZREG_OK;
}

char *zreg__json_scalar(const zreg__json *json, const char *key)
{
    zreg__json *value = zreg__json_get(json, key);
    if (json_object_is_type(value, json_type_int)) {
        int64_t number = json_object_get_int64(value);
        return number < 0 ? zreg__asprintf("%" PRId64, number)
                          : zreg__asprintf("%" PRIu64, json_object_get_uint64(value));
    }
    return zreg__strdup(zreg__json_as_text(value));
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

bool zreg__json_bool(const zreg__json *json, const char *key)
{
    const zreg__json *value = zreg__json_get(json, key);
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

size_t zreg__json_length(const zreg__json *array)
{
    return zreg__json_is_array(array) ? json_object_array_length(array) : 0;
}

zreg__json *zreg__json_at(const zreg__json *array, size_t i)
{
    return i < zreg__json_length(array) ? json_object_array_get_idx(array, i) : NULL;
}

size_t zreg__json_members(const zreg__json *object)
{
    return zreg__json_is_object(object) ? (size_t)json_object_object_length(object) : 0;
}

bool zreg__json_next(zreg__json_member *member, const zreg__json *object)
{
    if (!zreg__json_is_object(object)) {
        return false;
    }
    struct json_object_iterator end = json_object_iter_end(object);
    struct json_object_iterator here = {member->place};
    if (member->place == NULL) {
        here = json_object_iter_begin(loose(object));
    } else {
        json_object_iter_next(&here);
    }
    if (json_object_iter_equal(&here, &end)) {
        return false;
    }
    *member = (zreg__json_member){json_object_iter_peek_name(&here),
                                  json_object_iter_peek_value(&here), here.opaque_};
    return true;
}
