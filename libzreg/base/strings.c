/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strings.h"

#include "base/error.h"
#include "base/mem.h"

/* `items` has room for `capacity` pointers, one of which is the NULL at the end. */
struct zreg_strings {
    char **items;
    size_t count;
    size_t capacity;
};

zreg_status zreg__strings_new(zreg_strings **out, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *strings = zreg__new(zreg_strings);
    if (strings == NULL || (strings->items = zreg__calloc(8, sizeof(char *))) == NULL) {
        return zreg__fail_nomem(err);
    }
    strings->capacity = 8;
    *out = zreg__steal(&strings);
    return ZREG_OK;
}

zreg_status zreg__strings_add(zreg_strings *strings, const char *text, size_t maximum,
                              zreg_error *err)
{
    if (strings->count >= maximum) {
        return zreg__fail(err, ZREG_LIMIT, "more than %zu entries in a list", maximum);
    }
    if (strings->count + 2 > strings->capacity) {
        size_t capacity = strings->capacity * 2;
        char **items = zreg__reallocarray(strings->items, capacity, sizeof(char *));
        if (items == NULL) {
            return zreg__fail_nomem(err);
        }
        strings->items = items;
        strings->capacity = capacity;
    }
    char *copy = zreg__strdup(text);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    strings->items[strings->count++] = copy;
    strings->items[strings->count] = NULL;
    return ZREG_OK;
}

const char *const *zreg__strings_array(const zreg_strings *strings)
{
    return (const char *const *)strings->items;
}

size_t zreg_strings_count(const zreg_strings *strings)
{
    return strings->count;
}

const char *zreg_strings_at(const zreg_strings *strings, size_t i)
{
    return i < strings->count ? strings->items[i] : NULL;
}

void zreg_strings_free(zreg_strings *strings)
{
    if (strings == NULL) {
        return;
    }
    for (size_t i = 0; i < strings->count; i++) {
        free(strings->items[i]);
    }
    free(strings->items);
    free(strings);
}
