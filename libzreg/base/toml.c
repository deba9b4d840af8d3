/* SPDX-License-Identifier: Apache-2.0 */
#include "base/toml.h"

#include <string.h>

/* Where a string that begins at `at` ends. */
static size_t string_end(zreg__span text, size_t at)
{
    char quote = text.text[at];
    bool long_form =
        text.size - at >= 3 && text.text[at + 1] == quote && text.text[at + 2] == quote;
    size_t width = long_form ? 3 : 1;
    for (size_t i = at + width; i + width <= text.size; i++) {
        if (text.text[i] == '\\' && quote == '"') {
            i++;
        } else if (memcmp(text.text + i, text.text + at, width) == 0) {
            return i + width;
        } else if (text.text[i] == '\n' && !long_form) {
            return i;
        }
    }
    return text.size;
}

/* Where the comment or line end at `at` leads. */
static size_t line_end(zreg__span text, size_t at)
{
    const char *end = memchr(text.text + at, '\n', text.size - at);
    return end == NULL ? text.size : (size_t)(end - text.text) + 1;
}

/* Where a statement ends: behind the line end that stands in no string and no bracket. `out_value`
 * is the end of what is no comment. */
static size_t statement_end(size_t *out_value, zreg__span text, size_t at)
{
    int depth = 0;
    *out_value = at;
    while (at < text.size) {
        char c = text.text[at];
        if (c == '"' || c == '\'') {
            at = string_end(text, at);
            *out_value = at;
            continue;
        }
        if (c == '#' || c == '\n') {
            at = line_end(text, at);
            if (depth <= 0) {
                return at;
            }
            continue;
        }
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        at++;
        *out_value = strchr(" \t\r", c) == NULL ? at : *out_value;
    }
    return text.size;
}

static size_t skip_blanks(zreg__span text, size_t at)
{
    while (at < text.size && (text.text[at] == ' ' || text.text[at] == '\t')) {
        at++;
    }
    return at;
}

/* One key of a dotted name, without its quotes; `at` moves behind it. */
static zreg__span read_key(zreg__span text, size_t *at)
{
    *at = skip_blanks(text, *at);
    size_t begin = *at;
    if (begin < text.size && (text.text[begin] == '"' || text.text[begin] == '\'')) {
        *at = string_end(text, begin);
        return (zreg__span){text.text + begin + 1, *at - begin >= 2 ? *at - begin - 2 : 0};
    }
    while (*at < text.size && strchr(" \t\r\n.=]#", text.text[*at]) == NULL) {
        (*at)++;
    }
    return (zreg__span){text.text + begin, *at - begin};
}

/* Reads a dotted name; false when it has no room. `at` moves behind it. */
static bool read_name(char *to, size_t capacity, zreg__span text, size_t *at)
{
    size_t used = 0;
    for (;;) {
        zreg__span key = read_key(text, at);
        if (used + key.size + 2 > capacity) {
            to[0] = '\0';
            return false;
        }
        memcpy(to + used, key.text, key.size);
        used += key.size;
        *at = skip_blanks(text, *at);
        if (*at >= text.size || text.text[*at] != '.') {
            to[used] = '\0';
            return true;
        }
        (*at)++;
        to[used++] = '\n';
    }
}

static bool is_header(zreg__span text, size_t at)
{
    size_t bracket = skip_blanks(text, at);
    return bracket < text.size && text.text[bracket] == '[';
}

static bool read_header(zreg__toml_table *table, zreg__span text, size_t at)
{
    if (!is_header(text, at)) {
        return false;
    }
    size_t bracket = skip_blanks(text, at);
    table->begin = at;
    table->array = bracket + 1 < text.size && text.text[bracket + 1] == '[';
    bracket += table->array ? 2 : 1;
    read_name(table->name, sizeof(table->name), text, &bracket);
    table->body = line_end(text, bracket);
    return true;
}

bool zreg__toml_next(zreg__toml_table *table, zreg__span text)
{
    zreg__toml_table next = {.begun = true, .begin = table->end, .body = table->end};
    if (table->begun && (table->end >= text.size || !read_header(&next, text, table->end))) {
        return false;
    }
    next.end = next.body;
    while (next.end < text.size && !is_header(text, next.end)) {
        size_t value;
        next.end = statement_end(&value, text, next.end);
    }
    *table = next;
    return true;
}

bool zreg__toml_find(zreg__toml_table *out, zreg__span text, const char *name)
{
    *out = (zreg__toml_table){0};
    while (zreg__toml_next(out, text)) {
        if (zreg__str_equal(out->name, name)) {
            return true;
        }
    }
    return false;
}

/* The key of the statement at `at`, and where its value begins; 0: it is none. */
static size_t read_pair_name(zreg__toml_pair *pair, zreg__span text, size_t at, size_t value_end)
{
    size_t behind_name = at;
    bool read = read_name(pair->name, sizeof(pair->name), text, &behind_name);

    return read && behind_name < value_end && text.text[behind_name] == '='
               ? skip_blanks(text, behind_name + 1)
               : 0;
}

bool zreg__toml_pair_next(zreg__toml_pair *pair, zreg__span text, const zreg__toml_table *table)
{
    size_t at = pair->end > table->body ? pair->end : table->body;

    text.size = table->end;
    while (at < table->end) {
        zreg__toml_pair next = {.begin = at};
        size_t value_end = at;
        size_t end = statement_end(&value_end, text, at);
        size_t begin = read_pair_name(&next, text, at, value_end);

        if (begin > 0) {
            size_t size = value_end > begin ? value_end - begin : 0; /* "key = " has none */
            next.end = end;
            next.value = (zreg__span){text.text + begin, size};
            *pair = next;
            return true;
        }
        at = end;
    }
    return false;
}

bool zreg__toml_key(zreg__toml_pair *out, zreg__span text, const zreg__toml_table *table,
                    const char *key)
{
    *out = (zreg__toml_pair){0};
    while (zreg__toml_pair_next(out, text, table)) {
        if (zreg__str_equal(out->name, key)) {
            return true;
        }
    }
    return false;
}

bool zreg__toml_bool(bool *out, zreg__span value)
{
    *out = zreg__span_is(value, "true");
    return *out || zreg__span_is(value, "false");
}

bool zreg__toml_string(zreg__span *out, zreg__span value)
{
    if (value.size < 2 || (value.text[0] != '"' && value.text[0] != '\'') ||
        value.text[value.size - 1] != value.text[0]) {
        return false;
    }
    *out = (zreg__span){value.text + 1, value.size - 2};
    /* Of strings on several lines, and of escapes, no path and no name needs any. */
    return memchr(out->text, value.text[0], out->size) == NULL;
}

bool zreg__toml_item(zreg__span *out, zreg__span *rest)
{
    size_t at = 0;
    while (at < rest->size && rest->text[at] != '"' && rest->text[at] != '\'') {
        at = rest->text[at] == '#' ? line_end(*rest, at) : at + 1;
    }
    if (at >= rest->size) {
        return false;
    }
    size_t end = string_end(*rest, at);
    bool whole = zreg__toml_string(out, (zreg__span){rest->text + at, end - at});
    *rest = (zreg__span){rest->text + end, rest->size - end};
    return whole;
}

/* Past the string or comment at `at`, or one character. */
static size_t past(zreg__span text, size_t at)
{
    char c = text.text[at];

    return c == '"' || c == '\'' ? string_end(text, at) : c == '#' ? line_end(text, at) : at + 1;
}

bool zreg__toml_array(zreg__span *out, zreg__span *rest)
{
    size_t at = rest->size > 0 && rest->text[0] == '[' ? 1 : 0;
    int depth = 0;

    while (at < rest->size && rest->text[at] != '[') {
        at = past(*rest, at);
    }
    for (size_t end = at; end < rest->size;) {
        depth += (rest->text[end] == '[') - (rest->text[end] == ']');
        end = past(*rest, end);
        if (depth == 0) {
            *out = (zreg__span){rest->text + at, end - at};
            *rest = (zreg__span){rest->text + end, rest->size - end};
            return true;
        }
    }
    return false;
}
