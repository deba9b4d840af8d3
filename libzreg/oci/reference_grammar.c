/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of names: zreg__reference_is_*. No allocation, no error text. */
#include "oci/reference.h"

#include "base/limits.h"
#include <string.h>

static bool is_name_char(char c)
{
    return zreg__is_lower(c) || zreg__is_digit(c);
}

/* How many characters the separator at the start of `text` has: ".", "_", "__" or "-"...; 0 when
 * there is none. */
static size_t separator_size(zreg__span text)
{
    size_t size = 0;
    while (size < text.size && text.text[size] == '-') {
        size++;
    }
    if (size > 0 || text.size == 0) {
        return size;
    }
    if (text.text[0] == '_') {
        return text.size > 1 && text.text[1] == '_' ? 2 : 1;
    }
    return text.text[0] == '.' ? 1 : 0;
}

static bool is_component(zreg__span text)
{
    size_t i = 0;
    for (;;) {
        size_t start = i;
        while (i < text.size && is_name_char(text.text[i])) {
            i++;
        }
        if (i == start || i == text.size) {
            return i > start;
        }
        size_t separator = separator_size((zreg__span){text.text + i, text.size - i});
        if (separator == 0) {
            return false;
        }
        i += separator;
    }
}

bool zreg__reference_is_repository(zreg__span text)
{
    if (text.size == 0 || text.size > ZREG__MAX_REPOSITORY) {
        return false;
    }
    while (text.text != NULL) {
        if (!is_component(zreg__span_cut(&text, '/'))) {
            return false;
        }
    }
    return true;
}

bool zreg__reference_is_path(zreg__span text)
{
    if (text.size > ZREG__MAX_REPOSITORY || zreg__reference_is_repository(text)) {
        return text.size <= ZREG__MAX_REPOSITORY;
    }
    zreg__span rest = text;
    zreg__span host = zreg__span_cut(&rest, '/');
    return host.size > 0 && zreg__reference_is_host(host) && zreg__reference_is_repository(rest);
}

bool zreg__reference_is_tag(zreg__span text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.text[i];
        bool word = zreg__is_alnum(c) || c == '_';
        if (!word && (i == 0 || (c != '.' && c != '-'))) {
            return false;
        }
    }
    return text.size > 0 && text.size <= ZREG__MAX_TAG;
}

static bool is_port(zreg__span text)
{
    uint64_t port = 0;
    return text.size <= 5 && zreg__span_u64(text, &port) && port > 0 && port <= 65535;
}

static bool is_label(zreg__span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!zreg__is_alnum(text.text[i]) && text.text[i] != '-') {
            return false;
        }
    }
    return text.size > 0 && text.size <= 63 && text.text[0] != '-' &&
           text.text[text.size - 1] != '-';
}

static bool is_domain(zreg__span text)
{
    if (text.size == 0) {
        return false;
    }
    while (text.text != NULL) {
        if (!is_label(zreg__span_cut(&text, '.'))) {
            return false;
        }
    }
    return true;
}

static bool is_ipv4(zreg__span text)
{
    unsigned parts = 0;
    while (text.text != NULL) {
        zreg__span part = zreg__span_cut(&text, '.');
        uint64_t number = 0;
        if (part.size > 3 || !zreg__span_u64(part, &number) || number > 255) {
            return false;
        }
        parts++;
    }
    return parts == 4;
}

static bool is_hex_group(zreg__span text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = zreg__to_lower(text.text[i]);
        if (!zreg__is_digit(c) && (c < 'a' || c > 'f')) {
            return false;
        }
    }
    return text.size >= 1 && text.size <= 4;
}

/* Counts the 16-bit groups of one side of "::"; false when there is something else. */
static bool count_groups(zreg__span text, bool ipv4_at_end, unsigned *groups)
{
    if (text.size == 0) {
        return true;
    }
    while (text.text != NULL) {
        zreg__span group = zreg__span_cut(&text, ':');
        if (text.text == NULL && ipv4_at_end && is_ipv4(group)) {
            *groups += 2;
        } else if (is_hex_group(group)) {
            *groups += 1;
        } else {
            return false;
        }
    }
    return true;
}

static bool is_ipv6(zreg__span text)
{
    unsigned groups = 0;
    const char *gap = memmem(text.text, text.size, "::", 2);
    if (gap == NULL) {
        return text.size > 0 && count_groups(text, true, &groups) && groups == 8;
    }
    size_t before = (size_t)(gap - text.text);
    zreg__span head = {text.text, before};
    zreg__span tail = {gap + 2, text.size - before - 2};
    return count_groups(head, false, &groups) && count_groups(tail, true, &groups) && groups <= 7;
}

/* Cuts "[v6]" or "name" from "host:port" into `name` (brackets removed); what follows, from the
 * colon on, stays in `*text`. False when a bracket is not closed. */
static bool cut_name(zreg__span *name, bool *bracketed, zreg__span *text)
{
    *bracketed = text->size > 0 && text->text[0] == '[';
    const char *end = memchr(text->text, *bracketed ? ']' : ':', text->size);
    if (end == NULL && *bracketed) {
        return false;
    }
    size_t size = end == NULL ? text->size : (size_t)(end - text->text);
    size_t past = *bracketed ? size + 1 : size;
    *name = *bracketed ? (zreg__span){text->text + 1, size - 1} : (zreg__span){text->text, size};
    *text = (zreg__span){text->text + past, text->size - past};
    return true;
}

bool zreg__reference_is_host(zreg__span text)
{
    zreg__span name;
    bool bracketed = false;
    if (text.size == 0 || text.size > ZREG__MAX_HOST || !cut_name(&name, &bracketed, &text)) {
        return false;
    }
    if (bracketed ? !is_ipv6(name) : !is_domain(name)) {
        return false;
    }
    return text.size == 0 ||
           (text.text[0] == ':' && is_port((zreg__span){text.text + 1, text.size - 1}));
}

bool zreg__reference_is_loopback(const char *host)
{
    zreg__span text = zreg__span_of(host);
    zreg__span name;
    bool bracketed = false;
    if (!zreg__reference_is_host(text) || !cut_name(&name, &bracketed, &text)) {
        return false;
    }
    if (bracketed) {
        return zreg__span_is(name, "::1");
    }
    return zreg__span_is_nocase(name, "localhost") ||
           (is_ipv4(name) && name.size > 4 && memcmp(name.text, "127.", 4) == 0);
}
