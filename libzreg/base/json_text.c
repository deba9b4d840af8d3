/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include "base/error.h"
#include "base/utf8.h"
#include "base/word.h"
#include <string.h>

static zreg_status put_escape(zreg__buf *to, char c, zreg_error *err)
{
    static const char names[] = "\"\\bfnrt";
    static const char values[] = "\"\\\b\f\n\r\t";
    const char *value = memchr(values, c, sizeof(values) - 1);
    return value != NULL ? zreg__buf_printf(to, err, "\\%c", names[value - values])
                         : zreg__buf_printf(to, err, "\\u%04x", (unsigned)(unsigned char)c);
}

static zreg_status put_foreign_byte(zreg__buf *to, bool cleans, const char *field, zreg_error *err)
{
    if (cleans) {
        return zreg__buf_text(to, "?", err);
    }
    return zreg__fail(err, ZREG_INVAL,
                      "the text of \"%.100s\" is not UTF-8, so it cannot stand in JSON",
                      field == NULL ? "" : field);
}

/* ASCII that stands in JSON as it is: all but controls, the quote and the backslash. */
/* clang-format off */
static const bool plain_ascii[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0_ */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 1_ */
    1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 2_ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 3_ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 4_ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, /* 5_ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 6_ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 7_ */
};
/* clang-format on */

static size_t plain_ascii_size(const char *text, size_t size)
{
    size_t plain = 0;
    for (; size - plain >= sizeof(uint64_t); plain += sizeof(uint64_t)) {
        uint64_t word = zreg__word_at(text + plain);
        if (zreg__word_has_less(word, ' ') || zreg__word_has(word, '"') ||
            zreg__word_has(word, '\\') || !zreg__word_is_ascii(word)) {
            break;
        }
    }
    while (plain < size && plain_ascii[(unsigned char)text[plain]]) {
        plain++;
    }
    return plain;
}

/* The bytes from `text` on that stand in JSON as they are. */
static size_t plain_size(const char *text, size_t size)
{
    size_t plain = 0;
    for (;;) {
        plain += plain_ascii_size(text + plain, size - plain);
        bool is_ascii = plain == size || zreg__utf8_is_ascii(text[plain]);
        size_t bytes = is_ascii ? 0 : zreg__utf8_size(text + plain, size - plain);
        if (bytes == 0) {
            return plain;
        }
        plain += bytes;
    }
}

/* Most texts stand in JSON as they are, and go in one piece. */
static zreg_status put_plain(zreg__buf *to, zreg__span text, zreg_error *err)
{
    ZREG__TRY(zreg__buf_room(to, text.size + 2, err));
    char *at = to->data + to->size;
    at[0] = '"';
    if (text.size > 0) {
        memcpy(at + 1, text.text, text.size);
    }
    memcpy(at + 1 + text.size, "\"", 2);
    to->size += text.size + 2;
    return ZREG_OK;
}

zreg_status zreg__json_text_put(zreg__buf *to, zreg__span text, bool cleans, const char *field,
                                zreg_error *err)
{
    if (plain_size(text.text, text.size) == text.size) {
        return put_plain(to, text, err);
    }
    ZREG__TRY(zreg__buf_append(to, "\"", 1, err));
    for (size_t i = 0; i < text.size;) {
        size_t plain = plain_size(text.text + i, text.size - i);
        ZREG__TRY(zreg__buf_append(to, text.text + i, plain, err));
        i += plain;
        if (i < text.size) {
            ZREG__TRY(zreg__utf8_is_ascii(text.text[i]) ? put_escape(to, text.text[i], err)
                                                        : put_foreign_byte(to, cleans, field, err));
            i++;
        }
    }
    return zreg__buf_append(to, "\"", 1, err);
}

/* Adds bytes as they are, unless the line has failed. */
static void put(zreg__json_text_line *line, const char *bytes, size_t size)
{
    if (line->status == ZREG_OK) {
        line->status = zreg__buf_append(line->to, bytes, size, NULL);
    }
}

static void put_span(zreg__json_text_line *line, zreg__span text)
{
    if (line->status == ZREG_OK) {
        line->status = zreg__json_text_put(line->to, text, true, NULL, NULL);
    }
}

static void begin_member(zreg__json_text_line *line, const char *key)
{
    size_t size = strlen(key);
    char before = line->has_members ? ',' : '{';
    line->has_members = true;
    if (line->status == ZREG_OK) {
        line->status = zreg__buf_room(line->to, size + 4, NULL);
    }
    if (line->status == ZREG_OK) {
        char *at = line->to->data + line->to->size;
        at[0] = before;
        at[1] = '"';
        memcpy(at + 2, key, size);
        memcpy(at + 2 + size, "\":", 3);
        line->to->size += size + 4;
    }
}

void zreg__json_text_member_span(zreg__json_text_line *line, const char *key, zreg__span text)
{
    begin_member(line, key);
    if (text.text == NULL) {
        put(line, "null", 4);
    } else {
        put_span(line, text);
    }
}

void zreg__json_text_member(zreg__json_text_line *line, const char *key, const char *text)
{
    zreg__json_text_member_span(line, key,
                                text == NULL ? (zreg__span){NULL, 0} : zreg__span_of(text));
}

void zreg__json_text_member_u64(zreg__json_text_line *line, const char *key, uint64_t number)
{
    begin_member(line, key);
    if (line->status == ZREG_OK) {
        line->status = zreg__buf_u64(line->to, number, NULL);
    }
}

void zreg__json_text_begin_list(zreg__json_text_line *line, const char *key)
{
    begin_member(line, key);
    put(line, "[", 1);
}

void zreg__json_text_item(zreg__json_text_line *line, const char *text, bool is_first)
{
    put(line, ",", is_first ? 0 : 1);
    put_span(line, zreg__span_of(text));
}

void zreg__json_text_end_list(zreg__json_text_line *line)
{
    put(line, "]", 1);
}

bool zreg__json_text_end(zreg__json_text_line *line)
{
    put(line, line->has_members ? "}" : "{}", line->has_members ? 1 : 2);
    return line->status == ZREG_OK;
}
