/* SPDX-License-Identifier: Apache-2.0 */
#include "base/toml.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

/* Where the check stands. */
typedef struct cursor {
    zreg__span text;
    size_t at;
} cursor;

static int peek(const cursor *c)
{
    return c->at < c->text.size ? (unsigned char)c->text.text[c->at] : -1;
}

static bool take(cursor *c, char wanted)
{
    bool is_there = peek(c) == (unsigned char)wanted;

    c->at += is_there;
    return is_there;
}

static void skip_blanks(cursor *c)
{
    while (peek(c) == ' ' || peek(c) == '\t') {
        c->at++;
    }
}

/* A comment, and the end of the line or text. */
static bool take_line_end(cursor *c)
{
    skip_blanks(c);
    if (peek(c) == '#') {
        while (peek(c) != -1 && peek(c) != '\n') {
            c->at++;
        }
    }
    (void)take(c, '\r');
    return peek(c) == -1 || take(c, '\n');
}

static bool skip_lines(cursor *c)
{
    for (;;) {
        skip_blanks(c);
        if (peek(c) != '#' && peek(c) != '\n' && peek(c) != '\r') {
            return true;
        }
        if (!take_line_end(c)) {
            return false;
        }
    }
}

/* A string of either quote, on one line or between three of them. */
static bool take_string(cursor *c)
{
    char quote = (char)peek(c);
    const char three[] = {quote, quote, quote};
    zreg__span rest = {c->text.text + c->at, c->text.size - c->at};
    bool is_long = rest.size >= 3 && memcmp(rest.text, three, 3) == 0;

    for (c->at += is_long ? 3 : 1; peek(c) != -1; c->at++) {
        bool may_end = c->text.size - c->at >= (is_long ? 3U : 1U);
        if (quote == '"' && peek(c) == '\\') {
            c->at++;
        } else if (peek(c) == '\n' && !is_long) {
            return false;
        } else if (may_end && memcmp(c->text.text + c->at, three, is_long ? 3 : 1) == 0) {
            c->at += is_long ? 3 : 1;
            return true;
        }
    }
    return false;
}

static bool is_bare(int c)
{
    return c > 0 && (zreg__is_alnum((char)c) || c == '_' || c == '-');
}

static bool take_key(cursor *c)
{
    do {
        skip_blanks(c);
        if (peek(c) == '"' || peek(c) == '\'') {
            if (!take_string(c)) {
                return false;
            }
        } else {
            size_t begin = c->at;
            while (is_bare(peek(c))) {
                c->at++;
            }
            if (c->at == begin) {
                return false;
            }
        }
        skip_blanks(c);
    } while (take(c, '.'));
    return true;
}

static bool take_value(cursor *c, unsigned depth);

static bool take_pair(cursor *c, unsigned depth)
{
    if (!take_key(c) || !take(c, '=')) {
        return false;
    }
    skip_blanks(c);
    return take_value(c, depth);
}

/* What stands between brackets: values on several lines, or pairs on one. */
static bool take_list(cursor *c, unsigned depth, char close, bool is_table)
{
    bool more = true;

    c->at++;
    while (more) {
        if (is_table) {
            skip_blanks(c);
        } else if (!skip_lines(c)) {
            return false;
        }
        if (peek(c) == close) {
            break;
        }
        if (!(is_table ? take_pair(c, depth) : take_value(c, depth)) ||
            (!is_table && !skip_lines(c))) {
            return false;
        }
        skip_blanks(c);
        more = take(c, ',');
    }
    return take(c, close);
}

/* A number, a date, true or false. */
static bool take_word(cursor *c)
{
    size_t begin = c->at;

    while (is_bare(peek(c)) || (peek(c) > 0 && strchr("+.:", peek(c)) != NULL)) {
        c->at++;
    }
    return c->at > begin;
}

static bool take_value(cursor *c, unsigned depth)
{
    if (depth >= ZREG__MAX_JSON_DEPTH) {
        return false;
    }
    switch (peek(c)) {
    case '"':
    case '\'':
        return take_string(c);
    case '[':
        return take_list(c, depth + 1, ']', false);
    case '{':
        return take_list(c, depth + 1, '}', true);
    default:
        return take_word(c);
    }
}

static bool take_header(cursor *c)
{
    c->at++;
    bool is_array = take(c, '[');

    return take_key(c) && take(c, ']') && (!is_array || take(c, ']'));
}

static size_t line_of(zreg__span text, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < text.size; i++) {
        line += text.text[i] == '\n';
    }
    return line;
}

zreg_status zreg__toml_check(zreg__span text, const char *path, zreg_error *err)
{
    cursor c = {.text = text};

    for (;;) {
        bool fits = skip_lines(&c);
        size_t begin = c.at;

        if (fits && peek(&c) == -1) {
            return ZREG_OK;
        }
        fits = fits && (peek(&c) == '[' ? take_header(&c) : take_pair(&c, 0)) && take_line_end(&c);
        if (!fits) {
            return zreg__fail(err, ZREG_INVAL, "%s: line %zu is not TOML", path,
                              line_of(text, begin));
        }
    }
}
