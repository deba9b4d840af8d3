/* SPDX-License-Identifier: Apache-2.0 */
/** Eight bytes of a text looked at in one step. What is found in none of them is found at once. */
#ifndef ZREG_BASE_WORD_H
#define ZREG_BASE_WORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ZREG__WORD_EACH(byte) (UINT64_MAX / 255 * (byte))

static inline uint64_t zreg__word_at(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    return word;
}

/** Whether a byte is less than `limit`, which is 128 at most. */
static inline bool zreg__word_has_less(uint64_t word, unsigned char limit)
{
    return ((word - ZREG__WORD_EACH(limit)) & ~word & ZREG__WORD_EACH(0x80)) != 0;
}

static inline bool zreg__word_has(uint64_t word, unsigned char byte)
{
    return zreg__word_has_less(word ^ ZREG__WORD_EACH(byte), 1);
}

static inline bool zreg__word_is_ascii(uint64_t word)
{
    return (word & ZREG__WORD_EACH(0x80)) == 0;
}

#endif
