/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

zreg_status zreg__random(void *to, size_t size, zreg_error *err)
{
    char *at = to;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno != EINTR) {
            return zreg__fail_errno(err, errno, "random bytes from the kernel");
        }
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
    return ZREG_OK;
}

zreg_status zreg__random_hex(char *to, size_t bytes, zreg_error *err)
{
    uint8_t raw[64];
    if (bytes > sizeof(raw)) {
        return zreg__fail(err, ZREG_INVAL, "%zu random bytes at once; the most is 64", bytes);
    }
    ZREG__TRY(zreg__random(raw, bytes, err));
    zreg__hex(to, raw, bytes);
    return ZREG_OK;
}

static void to_url_alphabet(char *text)
{
    for (; *text != '\0'; text++) {
        *text = *text == '+' ? '-' : *text == '/' ? '_' : *text;
        if (*text == '=') {
            *text = '\0';
            return;
        }
    }
}

zreg_status zreg__base64_encode(zreg__buf *to, const void *bytes, size_t size, int url,
                                zreg_error *err)
{
    if (size > 64 * ZREG__MIB) {
        return zreg__fail(err, ZREG_LIMIT, "%zu bytes are too many for base64", size);
    }
    ZREG__AUTO_SECRET char *text = zreg__calloc(size / 3 + 2, 4);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
    if (url) {
        to_url_alphabet(text);
    }
    return zreg__buf_text(to, text, err);
}

static int value_of(char c, int url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (zreg__is_lower(c)) {
        return c - 'a' + 26;
    }
    if (zreg__is_digit(c)) {
        return c - '0' + 52;
    }
    if (c == (url ? '-' : '+')) {
        return 62;
    }
    return c == (url ? '_' : '/') ? 63 : -1;
}

zreg_status zreg__base64_decode(zreg__buf *to, const char *text, size_t size, int url,
                                zreg_error *err)
{
    size_t padding = 0;
    while (!url && padding < 2 && size > 0 && text[size - 1] == '=') {
        size--;
        padding++;
    }
    if (size % 4 == 1 || (!url && (size + padding) % 4 != 0)) {
        return zreg__fail(err, ZREG_INVAL, "base64 of a wrong length");
    }
    uint32_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        int value = value_of(text[i], url);
        if (value < 0) {
            return zreg__fail(err, ZREG_INVAL, "foreign character in base64");
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0) {
            char byte = (char)(bits >> (6 - 2 * (i % 4)));
            ZREG__TRY(zreg__buf_append(to, &byte, 1, err));
        }
    }
    return ZREG_OK;
}
