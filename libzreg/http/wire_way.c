/* SPDX-License-Identifier: Apache-2.0 */
#include "http/wire_way.h"

#include "base/compiler.h"
#include <string.h>

#define MAX_PREFIX 200

/* The elements of a list that may stand in several fields, from the last to the first. */
typedef struct list {
    const zreg__wire_head *head;
    const char *name;
    size_t field;    /* those before it were not looked at */
    zreg__span rest; /* of the field behind; text NULL: all was taken */
} list;

static list list_of(const zreg__wire_head *head, const char *name)
{
    return (list){head, name, head->field_count, {NULL, 0}};
}

static bool find_field(list *from)
{
    while (from->rest.text == NULL) {
        if (from->field == 0) {
            return false;
        }
        from->field--;
        if (zreg__str_equal_nocase(from->head->fields[from->field].name, from->name)) {
            from->rest = zreg__span_of(from->head->fields[from->field].value);
        }
    }
    return true;
}

/* Whether a quoted string (RFC 9110 section 5.6.4) begins or ends here. */
static bool is_quote(const char *text, size_t at)
{
    size_t escapes = at;
    while (escapes > 0 && text[escapes - 1] == '\\') {
        escapes--;
    }
    return text[at] == '"' && (at - escapes) % 2 == 0;
}

/* The element before those that were taken. A comma between quotes does not part: read from the right,
 * quotes that somebody else left open can only spoil what is his own. */
static bool take_last(zreg__span *out, list *from)
{
    if (!find_field(from)) {
        return false;
    }
    const char *text = from->rest.text;
    size_t begin = from->rest.size;
    bool is_quoted = false;
    while (begin > 0 && (is_quoted || text[begin - 1] != ',')) {
        begin--;
        is_quoted ^= is_quote(text, begin);
    }
    *out = zreg__span_trim((zreg__span){text + begin, from->rest.size - begin});
    from->rest = (zreg__span){begin > 0 ? text : NULL, begin > 0 ? begin - 1 : 0};
    return true;
}

/* Cuts `rest` at the first ";" that is not between quotes. False: a quote stays open. */
static bool cut_pair(zreg__span *out, zreg__span *rest)
{
    bool is_quoted = false;
    size_t size = 0;
    while (size < rest->size && (is_quoted || rest->text[size] != ';')) {
        char c = rest->text[size];
        is_quoted ^= c == '"';
        size += is_quoted && c == '\\' ? 2 : 1;
    }
    if (is_quoted) {
        return false;
    }
    bool is_last = size == rest->size;
    *out = (zreg__span){rest->text, size};
    *rest =
        (zreg__span){is_last ? NULL : rest->text + size + 1, is_last ? 0 : rest->size - size - 1};
    return true;
}

static zreg__span without_quotes(zreg__span value)
{
    bool is_quoted = value.size > 1 && value.text[0] == '"' && value.text[value.size - 1] == '"';
    return is_quoted ? (zreg__span){value.text + 1, value.size - 2} : value;
}

/* The value of `name` in "name=value;name=value" (RFC 7239 section 4), with its escapes; text NULL: there
 * is none. False: a quote stays open, or the name stands there twice. */
static bool find_value(zreg__span *out, zreg__span element, const char *name)
{
    zreg__span rest = element;
    *out = (zreg__span){NULL, 0};
    while (rest.text != NULL) {
        zreg__span value;
        if (!cut_pair(&value, &rest)) {
            return false;
        }
        zreg__span key = zreg__span_trim(zreg__span_cut(&value, '='));
        if (value.text == NULL || !zreg__span_is_nocase(key, name)) {
            continue;
        }
        if (out->text != NULL) {
            return false;
        }
        *out = without_quotes(zreg__span_trim(value));
    }
    return true;
}

/* Goes from proxy to proxy, as long as they are trusted. `*hops` is how many elements were read, the last
 * of which is `*out`. False: one is malformed. */
static bool follow(zreg__wire_way *way, zreg__span *out, size_t *hops, list from, const char *key,
                   const zreg__network *trusted, size_t count)
{
    *hops = 0;
    while (*hops < ZREG__WIRE_MAX_HOPS && zreg__address_is_of(&way->client, trusted, count) &&
           take_last(out, &from)) {
        zreg__address told = {.port = 0};
        zreg__span value = *out;
        ++*hops;
        if (key != NULL && !find_value(&value, *out, key)) {
            return false;
        }
        if (!zreg__address_parse(&told, value, true)) {
            break; /* "unknown", a name of its own, or nonsense */
        }
        way->client = told;
    }
    return true;
}

/* The element of the same hop; a proxy may put one value in the place of the list. */
static zreg__span at_hop(const zreg__wire_head *head, const char *name, size_t hops)
{
    zreg__span found = {NULL, 0};
    list from = list_of(head, name);
    for (size_t i = 0; i < (hops > 0 ? hops : 1) && take_last(&found, &from); i++) {
    }
    return found;
}

static zreg__span only_scheme(zreg__span text)
{
    bool is_one = zreg__span_is_nocase(text, "http") || zreg__span_is_nocase(text, "https");
    return is_one ? text : (zreg__span){NULL, 0};
}

static zreg__span only_host(zreg__span text)
{
    return text.size > 0 ? text : (zreg__span){NULL, 0};
}

static bool is_plain(char c)
{
    return zreg__is_digit(c) || (zreg__to_lower(c) >= 'a' && zreg__to_lower(c) <= 'z') ||
           strchr("-._~", c) != NULL;
}

/* "/a/b" of plain characters, without "." and ".."; a "/" at the end goes. */
static zreg__span only_prefix(zreg__span text)
{
    if (text.size > 0 && text.text[text.size - 1] == '/') {
        text.size--;
    }
    zreg__span rest = text;
    zreg__span part = zreg__span_cut(&rest, '/');
    bool is_one = part.size == 0 && rest.text != NULL && text.size <= MAX_PREFIX;
    while (is_one && rest.text != NULL) {
        part = zreg__span_cut(&rest, '/');
        is_one = part.size > 0 && !zreg__span_is(part, ".") && !zreg__span_is(part, "..");
        for (size_t i = 0; i < part.size; i++) {
            is_one = is_one && part.text[i] != '\0' && is_plain(part.text[i]);
        }
    }
    return is_one ? text : (zreg__span){NULL, 0};
}

static bool are_alike(zreg__span a, zreg__span b)
{
    if (a.text == NULL || b.text == NULL || a.size != b.size) {
        return a.text == NULL || b.text == NULL;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (zreg__to_lower(a.text[i]) != zreg__to_lower(b.text[i])) {
            return false;
        }
    }
    return true;
}

static size_t read_old(zreg__wire_way *out, const zreg__wire_head *head,
                       const zreg__network *trusted, size_t count)
{
    zreg__span element;
    size_t hops;
    follow(out, &element, &hops, list_of(head, "X-Forwarded-For"), NULL, trusted, count);
    out->scheme = only_scheme(at_hop(head, "X-Forwarded-Proto", hops));
    out->host = only_host(at_hop(head, "X-Forwarded-Host", hops));
    out->prefix = only_prefix(at_hop(head, "X-Forwarded-Prefix", 1));
    return hops;
}

/* False: an element that counts is malformed. */
static bool read_new(zreg__wire_way *out, size_t *hops, const zreg__wire_head *head,
                     const zreg__network *trusted, size_t count)
{
    zreg__span element = {NULL, 0};
    zreg__span scheme;
    zreg__span host;
    if (!follow(out, &element, hops, list_of(head, "Forwarded"), "for", trusted, count) ||
        !find_value(&scheme, element, "proto") || !find_value(&host, element, "host")) {
        return false;
    }
    out->scheme = only_scheme(scheme);
    out->host = only_host(host);
    return true;
}

bool zreg__wire_way_read(zreg__wire_way *out, const zreg__wire_head *head,
                         const zreg__address *peer, const zreg__network *trusted, size_t count)
{
    zreg__wire_way other = {.client = *peer};
    *out = (zreg__wire_way){.client = *peer};
    size_t hops = read_old(out, head, trusted, count);
    size_t other_hops;
    if (!read_new(&other, &other_hops, head, trusted, count) ||
        !are_alike(out->scheme, other.scheme) || !are_alike(out->host, other.host)) {
        return false;
    }
    if (hops > 0 && other_hops > 0 &&
        memcmp(out->client.bytes, other.client.bytes, sizeof(other.client.bytes)) != 0) {
        return false;
    }
    out->client = hops > 0 ? out->client : other.client;
    out->scheme = out->scheme.text != NULL ? out->scheme : other.scheme;
    out->host = out->host.text != NULL ? out->host : other.host;
    return true;
}
