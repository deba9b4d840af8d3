/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON that is printed, and the little that is read. json-c is named in json.c only.
 *
 * The process ends when memory runs out. What is set or added is given away to the object or array.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A value; JSON's null is NULL. */
typedef struct json_object json_value;

json_value *json_new_object(void);
json_value *json_new_array(void);

/** What the library printed, or what a file holds; NULL when that is no JSON. */
json_value *json_read(const char *text);

/** Accepts NULL. */
void json_free(json_value *value);

void json_set(json_value *object, const char *key, json_value *value);
void json_set_text(json_value *object, const char *key, const char *text); /* NULL or "": null */
void json_set_number(json_value *object, const char *key, uint64_t number);
void json_set_seconds(json_value *object, const char *key, uint64_t ms);
void json_set_bool(json_value *object, const char *key, bool value);
void json_add(json_value *array, json_value *value);
void json_add_text(json_value *array, const char *text);

/** A member of an object as text, integers in decimal; NULL without. It belongs to the object. */
const char *json_text(const json_value *object, const char *key);

/** The value on one line, in new memory. */
char *json_write(const json_value *value);

/** Whether an object has the member. */
bool json_has(const json_value *object, const char *key);

/** How long the array is that an object has there, and what is in it; 0 and NULL without. */
size_t json_length(const json_value *object, const char *key);
const json_value *json_at(const json_value *object, const char *key, size_t i);

/** Prints text in which whatever could drive a terminal becomes '?'. */
void json_print_clean(const char *text);

/** Prints the value on one line of standard output. */
void json_print(const json_value *value);

/** Prints it for people: one line for each fact, indented as it is nested. */
void json_print_plain(const json_value *value);

#endif
