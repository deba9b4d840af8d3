/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <openssl/crypto.h>
#include <string.h>

zreg__span zreg__span_of(const char *text)
{
    return (zreg__span){text, text == NULL ? 0 : strlen(text)};
}

bool zreg__span_is(zreg__span span, const char *text)
{
    size_t size = strlen(text);
    return span.size == size && (size == 0 || memcmp(span.text, text, size) == 0);
}

bool zreg__span_is_nocase(zreg__span span, const char *text)
{
    if (span.size != strlen(text)) {
        return false;
    }
    for (size_t i = 0; i < span.size; i++) {
        if (zreg__to_lower(span.text[i]) != zreg__to_lower(text[i])) {
            return false;
        }
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

zreg__span zreg__span_trim(zreg__span span)
{
    while (span.size > 0 && is_blank(span.text[0])) {
        span.text++;
        span.size--;
    }
    while (span.size > 0 && is_blank(span.text[span.size - 1])) {
        span.size--;
    }
    return span;
}

zreg__span zreg__span_cut(zreg__span *rest, char separator)
{
    zreg__span whole = *rest;
    const char *at = whole.size == 0 ? NULL : memchr(whole.text, separator, whole.size);
    if (at == NULL) {
        *rest = (zreg__span){NULL, 0};
        return whole;
    }
    size_t before = (size_t)(at - whole.text);
    *rest = (zreg__span){at + 1, whole.size - before - 1};
    return (zreg__span){whole.text, before};
}

bool zreg__span_u64(zreg__span span, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < span.size; i++) {
        if (!zreg__is_digit(span.text[i]) || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(span.text[i] - '0'), &number)) {
            return false;
        }
    }
    *out = span.size > 0 ? number : *out;
    return span.size > 0;
}

bool zreg__str_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool zreg__str_equal_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    while (*a != '\0' && zreg__to_lower(*a) == zreg__to_lower(*b)) {
        a++;
        b++;
    }
    return zreg__to_lower(*a) == zreg__to_lower(*b);
}

bool zreg__str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool zreg__str_ends(const char *text, const char *suffix)
{
    size_t size = strlen(text);
    size_t tail = strlen(suffix);
    return size >= tail && memcmp(text + size - tail, suffix, tail) == 0;
}

bool zreg__str_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

bool zreg__str_copy(char *to, size_t capacity, const char *text)
{
    size_t size = strlen(text);
    bool fits = size < capacity;
    size_t copied = fits ? size : capacity - 1;
    memcpy(to, text, copied);
    to[copied] = '\0';
    return fits;
}

size_t zreg__str_u64(char *to, uint64_t number)
{
    char digits[20];
    size_t first = sizeof(digits);
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    memcpy(to, digits + first, sizeof(digits) - first);
    to[sizeof(digits) - first] = '\0';
    return sizeof(digits) - first;
}

bool zreg__mem_equal_constant_time(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

void zreg__hex(char *to, const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < size; i++) {
        to[2 * i] = digits[from[i] >> 4];
        to[2 * i + 1] = digits[from[i] & 15];
    }
    to[2 * size] = '\0';
}
