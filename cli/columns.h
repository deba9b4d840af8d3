/* SPDX-License-Identifier: Apache-2.0 */
/** Columns of a terminal, and of text on it. */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include <stddef.h>

/** How many columns the terminal has now: it may be made wider or narrower at any time. The smaller of what it
 *  says itself and COLUMNS; 80 where neither is known. At least 1. */
int columns_of_terminal(int fd);

/** As much of the text as fits into so many columns, by whole characters of the user's locale, with those that
 *  drive a terminal or are none as '?'. `to` has `size` bytes. */
void columns_cut(char *to, size_t size, const char *text, int columns);

#endif
