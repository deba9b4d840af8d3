/* SPDX-License-Identifier: Apache-2.0 */
#include "node/yaml.h"

#include <string.h>

typedef struct yaml_line {
    size_t begin;
    size_t end;
    int indent;      /* -1: blank, or only a comment */
    zreg__span text; /* without indentation and line end */
} yaml_line;

static yaml_line line_at(const zreg__content *content, size_t at)
{
    const char *begin = content->bytes + at;
    const char *end = memchr(begin, '\n', content->size - at);
    size_t size = end == NULL ? content->size - at : (size_t)(end - begin);
    yaml_line line = {at, at + size + (end != NULL), 0, {begin, size}};
    while (line.text.size > 0 && line.text.text[0] == ' ') {
        line.text.text++;
        line.text.size--;
        line.indent++;
    }
    while (line.text.size > 0 && strchr(" \t\r", line.text.text[line.text.size - 1]) != NULL) {
        line.text.size--;
    }
    bool is_marker = line.indent == 0 && zreg__span_is(line.text, "---");
    if (line.text.size == 0 || line.text.text[0] == '#' || is_marker) {
        line.indent = -1;
    }
    return line;
}

zreg__yaml_node zreg__yaml_document(const zreg__content *content)
{
    return (zreg__yaml_node){.end = content->size, .indent = -1};
}

/* The key that a line gives, without its quotes; `out_value` is what follows on it. */
static bool read_key(zreg__span *out_key, zreg__span *out_value, zreg__span text)
{
    char quote = text.size > 0 ? text.text[0] : '\0';
    bool quoted = quote == '"' || quote == '\'';
    const char *from = text.text + quoted;
    size_t left = text.size - quoted;
    const char *end = left == 0 ? NULL : memchr(from, quoted ? quote : ':', left);
    /* A key may hold colons, as HOST:PORT does: the one that counts has a blank behind it. */
    while (!quoted && end != NULL && end + 1 < text.text + text.size && end[1] != ' ') {
        end = memchr(end + 1, ':', (size_t)(text.text + text.size - end - 1));
    }
    if (end == NULL) {
        return false;
    }
    *out_key = (zreg__span){from, (size_t)(end - from)};
    end += quoted;
    if (end >= text.text + text.size || *end != ':') {
        return false;
    }
    *out_value = zreg__span_trim((zreg__span){end + 1, (size_t)(text.text + text.size - end - 1)});
    if (out_value->size > 0 && out_value->text[0] == '#') {
        out_value->size = 0;
    }
    return true;
}

/* Where what is nested in the key of that indentation ends. The items of a list may stand as far
 * left as their key. */
static size_t nested_end(const zreg__content *content, size_t at, size_t until, int indent)
{
    size_t end = at;
    while (at < until) {
        yaml_line line = line_at(content, at);
        bool item = line.indent == indent && line.text.size > 0 && line.text.text[0] == '-';
        if (line.indent >= 0 && line.indent <= indent && !item) {
            break;
        }
        at = line.end;
        end = line.indent >= 0 ? at : end;
    }
    return end;
}

bool zreg__yaml_find(zreg__yaml_node *out, const zreg__content *content,
                     const zreg__yaml_node *parent, const char *key)
{
    int level = -1;
    size_t at = parent->body;
    while (at < parent->end) {
        yaml_line line = line_at(content, at);
        zreg__span name;
        zreg__span value;
        level = level < 0 ? line.indent : level;
        if (line.indent >= 0 && line.indent == level && read_key(&name, &value, line.text) &&
            zreg__span_is(name, key)) {
            size_t end = nested_end(content, line.end, parent->end, line.indent);
            *out = (zreg__yaml_node){line.begin, line.end, end, line.indent, value};
            return true;
        }
        at = line.end;
    }
    return false;
}

int zreg__yaml_child_indent(const zreg__content *content, const zreg__yaml_node *node)
{
    size_t at = node->body;
    while (at < node->end) {
        yaml_line line = line_at(content, at);
        if (line.indent >= 0) {
            return line.indent;
        }
        at = line.end;
    }
    return node->indent + 2;
}
