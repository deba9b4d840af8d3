/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "memory.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    size_t columns;
    size_t count; /* of rows */
    char **cells; /* row by row */
    size_t *widths;
};

table *table_new(size_t columns)
{
    table *made = memory_array(1, sizeof(*made));
    made->columns = columns;
    made->widths = memory_array(columns, sizeof(size_t));
    return made;
}

static char *clean(const char *text)
{
    char *copy = memory_check(strdup(text == NULL || text[0] == '\0' ? "-" : text));
    for (char *c = copy; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
    return copy;
}

void table_add_cells(table *to, const char *const *cells, size_t count)
{
    size_t size = to->columns * (to->count + 1) * sizeof(char *);
    to->cells = memory_check(realloc(to->cells, size));
    for (size_t i = 0; i < to->columns; i++) {
        char *cell = clean(i < count ? cells[i] : NULL);
        size_t width = strlen(cell);
        to->widths[i] = width > to->widths[i] ? width : to->widths[i];
        to->cells[to->count * to->columns + i] = cell;
    }
    to->count++;
}

void table_print(table *rows)
{
    for (size_t i = 0; i < rows->count * rows->columns; i++) {
        size_t column = i % rows->columns;
        bool last = column + 1 == rows->columns;
        printf("%-*s%s", last ? 0 : (int)rows->widths[column], rows->cells[i], last ? "\n" : "  ");
        free(rows->cells[i]);
    }
    free(rows->cells);
    free(rows->widths);
    free(rows);
}
