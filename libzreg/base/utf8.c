/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "base/compiler.h"
#include <string.h>

/* The table of RFC 3629, section 4: the second byte alone depends on the first. */
static const struct {
    unsigned char first, last; /* of the first byte */
    unsigned char low, high;   /* of the second */
    unsigned char size;
} forms[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t zreg__utf8_size(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; size > 0 && i < ZREG__COUNT(forms); i++) {
        if (bytes[0] < forms[i].first || bytes[0] > forms[i].last) {
            continue;
        }
        bool whole =
            forms[i].size <= size &&
            (forms[i].size == 1 || (bytes[1] >= forms[i].low && bytes[1] <= forms[i].high));
        for (size_t k = 2; whole && k < forms[i].size; k++) {
            whole = (bytes[k] & 0xc0) == 0x80;
        }
        return whole ? forms[i].size : 0;
    }
    return 0;
}

bool zreg__utf8_is_valid(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t bytes = zreg__utf8_size(text + i, size - i);
        if (bytes == 0) {
            return false;
        }
        i += bytes;
    }
    return true;
}

void zreg__utf8_clean(char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        size_t bytes = zreg__utf8_size(text + i, size - i);
        if (bytes == 0) {
            text[i] = '?';
        }
        i += bytes == 0 ? 1 : bytes;
    }
}

size_t zreg__utf8_encode(char to[4], uint32_t character)
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    to[0] = (char)(marks[size] | character);
    return size;
}
