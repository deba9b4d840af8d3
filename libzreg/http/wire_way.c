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
        is_quoted ^= text[begin - 1] == '"';
        begin--;
    }
    *out = zreg__span_trim((zreg__span){text + begin, from->rest.size - begin});
    from->rest = (zreg__span){begin > 0 ? text : NULL, begin > 0 ? begin - 1 : 0};
    return true;
}

/* The value of `name` in "name=value;name=value"; text NULL: there is none. */
static zreg__span value_of(zreg__span element, const char *name)
{
    zreg__span rest = element;
    while (rest.text != NULL) {
        zreg__span value = zreg__span_cut(&rest, ';');
        zreg__span key = zreg__span_trim(zreg__span_cut(&value, '='));
        value = value.text == NULL ? value : zreg__span_trim(value);
        if (value.text != NULL && zreg__span_is_nocase(key, name)) {
            bool is_quoted =
                value.size > 1 && value.text[0] == '"' && value.text[value.size - 1] == '"';
            return is_quoted ? (zreg__span){value.text + 1, value.size - 2} : value;
        }
    }
    return (zreg__span){NULL, 0};
}

/* Goes from proxy to proxy, as long as they are trusted. Returns how many elements were read, the last
 * of which is `*out`. */
static size_t follow(zreg__wire_way *way, zreg__span *out, list from, const char *key,
                     const zreg__network *trusted, size_t count)
{
    size_t hops = 0;
    zreg__span element;
    while (hops < ZREG__WIRE_MAX_HOPS && zreg__address_is_of(&way->client, trusted, count) &&
           take_last(&element, &from)) {
        zreg__address told = {.port = 0};
        *out = element;
        hops++;
        if (!zreg__address_parse(&told, key == NULL ? element : value_of(element, key), true)) {
            break; /* "unknown", a name of its own, or nonsense */
        }
        way->client = told;
    }
    return hops;
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
    size_t hops = follow(out, &element, list_of(head, "X-Forwarded-For"), NULL, trusted, count);
    out->scheme = only_scheme(at_hop(head, "X-Forwarded-Proto", hops));
    out->host = only_host(at_hop(head, "X-Forwarded-Host", hops));
    out->prefix = only_prefix(at_hop(head, "X-Forwarded-Prefix", 1));
    return hops;
}

static size_t read_new(zreg__wire_way *out, const zreg__wire_head *head,
                       const zreg__network *trusted, size_t count)
{
    zreg__span element = {NULL, 0};
    size_t hops = follow(out, &element, list_of(head, "Forwarded"), "for", trusted, count);
    if (hops > 0) {
        out->scheme = only_scheme(value_of(element, "proto"));
        out->host = only_host(value_of(element, "host"));
    }
    return hops;
}

bool zreg__wire_way_read(zreg__wire_way *out, const zreg__wire_head *head,
                         const zreg__address *peer, const zreg__network *trusted, size_t count)
{
    zreg__wire_way other = {.client = *peer};
    *out = (zreg__wire_way){.client = *peer};
    size_t hops = read_old(out, head, trusted, count);
    size_t other_hops = read_new(&other, head, trusted, count);
    if (!are_alike(out->scheme, other.scheme) || !are_alike(out->host, other.host)) {
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
