/* SPDX-License-Identifier: Apache-2.0 */
/** UTF-8 as RFC 3629 has it: the shortest form, no surrogates, nothing above U+10FFFF. */
#ifndef ZREG_BASE_UTF8_H
#define ZREG_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool zreg__utf8_is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

/** The bytes of the character that `text` begins with, at most `size`; 0 when it is none. */
size_t zreg__utf8_size(const char *text, size_t size);

bool zreg__utf8_is_valid(const char *text, size_t size);

/** Replaces each byte that belongs to no character by '?'. */
void zreg__utf8_clean(char *text);

/** Writes a character, which is no surrogate and not above U+10FFFF; returns its 1 to 4 bytes. */
size_t zreg__utf8_encode(char to[4], uint32_t character);

#endif
