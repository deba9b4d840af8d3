/* SPDX-License-Identifier: Apache-2.0 */
/** A table for people: columns as wide as they need to be, the last one as long as it likes. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>

typedef struct table table;

table *table_new(size_t columns);

/** Adds a row, one text a column; they are copied. "" and NULL show as "-". Whatever could drive a
 *  terminal becomes '?'. */
#define table_add(to, ...)                                                                         \
    table_add_cells((to), (const char *const[]){__VA_ARGS__},                                      \
                    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
void table_add_cells(table *to, const char *const *cells, size_t count);

/** Prints it to standard output and frees it. */
void table_print(table *rows);

#endif
