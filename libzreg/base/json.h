/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON: what counts as it is decided here, and json-c holds the values.
 *
 * Getters are strict: a key of the wrong type counts as an error where it says so, else as unset.
 */
#ifndef ZREG_BASE_JSON_H
#define ZREG_BASE_JSON_H

#include "base/compiler.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <zreg/common.h>

typedef struct json_object zreg__json;

static inline void zreg__auto_zreg__json(zreg__json **json)
{
    if (*json != NULL) {
        json_object_put(*json);
    }
}

/**
 * Reads exactly one document of RFC 8259. Refused beside what is no JSON, because readers differ in
 * it: a byte order mark, a key that stands twice in an object, half a surrogate pair, NUL in a text,
 * a number beyond a double's range, more than ZREG__MAX_JSON_DEPTH objects and arrays in each
 * other. Integers from INT64_MIN to UINT64_MAX are exact, other numbers are printed as they came.
 * `what` names the document in the error, which tells line, byte (both from 1) and key.
 * Errors: INVAL; LIMIT (more than ZREG__MAX_JSON_GROWTH times its size in memory).
 */
zreg_status zreg__json_parse(zreg__json **out, const void *bytes, size_t size, const char *what,
                             zreg_error *err);

/**
 * For objects whose members are fields of a type: readers in Go take "Layers" for "layers". Not for
 * maps, such as annotations, where both may stand. Errors: INVAL, when two keys differ in case only,
 * or one differs so from one of `fields`, which end with NULL.
 */
zreg_status zreg__json_check_case(const zreg__json *json, const char *const *fields,
                                  const char *where, zreg_error *err);

/** The member of an object, or NULL when `json` is no object or has none; borrowed. */
zreg__json *zreg__json_get(const zreg__json *json, const char *key);

/** The text of a string member, or NULL when it is unset, no string, or holds a NUL; borrowed. */
const char *zreg__json_text(const zreg__json *json, const char *key);

/** A member as text: strings as they are, integers in decimal. NULL otherwise. New memory. */
char *zreg__json_scalar(const zreg__json *json, const char *key);

/** An integer member from 0 to INT64_MAX; false when it is unset, no integer, or negative. */
bool zreg__json_u64(const zreg__json *json, const char *key, uint64_t *out);

bool zreg__json_is_array(const zreg__json *json);
size_t zreg__json_length(const zreg__json *array); /* 0 when it is no array */
zreg__json *zreg__json_at(const zreg__json *array, size_t i);

/* Building. Each takes over `value` even on failure, so that calls can be chained; a NULL value
 * means that memory ran out, and is an error too. */
zreg_status zreg__json_set(zreg__json *object, const char *key, zreg__json *value, zreg_error *err);
zreg_status zreg__json_set_text(zreg__json *object, const char *key, const char *text,
                                zreg_error *err); /* NULL text becomes null */
zreg_status zreg__json_set_u64(zreg__json *object, const char *key, uint64_t number,
                               zreg_error *err);
zreg_status zreg__json_add(zreg__json *array, zreg__json *value, zreg_error *err);

/** The document as compact text without escaped slashes, in new memory; keys in insertion order.
 *  Errors: INVAL (a text that is no UTF-8), LIMIT, NOMEM. */
zreg_status zreg__json_print(char **out, zreg__json *json, zreg_error *err);

/** The same, to tell people what was done or asked: a byte that is no UTF-8 becomes '?'. */
zreg_status zreg__json_print_report(char **out, zreg__json *json, zreg_error *err);

/** As zreg__json_print, with a line for each value and `indent` for each level. */
zreg_status zreg__json_print_lines(char **out, zreg__json *json, const char *indent,
                                   zreg_error *err);

#endif
