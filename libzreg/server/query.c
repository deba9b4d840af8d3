/* SPDX-License-Identifier: Apache-2.0 */
#include "server/query.h"

#include "base/mem.h"
#include "base/str.h"
#include <string.h>

static int hex_value(char c)
{
    c = zreg__to_lower(c);
    return zreg__is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%XX" stands for, or -1. */
static int escaped_byte(const char *text)
{
    int high = hex_value(text[1]);
    int low = high < 0 ? -1 : hex_value(text[2]);
    return low < 0 ? -1 : high * 16 + low;
}

static bool is_control(int byte)
{
    return byte < 0x20 || byte == 0x7f;
}

bool zreg__query_decode_path(char *path)
{
    char *to = path;
    while (*to != '\0' && *to != '%' && !is_control((unsigned char)*to)) {
        to++;
    }
    for (const char *from = to; *from != '\0'; from++) {
        int byte = (unsigned char)*from;
        if (*from == '%') {
            byte = escaped_byte(from);
            if (byte == '/' || byte < 0) {
                return false;
            }
            from += 2;
        }
        if (is_control(byte)) {
            return false;
        }
        *to++ = (char)byte;
    }
    *to = '\0';
    return true;
}

bool zreg__query_is_sound(const char *query)
{
    for (const char *from = query; *from != '\0'; from++) {
        int byte = (unsigned char)*from;
        if (byte == '%') {
            byte = escaped_byte(from);
            from += 2;
        }
        if (byte < 0 || is_control(byte)) {
            return false;
        }
    }
    return true;
}

/* Of a query that is sound. */
static char *decode_value(zreg__span value)
{
    ZREG__AUTO_FREE char *text = zreg__strndup(value.text, value.size);
    if (text == NULL) {
        return NULL;
    }
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        int byte = *from == '+' ? ' ' : (unsigned char)*from;
        if (*from == '%') {
            byte = escaped_byte(from);
            from += 2;
        }
        *to++ = (char)byte;
    }
    *to = '\0';
    return zreg__steal(&text);
}

char *zreg__query_get(const char *query, const char *name, size_t i)
{
    zreg__span rest = zreg__span_of(query);
    while (rest.text != NULL) {
        zreg__span value = zreg__span_cut(&rest, '&');
        zreg__span key = zreg__span_cut(&value, '=');
        if (zreg__span_is(key, name) && i-- == 0) {
            return decode_value(value);
        }
    }
    return NULL;
}
