/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include <inttypes.h>
#include <limits.h>
#include <string.h>

typedef struct json_tokener tokener;

ZREG__DEFINE_AUTO(tokener, json_tokener_free)

/* What json-c does not tell: it silently keeps the last of two equal keys, its keys end at a NUL,
 * and it takes quotes and comments that are not JSON. So the text is looked over first; members
 * are counted in it, and compared with what the parsed tree holds. */
typedef struct text_facts {
    size_t members; /* colons outside strings */
    bool foreign;   /* a NUL byte, \u0000 in a string, a single quote or slash outside strings */
} text_facts;

static text_facts scan(const char *text, size_t size)
{
    text_facts facts = {0, memchr(text, '\0', size) != NULL};
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (in_string && text[i] == '\\') {
            facts.foreign |= size - i > 5 && memcmp(text + i + 1, "u0000", 5) == 0;
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            facts.members += text[i] == ':';
            facts.foreign |= text[i] == '\'' || text[i] == '/';
        }
    }
    return facts;
}

static size_t count_members(zreg__json *json)
{
    size_t count = 0;
    if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, key, value)
        {
            (void)key;
            count += 1 + count_members(value);
        }
    } else {
        for (size_t i = 0; i < zreg__json_length(json); i++) {
            count += count_members(zreg__json_at(json, i));
        }
    }
    return count;
}

zreg_status zreg__json_parse(zreg__json **out, const void *bytes, size_t size, const char *what,
                             zreg_error *err)
{
    if (size == 0 || size > INT_MAX) {
        return zreg__fail(err, ZREG_INVAL, "%s: %s", what, size == 0 ? "empty" : "too large");
    }
    text_facts facts = scan(bytes, size);
    if (facts.foreign) {
        return zreg__fail(err, ZREG_INVAL, "%s: not JSON: NUL, single quote or comment", what);
    }
    ZREG__AUTO(tokener) tokener *reader = json_tokener_new_ex(ZREG__MAX_JSON_DEPTH);
    if (reader == NULL) {
        return zreg__fail_nomem(err);
    }
    json_tokener_set_flags(reader, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    ZREG__AUTO(zreg__json) zreg__json *json = json_tokener_parse_ex(reader, bytes, (int)size);
    enum json_tokener_error failed = json_tokener_get_error(reader);
    if (failed != json_tokener_success) {
        return zreg__fail(err, ZREG_INVAL, "%s: not JSON: %s", what,
                          json_tokener_error_desc(failed));
    }
    if (count_members(json) != facts.members) {
        return zreg__fail(err, ZREG_INVAL, "%s: JSON with a key that stands twice", what);
    }
    *out = zreg__steal(&json);
    return ZREG_OK;
}

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
        return zreg__asprintf("%" PRId64, json_object_get_int64(value));
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

zreg_status zreg__json_print(char **out, zreg__json *json, zreg_error *err)
{
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);
    char *copy = zreg__strdup(text);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = copy;
    return ZREG_OK;
}
