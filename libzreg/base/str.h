/* SPDX-License-Identifier: Apache-2.0 */
/** Text: spans (pointer and length) for text from outside, and small helpers. ASCII only rules. */
#ifndef ZREG_BASE_STR_H
#define ZREG_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Text that is not ours and need not end with NUL. */
typedef struct zreg__span {
    const char *text;
    size_t size;
} zreg__span;

zreg__span zreg__span_of(const char *text);
bool zreg__span_is(zreg__span span, const char *text);
bool zreg__span_is_nocase(zreg__span span, const char *text);

/** Without leading and trailing spaces and tabs. */
zreg__span zreg__span_trim(zreg__span span);

/** Cuts `rest` at the first `separator`: returns what is before it, and `rest` becomes what is
 *  after it (empty, text NULL, when there was none). */
zreg__span zreg__span_cut(zreg__span *rest, char separator);

/** Reads a decimal number without sign; false when empty, foreign characters or over UINT64_MAX. */
bool zreg__span_u64(zreg__span span, uint64_t *out);

bool zreg__str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool zreg__str_equal_nocase(const char *a, const char *b);
bool zreg__str_starts(const char *text, const char *prefix);
bool zreg__str_ends(const char *text, const char *suffix);
bool zreg__str_empty(const char *text); /* NULL or "" */

/** Copies text, cut to fit; always ends with NUL. False when it was cut. */
bool zreg__str_copy(char *to, size_t capacity, const char *text);

/** Writes a number in decimal, and a NUL; `to` has room for 21. Returns how many digits. */
size_t zreg__str_u64(char *to, uint64_t number);

/** Compares in a time that depends on `size` only. */
bool zreg__mem_equal_constant_time(const void *a, const void *b, size_t size);

static inline bool zreg__is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool zreg__is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline char zreg__to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool zreg__is_alpha(char c)
{
    return zreg__is_lower(zreg__to_lower(c));
}

static inline bool zreg__is_alnum(char c)
{
    return zreg__is_alpha(c) || zreg__is_digit(c);
}

/** Lower-case hex of `size` bytes and a NUL; `to` has room for 2 * size + 1. */
void zreg__hex(char *to, const void *bytes, size_t size);

#endif
