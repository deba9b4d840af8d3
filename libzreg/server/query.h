/* SPDX-License-Identifier: Apache-2.0 */
/** URLs as they were sent: percent-decoding, and parameters of the query. */
#ifndef ZREG_SERVER_QUERY_H
#define ZREG_SERVER_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/** Decodes a path in place. False: malformed, or an encoded slash, control character or NUL,
 *  which other programs on the way may read differently. */
bool zreg__query_decode_path(char *path);

/** Whether all of a query can be decoded: no "%" without two digits, no control character or NUL. */
bool zreg__query_is_sound(const char *query);

/** Value number `i` of a parameter, decoded, in new memory; NULL: there is none, or memory ran out. */
char *zreg__query_get(const char *query, const char *name, size_t i);

#endif
