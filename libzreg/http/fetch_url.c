/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fetch_url.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

static const char *const malformed = "malformed URL from the peer";

static bool is_target(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= ' ' || c >= 0x7f || c == '\\') {
            return false;
        }
    }
    return true;
}

static bool is_host(zreg__span host)
{
    bool bracketed = host.size > 2 && host.text[0] == '[' && host.text[host.size - 1] == ']';
    size_t from = bracketed ? 1 : 0;
    size_t to = bracketed ? host.size - 1 : host.size;

    for (size_t i = from; i < to; i++) {
        char c = host.text[i];

        if (!zreg__is_alnum(c) && c != '.' && c != '-' && c != '_' && !(bracketed && c == ':')) {
            return false;
        }
    }
    return to > from && host.size <= ZREG__MAX_HOST;
}

/* Splits "host:port"; the colons of an IPv6 address stand inside brackets. */
static bool split_authority(zreg__span *host, uint16_t *port, zreg__span authority, bool tls)
{
    const char *end = authority.text + authority.size;
    const char *colon = end;
    uint64_t number = tls ? 443 : 80;

    for (const char *at = end; at > authority.text && at[-1] != ']'; at--) {
        if (at[-1] == ':') {
            colon = at - 1;
            break;
        }
    }
    *host = (zreg__span){authority.text, (size_t)(colon - authority.text)};
    if (colon != end) {
        zreg__span digits = {colon + 1, (size_t)(end - colon - 1)};

        if (!zreg__span_u64(digits, &number) || number == 0 || number > UINT16_MAX) {
            return false;
        }
    }
    *port = (uint16_t)number;
    return is_host(*host);
}

static char *lower_case(zreg__span text)
{
    char *copy = zreg__strndup(text.text, text.size);

    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        *c = zreg__to_lower(*c);
    }
    return copy;
}

/* Fills `out` from checked parts; the target gets the '/' that may be missing before a query. */
static zreg_status fill(zreg__fetch_url *out, bool tls, uint16_t port, zreg__span host,
                        zreg__span target, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {.tls = tls, .port = port};
    const char *slash = target.size > 0 && target.text[0] == '/' ? "" : "/";

    if (target.size > ZREG__MAX_URL) {
        return zreg__fail(err, ZREG_LIMIT, "a URL of %zu bytes is too long", target.size);
    }
    url.host = lower_case(host);
    url.target =
        zreg__asprintf("%s%.*s", slash, (int)target.size, target.text != NULL ? target.text : "");
    if (url.host == NULL || url.target == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = url;
    url.host = NULL;
    url.target = NULL;
    return ZREG_OK;
}

/* Parses what follows "scheme://". */
static zreg_status parse_rest(zreg__fetch_url *out, bool tls, const char *rest, zreg_error *err)
{
    size_t authority_size = strcspn(rest, "/?#");
    const char *target = rest + authority_size;
    size_t target_size = strcspn(target, "#");
    zreg__span host;
    uint16_t port;

    if (!split_authority(&host, &port, (zreg__span){rest, authority_size}, tls) ||
        !is_target(target, target_size)) {
        return zreg__fail(err, ZREG_PROTO, "%s", malformed);
    }
    return fill(out, tls, port, host, (zreg__span){target, target_size}, err);
}

/* Case does not count in a scheme. */
static const char *after_scheme(const char *text, const char *scheme)
{
    size_t size = strlen(scheme);

    if (strnlen(text, size) < size || !zreg__span_is_nocase((zreg__span){text, size}, scheme)) {
        return NULL;
    }
    return text + size;
}

zreg_status zreg__fetch_url_parse(zreg__fetch_url *out, const char *text, zreg_error *err)
{
    const char *rest = after_scheme(text, "https://");

    if (rest != NULL) {
        return parse_rest(out, true, rest, err);
    }
    rest = after_scheme(text, "http://");
    if (rest != NULL) {
        return parse_rest(out, false, rest, err);
    }
    return zreg__fail(err, ZREG_PROTO, "%s: neither http nor https", malformed);
}

zreg_status zreg__fetch_url_make(zreg__fetch_url *out, bool tls, const char *authority,
                                 const char *target, zreg_error *err)
{
    zreg__span host;
    uint16_t port;

    if (!split_authority(&host, &port, zreg__span_of(authority), tls)) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is not a host with an optional port", authority);
    }
    if (target[0] != '/' || !is_target(target, strlen(target))) {
        return zreg__fail(err, ZREG_INVAL, "a path for %s has characters that no URL may have",
                          authority);
    }
    return fill(out, tls, port, host, zreg__span_of(target), err);
}

/* The segment of a path that begins behind a '/' at `at`; it ends before the next one or at `end`. */
static zreg__span segment_at(const char *at, const char *end)
{
    const char *slash = memchr(at + 1, '/', (size_t)(end - at - 1));

    return (zreg__span){at + 1, (size_t)((slash != NULL ? slash : end) - at - 1)};
}

/* Takes "." and ".." out of a path, which begins with '/' (RFC 3986 section 5.2.4); the query stays. */
static void remove_dots(char *target)
{
    const char *end = target + strcspn(target, "?");
    const char *from = target;
    char *to = target;

    while (from < end) {
        zreg__span segment = segment_at(from, end);
        bool is_up = zreg__span_is(segment, "..");
        const char *next = segment.text + segment.size;

        while (is_up && to > target && *--to != '/') {
        }
        if (!is_up && !zreg__span_is(segment, ".")) {
            memmove(to, from, segment.size + 1);
            to += segment.size + 1;
        } else if (next == end) {
            *to++ = '/';
        }
        from = next;
    }
    memmove(to, end, strlen(end) + 1);
}

/* True for "HOST/..." and "HOST:PORT/..." of the base: an absolute URL that lost its scheme. */
static bool lacks_scheme(const zreg__fetch_url *base, const char *location)
{
    size_t size = strcspn(location, "/");
    zreg__span host;
    uint16_t port;

    return location[size] == '/' &&
           split_authority(&host, &port, (zreg__span){location, size}, base->tls) &&
           port == base->port && zreg__span_is_nocase(host, base->host);
}

/* "x" and "?x" against the folder and the path of the base. */
static zreg_status resolve_relative(zreg__fetch_url *out, const zreg__fetch_url *base,
                                    const char *location, size_t size, zreg_error *err)
{
    size_t path = strcspn(base->target, "?");
    ZREG__AUTO_FREE char *target = NULL;

    if (location[0] != '?') {
        while (path > 0 && base->target[path - 1] != '/') {
            path--;
        }
    }
    target = zreg__asprintf("%.*s%.*s", (int)path, base->target, (int)size, location);
    if (target == NULL) {
        return zreg__fail_nomem(err);
    }
    return fill(out, base->tls, base->port, zreg__span_of(base->host), zreg__span_of(target), err);
}

static zreg_status resolve(zreg__fetch_url *out, const zreg__fetch_url *base, const char *location,
                           zreg_error *err)
{
    size_t size = strcspn(location, "#");

    if (size == 0 || size > ZREG__MAX_URL || !is_target(location, size)) {
        return zreg__fail(err, ZREG_PROTO, "%s", malformed);
    }
    if (zreg__str_starts(location, "//")) {
        return parse_rest(out, base->tls, location + 2, err);
    }
    if (location[0] == '/') {
        return fill(out, base->tls, base->port, zreg__span_of(base->host),
                    (zreg__span){location, size}, err);
    }
    if (lacks_scheme(base, location)) {
        return parse_rest(out, base->tls, location, err);
    }
    /* A colon before any of "/?" ends a scheme, never a relative path (RFC 3986 section 4.2). */
    if (location[strcspn(location, ":/?")] == ':') {
        return zreg__fetch_url_parse(out, location, err);
    }
    return resolve_relative(out, base, location, size, err);
}

zreg_status zreg__fetch_url_resolve(zreg__fetch_url *out, const zreg__fetch_url *base,
                                    const char *location, zreg_error *err)
{
    ZREG__TRY(resolve(out, base, location, err));
    if (out->target[0] == '/') {
        remove_dots(out->target);
    }
    return ZREG_OK;
}

zreg_status zreg__fetch_url_copy(zreg__fetch_url *out, const zreg__fetch_url *url, zreg_error *err)
{
    return fill(out, url->tls, url->port, zreg__span_of(url->host), zreg__span_of(url->target),
                err);
}

bool zreg__fetch_url_same_origin(const zreg__fetch_url *a, const zreg__fetch_url *b)
{
    return a->tls == b->tls && a->port == b->port && zreg__str_equal(a->host, b->host);
}

char *zreg__fetch_url_origin(const zreg__fetch_url *url)
{
    return zreg__asprintf("%s://%s:%u", url->tls ? "https" : "http", url->host,
                          (unsigned)url->port);
}

/* The usual port is left out: servers compare the Host header. */
char *zreg__fetch_url_authority(const zreg__fetch_url *url)
{
    unsigned usual = url->tls ? 443 : 80;

    return url->port == usual ? zreg__strdup(url->host)
                              : zreg__asprintf("%s:%u", url->host, (unsigned)url->port);
}

char *zreg__fetch_url_text(const zreg__fetch_url *url)
{
    ZREG__AUTO_FREE char *authority = zreg__fetch_url_authority(url);

    return authority == NULL
               ? NULL
               : zreg__asprintf("%s://%s%s", url->tls ? "https" : "http", authority, url->target);
}

void zreg__fetch_url_finish(zreg__fetch_url *url)
{
    free(url->host);
    free(url->target);
    url->host = NULL;
    url->target = NULL;
}
