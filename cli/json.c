/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "memory.h"
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_value *json_new_object(void)
{
    return memory_check(json_object_new_object());
}

json_value *json_new_array(void)
{
    return memory_check(json_object_new_array());
}

json_value *json_read(const char *text)
{
    return json_tokener_parse(text);
}

void json_free(json_value *value)
{
    json_object_put(value);
}

void json_set(json_value *object, const char *key, json_value *value)
{
    memory_check(json_object_object_add(object, key, value) == 0 ? object : NULL);
}

void json_set_text(json_value *object, const char *key, const char *text)
{
    bool known = text != NULL && text[0] != '\0';
    json_set(object, key, known ? memory_check(json_object_new_string(text)) : NULL);
}

void json_set_number(json_value *object, const char *key, uint64_t number)
{
    json_set(object, key, memory_check(json_object_new_uint64(number)));
}

void json_set_seconds(json_value *object, const char *key, uint64_t ms)
{
    char text[32];
    double seconds = (double)ms / 1000;
    snprintf(text, sizeof(text), "%.3f", seconds);
    json_set(object, key, memory_check(json_object_new_double_s(seconds, text)));
}

void json_set_bool(json_value *object, const char *key, bool value)
{
    json_set(object, key, memory_check(json_object_new_boolean(value)));
}

void json_add(json_value *array, json_value *value)
{
    memory_check(json_object_array_add(array, value) == 0 ? array : NULL);
}

void json_add_text(json_value *array, const char *text)
{
    json_add(array, memory_check(json_object_new_string(text)));
}

/* What json-c does not change it takes without const all the same. */
static json_value *loose(const json_value *value)
{
    return (json_value *)(uintptr_t)value;
}

const char *json_text(const json_value *object, const char *key)
{
    json_value *value = NULL;
    if (json_object_is_type(object, json_type_object)) {
        json_object_object_get_ex(object, key, &value);
    }
    return json_object_is_type(value, json_type_string) || json_object_is_type(value, json_type_int)
               ? json_object_get_string(value)
               : NULL;
}

bool json_has(const json_value *object, const char *key)
{
    return json_object_is_type(object, json_type_object) &&
           json_object_object_get_ex(loose(object), key, NULL);
}

static json_value *array_at(const json_value *object, const char *key)
{
    json_value *value = NULL;
    if (json_object_is_type(object, json_type_object)) {
        json_object_object_get_ex(loose(object), key, &value);
    }
    return json_object_is_type(value, json_type_array) ? value : NULL;
}

size_t json_length(const json_value *object, const char *key)
{
    json_value *array = array_at(object, key);
    return array == NULL ? 0 : json_object_array_length(array);
}

const json_value *json_at(const json_value *object, const char *key, size_t i)
{
    json_value *array = array_at(object, key);
    return array == NULL ? NULL : json_object_array_get_idx(array, i);
}

char *json_write(const json_value *value)
{
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    const char *text = json_object_to_json_string_ext(loose(value), flags);
    return memory_check(text == NULL ? NULL : strdup(text));
}

void json_print(const json_value *value)
{
    char *text = json_write(value);
    puts(text);
    free(text);
}

/* Labels and the like come from outside and may hold what drives a terminal. */
void json_print_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    }
}

static void print_value(json_value *value, int depth);

static void print_member(const char *key, json_value *value, int depth)
{
    bool nested =
        json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array);
    printf("%*s", depth * 2, "");
    json_print_clean(key);
    printf(nested ? ":\n" : ": ");
    print_value(value, depth + 1);
}

static void print_entry(json_value *value, int depth)
{
    if (json_object_is_type(value, json_type_object)) {
        print_value(value, depth);
        return;
    }
    printf("%*s", depth * 2, "");
    print_value(value, depth);
}

static void print_value(json_value *value, int depth)
{
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            print_member(key, member, depth);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            print_entry(json_object_array_get_idx(value, i), depth);
        }
    } else {
        json_print_clean(value == NULL ? "-" : json_object_get_string(value));
        putchar('\n');
    }
}

void json_print_plain(const json_value *value)
{
    print_value(loose(value), 0);
}
