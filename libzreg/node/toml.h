/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Just enough TOML to find a table or a key in somebody's file, so that a line can be put at the
 * right place and all else stays as it was. What is not understood is passed over. No I/O.
 */
#ifndef ZREG_HOST_TOML_H
#define ZREG_HOST_TOML_H

#include "base/str.h"
#include "node/content.h"

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
bool zreg__toml_next(zreg__toml_table *table, const zreg__content *content);

/** The first table of that name. */
bool zreg__toml_find(zreg__toml_table *out, const zreg__content *content, const char *name);

/** A key with its value, whole lines. */
typedef struct zreg__toml_pair {
    size_t begin;
    size_t end;
    zreg__span value; /* as it is written */
} zreg__toml_pair;

/** The key in the table itself. */
bool zreg__toml_key(zreg__toml_pair *out, const zreg__content *content,
                    const zreg__toml_table *table, const char *key);

/** The string that a value is, without its quotes; false for another type. */
bool zreg__toml_string(zreg__span *out, zreg__span value);

/** The next string of the array that `rest` (a value at first) holds. */
bool zreg__toml_item(zreg__span *out, zreg__span *rest);

#endif
