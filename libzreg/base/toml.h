/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Just enough TOML to find a table or a key in somebody's file: to read it, or to put a line at the
 * right place while all else stays as it was. What is not understood is passed over, unless
 * zreg__toml_check has refused it before. No I/O.
 */
#ifndef ZREG_BASE_TOML_H
#define ZREG_BASE_TOML_H

#include "base/str.h"
#include <zreg/common.h>

/** One table: from its header up to the next one. Offsets into the text. */
typedef struct zreg__toml_table {
    char name[256]; /* its keys without quotes, each but the last followed by a line end */
    bool array;     /* [[...]] */
    bool begun;     /* false in a zeroed one only */
    size_t begin;   /* of the header */
    size_t body;    /* behind it */
    size_t end;
} zreg__toml_table;

/** The next table; a zeroed one is followed by what stands before the first header, without a
 *  name. False: there is none. */
bool zreg__toml_next(zreg__toml_table *table, zreg__span text);

/** The first table of that name. */
bool zreg__toml_find(zreg__toml_table *out, zreg__span text, const char *name);

/** A key with its value, whole lines. */
typedef struct zreg__toml_pair {
    char name[256]; /* of the key, as that of a table */
    size_t begin;
    size_t end;
    zreg__span value; /* as it is written */
} zreg__toml_pair;

/** The next key of the table itself; a zeroed one is followed by the first. */
bool zreg__toml_pair_next(zreg__toml_pair *pair, zreg__span text, const zreg__toml_table *table);

/** The key in the table itself. */
bool zreg__toml_key(zreg__toml_pair *out, zreg__span text, const zreg__toml_table *table,
                    const char *key);

/** The string that a value is, without its quotes; false for another type. */
bool zreg__toml_string(zreg__span *out, zreg__span value);

/** Whether a value is `true`, or `false`; false for another type. */
bool zreg__toml_bool(bool *out, zreg__span value);

/** The next string of the array that `rest` (a value at first) holds. */
bool zreg__toml_item(zreg__span *out, zreg__span *rest);

/** The next array within the array that `rest` (a value at first) holds, with its brackets. */
bool zreg__toml_array(zreg__span *out, zreg__span *rest);

/**
 * That all of it is made as TOML has it: headers, and keys with values. For files that are followed, in which
 * what is passed over would count for somebody else. `path` names it in the error. Errors: INVAL, with the line.
 */
zreg_status zreg__toml_check(zreg__span text, const char *path, zreg_error *err);

#endif
