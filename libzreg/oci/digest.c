/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/digest.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/str.h"
#include <string.h>

static bool is_algorithm(zreg__span text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.text[i];
        if (!zreg__is_lower(c) && !zreg__is_digit(c) && strchr("+._-", c) == NULL) {
            return false;
        }
    }
    return text.size > 0;
}

/* `text` ends with NUL. */
static bool is_lower_hex(const char *text)
{
    return text[strspn(text, "0123456789abcdef")] == '\0';
}

zreg_status zreg_digest_parse(zreg_digest *out, const char *text, zreg_error *err)
{
    zreg__error_clear(err);
    if (text == NULL) {
        return zreg__fail(err, ZREG_INVAL, "no digest given; write sha256:HEX");
    }
    zreg__span hex = zreg__span_of(text);
    zreg__span algorithm = zreg__span_cut(&hex, ':');
    if (hex.text == NULL || !is_algorithm(algorithm)) {
        return zreg__fail(err, ZREG_INVAL, "digest \"%.160s\": write sha256:HEX", text);
    }
    zreg__hash_kind kind;
    if (!zreg__hash_kind_of(&kind, text)) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "digest \"%.160s\": the algorithm is neither sha256 nor sha512", text);
    }
    size_t wanted = kind == ZREG__SHA512 ? 128 : 64;
    if (hex.size != wanted || !is_lower_hex(hex.text)) {
        return zreg__fail(
            err, ZREG_INVAL,
            "digest \"%.160s\": %zu lower-case hexadecimal digits must follow \"%s:\"", text,
            wanted, kind == ZREG__SHA512 ? "sha512" : "sha256");
    }
    memset(out, 0, sizeof(*out));
    memcpy(out->text, text, strlen(text));
    return ZREG_OK;
}

zreg_status zreg_digest_of(zreg_digest *out, const char *algorithm, const void *bytes, size_t size,
                           zreg_error *err)
{
    zreg__error_clear(err);
    bool sha512 = zreg__str_equal(algorithm, "sha512");
    if (algorithm != NULL && !sha512 && !zreg__str_equal(algorithm, "sha256")) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "digest algorithm \"%.60s\": it is neither sha256 nor sha512", algorithm);
    }
    zreg__hash hash;
    zreg__hash_init(&hash, sha512 ? ZREG__SHA512 : ZREG__SHA256);
    zreg__hash_update(&hash, bytes, size);
    memset(out, 0, sizeof(*out));
    zreg__hash_digest(&hash, out->text);
    return ZREG_OK;
}

int zreg_digest_equal(const zreg_digest *a, const zreg_digest *b)
{
    return strncmp(a->text, b->text, sizeof(a->text)) == 0;
}

zreg_status zreg__digest_like(zreg_digest *out, const zreg_digest *other, const void *bytes,
                              size_t size, zreg_error *err)
{
    const char *algorithm = zreg__str_starts(other->text, "sha512:") ? "sha512" : "sha256";
    return zreg_digest_of(out, algorithm, bytes, size, err);
}
