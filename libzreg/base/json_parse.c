/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken for JSON. json-c only holds the values: its own reader takes and refuses different
 * texts from version to version (docs/design/0013-json-by-our-own-rule.md). */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include <errno.h>
#include <json-c/json.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What json-c allocates for a value, about, beside the bytes of texts. */
enum {
    OBJECT_BYTES = 900,
    MEMBER_BYTES = 160,
    ARRAY_BYTES = 200,
    ITEM_BYTES = 16,
    VALUE_BYTES = 80
};

typedef struct reader {
    const char *text;
    const char *at;
    const char *end;
    const char *what;    /* the document's name */
    const char *field;   /* the key of what is being read, or NULL */
    size_t depth;        /* of objects and arrays around `at` */
    size_t room;         /* bytes that the tree may still take */
    zreg__buf unescaped; /* the last string that had escapes */
    zreg_error *err;
} reader;

static void reader_finish(reader *in)
{
    zreg__buf_finish(&in->unescaped);
}

ZREG__DEFINE_AUTO_VALUE(reader, reader_finish)

static zreg_status refuse(const reader *in, const char *at, const char *format, ...)
    ZREG__PRINTF(3, 4);

static zreg_status refuse(const reader *in, const char *at, const char *format, ...)
{
    char why[200];
    size_t line = 1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    for (const char *c = in->text; c < at; c++) {
        line += *c == '\n';
    }
    return zreg__fail(in->err, ZREG_INVAL, "%s: bad JSON in line %zu at byte %zu: %s", in->what,
                      line, (size_t)(at - in->text) + 1, why);
}

/* Tells which byte stands where something else should. */
static zreg_status refuse_byte(const reader *in, const char *wanted)
{
    if (in->at == in->end) {
        return refuse(in, in->at, "it ends where %s should stand", wanted);
    }
    unsigned char found = (unsigned char)*in->at;
    return found > ' ' && found < 0x7f
               ? refuse(in, in->at, "'%c' stands where %s should", found, wanted)
               : refuse(in, in->at, "byte 0x%02x stands where %s should", found, wanted);
}

static zreg_status charge(reader *in, size_t bytes)
{
    if (bytes > in->room) {
        return zreg__fail(in->err, ZREG_LIMIT,
                          "%s: too many small values, its %zu bytes would take more than %d times "
                          "that in memory",
                          in->what, (size_t)(in->end - in->text), ZREG__MAX_JSON_GROWTH);
    }
    in->room -= bytes;
    return ZREG_OK;
}

static zreg_status give(zreg__json **out, zreg__json *made, const reader *in)
{
    *out = made;
    return made == NULL ? zreg__fail_nomem(in->err) : ZREG_OK;
}

static bool take(reader *in, char c)
{
    bool is_there = in->at < in->end && *in->at == c;
    in->at += is_there;
    return is_there;
}

static void skip_space(reader *in)
{
    while (in->at < in->end && memchr(" \t\r\n", *in->at, 4) != NULL) {
        in->at++;
    }
}

static bool take_hex(uint32_t *out, reader *in)
{
    uint32_t number = 0;
    for (size_t i = 0; i < 4; i++, in->at++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit =
            in->at == in->end ? NULL : memchr(digits, zreg__to_lower(*in->at), sizeof(digits) - 1);
        if (digit == NULL) {
            return false;
        }
        number = number << 4 | (uint32_t)(digit - digits);
    }
    *out = number;
    return true;
}

/* After "\u". A half of a pair has no UTF-8, and a NUL would end the text for every reader in C. */
static zreg_status read_unicode(reader *in)
{
    const char *start = in->at - 2;
    uint32_t code, low;
    char utf8[4];
    if (!take_hex(&code, in)) {
        return refuse_byte(in, "one of the four hex digits after \\u");
    }
    if (code == 0) {
        return refuse(in, start, "\\u0000 stands in a string, which no text may hold");
    }
    if (code >= 0xd800 && code <= 0xdfff) {
        bool paired = code <= 0xdbff && take(in, '\\') && take(in, 'u') && take_hex(&low, in) &&
                      low >= 0xdc00 && low <= 0xdfff;
        if (!paired) {
            return refuse(in, start, "half a surrogate pair stands in a string");
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return zreg__buf_append(&in->unescaped, utf8, zreg__utf8_encode(utf8, code), in->err);
}

static zreg_status read_escape(reader *in)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    in->at++;
    if (take(in, 'u')) {
        return read_unicode(in);
    }
    const char *name = in->at == in->end ? NULL : memchr(names, *in->at, sizeof(names) - 1);
    if (name == NULL) {
        return refuse_byte(in, "one of \"\\/bfnrtu after a backslash");
    }
    in->at++;
    return zreg__buf_append(&in->unescaped, values + (name - names), 1, in->err);
}

/* Up to the quote, the backslash, or the end. */
static zreg_status skip_plain(reader *in)
{
    while (in->at < in->end && *in->at != '"' && *in->at != '\\') {
        bool is_ascii = zreg__utf8_is_ascii(*in->at);
        size_t size = is_ascii ? 1 : zreg__utf8_size(in->at, (size_t)(in->end - in->at));
        if (size == 0) {
            return refuse(in, in->at, "byte 0x%02x in a string is not UTF-8",
                          (unsigned char)*in->at);
        }
        if ((unsigned char)*in->at < ' ') {
            return refuse(in, in->at, "control character 0x%02x in a string; write it as \\u%04x",
                          (unsigned char)*in->at, (unsigned char)*in->at);
        }
        in->at += size;
    }
    return ZREG_OK;
}

/* `out` points into the document, or into in->unescaped until the next string is read. */
static zreg_status read_string(zreg__span *out, reader *in)
{
    const char *start = in->at++;
    const char *plain = in->at;
    bool escaped = false;
    zreg__buf_reset(&in->unescaped);
    for (;;) {
        ZREG__TRY(skip_plain(in));
        if (in->at == in->end) {
            return refuse(in, start, "a string that begins here does not end");
        }
        if (*in->at == '"') {
            break;
        }
        escaped = true;
        ZREG__TRY(zreg__buf_append(&in->unescaped, plain, (size_t)(in->at - plain), in->err));
        ZREG__TRY(read_escape(in));
        plain = in->at;
    }
    size_t rest = (size_t)(in->at++ - plain);
    if (!escaped) {
        *out = (zreg__span){plain, rest};
        return ZREG_OK;
    }
    ZREG__TRY(zreg__buf_append(&in->unescaped, plain, rest, in->err));
    *out = (zreg__span){in->unescaped.data, in->unescaped.size};
    return ZREG_OK;
}

static zreg_status read_text(zreg__json **out, reader *in)
{
    zreg__span text;
    ZREG__TRY(read_string(&text, in));
    ZREG__TRY(charge(in, VALUE_BYTES + text.size));
    return give(out, json_object_new_string_len(text.text, (int)text.size), in);
}

static zreg_status refuse_number(const reader *in, const char *start, const char *why)
{
    return in->field == NULL ? refuse(in, start, "the number %s", why)
                             : refuse(in, start, "the number of \"%.100s\" %s", in->field, why);
}

/* A number that no integer holds keeps its text, so that it is printed as it came. */
static zreg_status make_real(zreg__json **out, const reader *in, const char *start,
                             const char *text)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) {
        return zreg__fail_nomem(in->err);
    }
    double number = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    if (isinf(number)) {
        return refuse_number(in, start, "is out of range");
    }
    return give(out, json_object_new_double_s(number, text), in);
}

static zreg_status make_number(zreg__json **out, reader *in, const char *start, bool whole)
{
    char text[ZREG__MAX_JSON_NUMBER + 1];
    size_t size = (size_t)(in->at - start);
    if (size > ZREG__MAX_JSON_NUMBER) {
        return refuse_number(in, start, "is too long");
    }
    ZREG__TRY(charge(in, VALUE_BYTES + size));
    memcpy(text, start, size);
    text[size] = '\0';
    errno = 0;
    long long number = whole ? strtoll(text, NULL, 10) : 0;
    if (whole && errno == 0) {
        return give(out, json_object_new_int64(number), in);
    }
    errno = 0;
    unsigned long long large = whole && text[0] != '-' ? strtoull(text, NULL, 10) : 0;
    if (large != 0 && errno == 0) {
        return give(out, json_object_new_uint64(large), in);
    }
    return make_real(out, in, start, text);
}

static zreg_status skip_digits(reader *in)
{
    const char *start = in->at;
    while (in->at < in->end && zreg__is_digit(*in->at)) {
        in->at++;
    }
    return in->at == start ? refuse_byte(in, "a digit of a number") : ZREG_OK;
}

static zreg_status read_number(zreg__json **out, reader *in)
{
    const char *start = in->at;
    bool whole = true;
    (void)take(in, '-');
    const char *first = in->at;
    ZREG__TRY(skip_digits(in));
    if (*first == '0' && in->at - first > 1) {
        return refuse(in, start, "a number begins with 0");
    }
    if (take(in, '.')) {
        whole = false;
        ZREG__TRY(skip_digits(in));
    }
    if (take(in, 'e') || take(in, 'E')) {
        whole = false;
        (void)(take(in, '+') || take(in, '-'));
        ZREG__TRY(skip_digits(in));
    }
    return make_number(out, in, start, whole);
}

static bool take_word(reader *in, const char *word)
{
    size_t size = strlen(word);
    bool is_there = (size_t)(in->end - in->at) >= size && memcmp(in->at, word, size) == 0;
    in->at += is_there ? size : 0;
    return is_there;
}

/* null is no object in json-c but NULL. */
static zreg_status read_word(zreg__json **out, reader *in)
{
    if (take_word(in, "null")) {
        *out = NULL;
        return ZREG_OK;
    }
    bool is_true = take_word(in, "true");
    if (!is_true && !take_word(in, "false")) {
        return refuse_byte(in, "a value");
    }
    ZREG__TRY(charge(in, VALUE_BYTES));
    return give(out, json_object_new_boolean(is_true), in);
}

static zreg_status read_value(zreg__json **out, reader *in);

static zreg_status read_key(char **out, const zreg__json *object, reader *in)
{
    zreg__span name;
    skip_space(in);
    const char *start = in->at;
    if (start == in->end || *start != '"') {
        return refuse_byte(in, "a key in double quotes");
    }
    ZREG__TRY(read_string(&name, in));
    ZREG__TRY(charge(in, MEMBER_BYTES + name.size));
    ZREG__AUTO_FREE char *key = zreg__strndup(name.text, name.size);
    if (key == NULL) {
        return zreg__fail_nomem(in->err);
    }
    if (json_object_object_get_ex(object, key, NULL)) {
        return refuse(in, start, "the key \"%.100s\" stands twice in one object", key);
    }
    skip_space(in);
    *out = zreg__steal(&key);
    return take(in, ':') ? ZREG_OK : refuse_byte(in, "a colon after a key");
}

static zreg_status read_member(zreg__json *object, reader *in)
{
    const char *outer = in->field;
    ZREG__AUTO_FREE char *key = NULL;
    zreg__json *value = NULL;
    ZREG__TRY(read_key(&key, object, in));
    in->field = key;
    ZREG__TRY(read_value(&value, in));
    in->field = outer;
    if (json_object_object_add_ex(object, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(in->err);
    }
    return ZREG_OK;
}

static zreg_status read_item(zreg__json *array, reader *in)
{
    zreg__json *value = NULL;
    ZREG__TRY(charge(in, ITEM_BYTES));
    ZREG__TRY(read_value(&value, in));
    if (json_object_array_add(array, value) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(in->err);
    }
    return ZREG_OK;
}

/* Reads what stands between two brackets, of which the first has been taken. */
static zreg_status read_list(zreg__json *to, reader *in, char closing,
                             zreg_status (*read)(zreg__json *, reader *))
{
    if (in->depth++ == ZREG__MAX_JSON_DEPTH) {
        return refuse(in, in->at - 1, "objects and arrays stand in each other more than %d deep",
                      ZREG__MAX_JSON_DEPTH);
    }
    skip_space(in);
    for (bool more = !take(in, closing); more;) {
        ZREG__TRY(read(to, in));
        skip_space(in);
        more = take(in, ',');
        if (!more && !take(in, closing)) {
            return refuse_byte(in, closing == '}' ? "a comma or }" : "a comma or ]");
        }
    }
    in->depth--;
    return ZREG_OK;
}

static zreg_status read_object(zreg__json **out, reader *in)
{
    ZREG__AUTO(zreg__json) zreg__json *object = NULL;
    ZREG__TRY(charge(in, OBJECT_BYTES));
    ZREG__TRY(give(&object, json_object_new_object(), in));
    ZREG__TRY(read_list(object, in, '}', read_member));
    *out = zreg__steal(&object);
    return ZREG_OK;
}

static zreg_status read_array(zreg__json **out, reader *in)
{
    ZREG__AUTO(zreg__json) zreg__json *array = NULL;
    ZREG__TRY(charge(in, ARRAY_BYTES));
    ZREG__TRY(give(&array, json_object_new_array_ext(4), in));
    ZREG__TRY(read_list(array, in, ']', read_item));
    *out = zreg__steal(&array);
    return ZREG_OK;
}

static zreg_status read_value(zreg__json **out, reader *in)
{
    skip_space(in);
    char first = in->at == in->end ? '\0' : *in->at;
    if (take(in, '{')) {
        return read_object(out, in);
    }
    if (take(in, '[')) {
        return read_array(out, in);
    }
    if (first == '"') {
        return read_text(out, in);
    }
    return first == '-' || zreg__is_digit(first) ? read_number(out, in) : read_word(out, in);
}

static zreg_status read_document(zreg__json **out, reader *in)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    if (take_word(in, "\xef\xbb\xbf")) {
        return refuse(in, in->text, "it begins with a byte order mark; save it without one");
    }
    ZREG__TRY(read_value(&json, in));
    skip_space(in);
    if (in->at < in->end) {
        return refuse_byte(in, "the end of the document");
    }
    *out = zreg__steal(&json);
    return ZREG_OK;
}

zreg_status zreg__json_parse(zreg__json **out, const void *bytes, size_t size, const char *what,
                             zreg_error *err)
{
    if (size == 0 || size > ZREG__MAX_JSON_BYTES) {
        return zreg__fail(err, ZREG_INVAL, "%s: %s", what, size == 0 ? "empty" : "too large");
    }
    ZREG__AUTO(reader)
    reader in = {.text = bytes,
                 .at = bytes,
                 .end = (const char *)bytes + size,
                 .what = what,
                 .room = ZREG__MIB + size * ZREG__MAX_JSON_GROWTH,
                 .unescaped = ZREG__SECRET_BUF(size),
                 .err = err};
    return read_document(out, &in);
}
