/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON: what counts as it is decided here. json-c holds the values, and is named in base/json*.c only.
 *
 * JSON's null is NULL. All that read take NULL, as they take a value of any type: what is not there
 * and what is of another type than asked for are one, unless it says otherwise. All that build fail
 * with NOMEM where the object or array to build in is NULL, so what zreg__json_new_... gave need not
 * be checked before, unless it may stay empty.
 */
#ifndef ZREG_BASE_JSON_H
#define ZREG_BASE_JSON_H

#include "base/compiler.h"
#include "base/str.h"
#include <stdbool.h>
#include <zreg/common.h>

/** A value, held by counted references. Threads may read one at a time with others; whoever shares,
 *  frees, changes or prints it must be alone. */
typedef struct json_object zreg__json;

/** A reference more; the same value. NULL for NULL. */
zreg__json *zreg__json_share(const zreg__json *json);

/** Gives a reference back. Accepts NULL. */
void zreg__json_free(zreg__json *json);

ZREG__DEFINE_AUTO(zreg__json, zreg__json_free)

/** Overwrites its texts, which nobody reads any more. Accepts NULL. */
void zreg__json_wipe(zreg__json *json);

/** Overwrites its texts, then gives the reference back, which is the only one. Accepts NULL. */
void zreg__json_free_secret(zreg__json *json);

/** A local document that holds secrets: `ZREG__AUTO_SECRET_JSON zreg__json *json = NULL;` */
#define ZREG__AUTO_SECRET_JSON ZREG__CLEANUP(zreg__auto_secret_json)

static inline void zreg__auto_secret_json(zreg__json **json)
{
    zreg__json_free_secret(*json);
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

/* Reading. What is given out belongs to `json` and lives as long. */

bool zreg__json_is_object(const zreg__json *json);
bool zreg__json_is_array(const zreg__json *json);

/** Whether it is a number that is no integer, or none of 64 bits. */
bool zreg__json_is_fraction(const zreg__json *json);

/** Whether both say the same: members in any order. */
bool zreg__json_equal(const zreg__json *a, const zreg__json *b);

/** The member of an object; NULL without. */
zreg__json *zreg__json_get(const zreg__json *json, const char *key);

/** Whether an object has the member, be it null. */
bool zreg__json_has(const zreg__json *json, const char *key);

/** The text that a value is, or that a member is; NULL when it is none. */
const char *zreg__json_as_text(const zreg__json *json);
const char *zreg__json_text(const zreg__json *json, const char *key);

/** A text member where only a text or nothing may stand; "" for nothing. `where` begins the error.
 *  Errors: INVAL. */
zreg_status zreg__json_read_text(const char **out, const zreg__json *json, const char *key,
                                 const char *where, zreg_error *err);

/** A member as text: strings as they are, integers in decimal. NULL otherwise. New memory. */
char *zreg__json_scalar(const zreg__json *json, const char *key);

/** An integer member from 0 to INT64_MAX; false when it is unset, no integer, or negative. */
bool zreg__json_u64(const zreg__json *json, const char *key, uint64_t *out);

/** Whether the member is true. */
bool zreg__json_bool(const zreg__json *json, const char *key);

size_t zreg__json_length(const zreg__json *array);
zreg__json *zreg__json_at(const zreg__json *array, size_t i);
size_t zreg__json_members(const zreg__json *object); /* how many */

/** Goes through the members of an object, in their order:
 *      for (zreg__json_member m = {0}; zreg__json_next(&m, object);) */
typedef struct zreg__json_member {
    const char *key;
    zreg__json *value;
    const void *place;
} zreg__json_member;

bool zreg__json_next(zreg__json_member *member, const zreg__json *object);

/* Building: what these add is new, or given away to them even when they fail. */

/** Empty; NULL when memory ran out. */
zreg__json *zreg__json_new_object(void);
zreg__json *zreg__json_new_array(void);

/** Sets a member; a key that is there keeps its place. A NULL value is a lack of memory. */
zreg_status zreg__json_set(zreg__json *object, const char *key, zreg__json *value, zreg_error *err);

/** Sets a member to a value that stays where else it is held, or to null for NULL. */
zreg_status zreg__json_set_shared(zreg__json *object, const char *key, const zreg__json *value,
                                  zreg_error *err);

zreg_status zreg__json_set_null(zreg__json *object, const char *key, zreg_error *err);
zreg_status zreg__json_set_bool(zreg__json *object, const char *key, bool value, zreg_error *err);
zreg_status zreg__json_set_u64(zreg__json *object, const char *key, uint64_t number,
                               zreg_error *err);
zreg_status zreg__json_set_text(zreg__json *object, const char *key, const char *text,
                                zreg_error *err); /* NULL text becomes null */

/** Where "" and NULL both mean that there is nothing to tell: it becomes null, or is left out. */
zreg_status zreg__json_set_known(zreg__json *object, const char *key, const char *text,
                                 zreg_error *err);
zreg_status zreg__json_set_if_known(zreg__json *object, const char *key, const char *text,
                                    zreg_error *err);

/** An array of texts, the last of which is followed by NULL. */
zreg_status zreg__json_set_texts(zreg__json *object, const char *key, const char *const *texts,
                                 zreg_error *err);
zreg_status zreg__json_set_span(zreg__json *object, const char *key, zreg__span text,
                                zreg_error *err);

/** Sets a member to an empty object or array and lends it, to be filled. */
zreg_status zreg__json_set_object(zreg__json **out, zreg__json *object, const char *key,
                                  zreg_error *err);
zreg_status zreg__json_set_array(zreg__json **out, zreg__json *object, const char *key,
                                 zreg_error *err);

void zreg__json_remove(zreg__json *object, const char *key);

/** Adds to the end of an array. A NULL value is a lack of memory. */
zreg_status zreg__json_add(zreg__json *array, zreg__json *value, zreg_error *err);
zreg_status zreg__json_add_shared(zreg__json *array, const zreg__json *value, zreg_error *err);
zreg_status zreg__json_add_text(zreg__json *array, const char *text, zreg_error *err);

/** Adds an empty object and lends it, to be filled. */
zreg_status zreg__json_add_object(zreg__json **out, zreg__json *array, zreg_error *err);

/** Puts a text in the place of an element that is there. */
zreg_status zreg__json_replace_text(zreg__json *array, size_t i, const char *text, zreg_error *err);

/** The document as compact text without escaped slashes, in new memory; keys in insertion order.
 *  Errors: INVAL (a text that is no UTF-8), LIMIT, NOMEM. */
zreg_status zreg__json_print(char **out, zreg__json *json, zreg_error *err);

/** The same, to tell people what was done or asked: a byte that is no UTF-8 becomes '?'. */
zreg_status zreg__json_print_report(char **out, zreg__json *json, zreg_error *err);

/** As zreg__json_print, with a line for each value and `indent` for each level. */
zreg_status zreg__json_print_lines(char **out, zreg__json *json, const char *indent,
                                   zreg_error *err);

#endif
