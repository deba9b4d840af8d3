/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"

#include <arpa/inet.h>
#include <string.h>

/* An address, or the network of which the first bits are given. */
typedef struct network {
    size_t size; /* bytes of an address; 0: it is none */
    unsigned bits;
    unsigned char bytes[16];
} network;

static network read_address(zreg__span text)
{
    network found = {0};
    char copy[INET6_ADDRSTRLEN];

    if (text.size > 2 && text.text[0] == '[' && text.text[text.size - 1] == ']') {
        text = (zreg__span){text.text + 1, text.size - 2};
    }
    if (text.size == 0 || text.size >= sizeof(copy)) {
        return found;
    }
    memcpy(copy, text.text, text.size);
    copy[text.size] = '\0';
    if (inet_pton(AF_INET, copy, found.bytes) == 1) {
        found.size = 4;
    } else if (inet_pton(AF_INET6, copy, found.bytes) == 1) {
        found.size = 16;
    }
    found.bits = (unsigned)(8 * found.size);
    return found;
}

/* "ADDRESS/BITS" */
static network read_network(zreg__span text)
{
    zreg__span rest = text;
    network found = read_address(zreg__span_cut(&rest, '/'));
    uint64_t bits = 0;

    if (!zreg__span_u64(rest, &bits) || bits > found.bits) {
        return (network){0};
    }
    found.bits = (unsigned)bits;
    return found;
}

static bool is_within(const network *address, const network *outer)
{
    size_t whole = outer->bits / 8;
    unsigned rest = outer->bits % 8;

    if (address->size == 0 || address->size != outer->size ||
        memcmp(address->bytes, outer->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || ((address->bytes[whole] ^ outer->bytes[whole]) >> (8 - rest)) == 0;
}

/* Takes ":PORT" from the end of an entry: 0 when there is none, since an address in IPv6 has many colons. */
static uint16_t cut_port(zreg__span *entry)
{
    const char *colon = memrchr(entry->text, ':', entry->size);
    size_t size = colon != NULL ? (size_t)(colon - entry->text) : entry->size;
    bool bracketed = size > 0 && entry->text[size - 1] == ']';
    uint64_t port = 0;

    if (colon == NULL || (!bracketed && memchr(entry->text, ':', size) != NULL) ||
        !zreg__span_u64((zreg__span){colon + 1, entry->size - size - 1}, &port) ||
        port > UINT16_MAX) {
        return 0;
    }
    entry->size = size;
    return (uint16_t)port;
}

static bool is_name_within(zreg__span host, zreg__span entry)
{
    bool only_below = false;

    if (entry.size > 1 && entry.text[0] == '*' && entry.text[1] == '.') {
        entry = (zreg__span){entry.text + 1, entry.size - 1};
    }
    if (entry.size > 0 && entry.text[0] == '.') {
        only_below = true;
        entry = (zreg__span){entry.text + 1, entry.size - 1};
    }
    if (entry.size == 0 || host.size < entry.size ||
        strncasecmp(host.text + host.size - entry.size, entry.text, entry.size) != 0) {
        return false;
    }
    return host.size == entry.size ? !only_below : host.text[host.size - entry.size - 1] == '.';
}

static bool names(zreg__span entry, zreg__span host, uint16_t port)
{
    network address = read_address(host);
    network outer = read_network(entry);

    if (outer.size > 0) {
        return is_within(&address, &outer);
    }
    uint16_t only = cut_port(&entry);
    if (only != 0 && only != port) {
        return false;
    }
    outer = read_address(entry);
    return outer.size > 0 ? is_within(&address, &outer) : is_name_within(host, entry);
}

bool zreg__proxy_passes_by(const char *none, const char *host, uint16_t port)
{
    static const char separators[] = ", \t\r\n";
    zreg__span name = zreg__span_of(host);

    name.size -= name.size > 1 && name.text[name.size - 1] == '.' ? 1 : 0;
    for (const char *at = none; at != NULL && *at != '\0';) {
        zreg__span entry = {at, strcspn(at, separators)};

        if (zreg__span_is(entry, "*") || (entry.size > 0 && names(entry, name, port))) {
            return true;
        }
        at += entry.size;
        at += strspn(at, separators);
    }
    return false;
}

/* A host name as resolvers take it, which may end in a dot and have underscores, unlike a registry's. */
static bool is_name(zreg__span text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool mark = text.text[i] == '-' || text.text[i] == '_' || text.text[i] == '.';
        bool empty_label = text.text[i] == '.' && (i == 0 || text.text[i - 1] == '.');

        if ((!mark && !zreg__is_alnum(text.text[i])) || empty_label) {
            return false;
        }
    }
    return text.size > 0;
}

/* HOST or HOST:PORT of a proxy; an address in IPv6 stands in brackets. */
static bool is_place(zreg__span text)
{
    zreg__span host = text;
    bool has_port = cut_port(&host) != 0;

    if (text.size > ZREG__MAX_HOST || (!has_port && host.size != text.size)) {
        return false;
    }
    return host.size > 0 && host.text[0] == '[' ? read_address(host).size == 16 : is_name(host);
}

/* What may be the scheme of a proxy, and its usual port. */
static const struct scheme {
    const char *name;
    unsigned port;
} schemes[] = {{"http", 80},      {"https", 443},   {"socks4", 1080},
               {"socks4a", 1080}, {"socks5", 1080}, {"socks5h", 1080}};

static const struct scheme *find_scheme(zreg__span name)
{
    for (size_t i = 0; i < ZREG__COUNT(schemes); i++) {
        if (zreg__span_is_nocase(name, schemes[i].name)) {
            return &schemes[i];
        }
    }
    return NULL;
}

/* The authority of a proxy's URL, and its scheme; false when it is none. */
static bool split_url(const struct scheme **scheme, zreg__span *user, zreg__span *place,
                      zreg__span text)
{
    const char *mark = text.size > 0 ? memmem(text.text, text.size, "://", 3) : NULL;
    size_t size = mark != NULL ? (size_t)(mark - text.text) : 0;
    const char *end = text.text + text.size;

    *scheme = mark != NULL ? find_scheme((zreg__span){text.text, size}) : &schemes[0];
    text.text += mark != NULL ? size + 3 : 0;
    text.size = (size_t)(end - text.text);
    if (memchr(text.text, '/', text.size) != NULL) {
        text.size = (size_t)((const char *)memchr(text.text, '/', text.size) - text.text);
    }
    const char *at = memrchr(text.text, '@', text.size);
    *user = (zreg__span){text.text, at != NULL ? (size_t)(at - text.text) + 1 : 0};
    *place = (zreg__span){text.text + user->size, text.size - user->size};
    return *scheme != NULL && is_place(*place);
}

static zreg_status take_url(zreg__proxy *to, const char *value, zreg_error *err)
{
    zreg__span text = zreg__span_trim(zreg__span_of(value));
    const struct scheme *scheme;
    zreg__span user;
    zreg__span place;

    if (text.size > ZREG__MAX_URL || !split_url(&scheme, &user, &place, text)) {
        return ZREG_OK;
    }
    zreg__span host = place;
    ZREG__AUTO_FREE char *port =
        cut_port(&host) == 0 ? zreg__asprintf(":%u", scheme->port) : zreg__strdup("");
    ZREG__AUTO_SECRET char *shown_user = zreg__strndup(user.text, user.size);
    if (port == NULL || shown_user == NULL) {
        return zreg__fail_nomem(err);
    }
    to->shown = zreg__asprintf("%s://%.*s%s", scheme->name, (int)place.size, place.text, port);
    ZREG__AUTO_SECRET char *before = zreg__concat(scheme->name, "://", shown_user);
    if (to->shown == NULL || before == NULL) {
        return zreg__fail_nomem(err);
    }
    to->url = zreg__concat(before, to->shown + strlen(scheme->name) + 3, "");
    return to->url != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* The first of some variables that is set, and not empty. */
static const char *first_set(const char **out_name, const char *const *names,
                             zreg__proxy_variable *get)
{
    for (; *names != NULL; names++) {
        const char *value = get(*names);

        if (!zreg__str_empty(value)) {
            *out_name = *names;
            return value;
        }
    }
    return NULL;
}

static zreg_status read_proxy(zreg__proxy *out, const char *const *names, zreg__proxy_variable *get,
                              zreg_error *err)
{
    const char *value = first_set(&out->variable, names, get);

    return value != NULL ? take_url(out, value, err) : ZREG_OK;
}

zreg_status zreg__proxies_read(zreg__proxies *out, zreg__proxy_variable *get, zreg_error *err)
{
    static const char *const https[] = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy",
                                        NULL};
    static const char *const http[] = {"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", NULL};
    static const char *const none[] = {"NO_PROXY", "no_proxy", NULL};
    ZREG__AUTO(zreg__proxies) zreg__proxies read = {0};
    const char *name = NULL;
    const char *exceptions = first_set(&name, none, get);

    ZREG__TRY(read_proxy(&read.https, https, get, err));
    ZREG__TRY(read_proxy(&read.http, http, get, err));
    read.none = zreg__strdup(exceptions);
    if (exceptions != NULL && read.none == NULL) {
        return zreg__fail_nomem(err);
    }
    read.in_a_cgi = !zreg__str_empty(get("REQUEST_METHOD"));
    *out = read;
    read = (zreg__proxies){0};
    return ZREG_OK;
}

zreg_status zreg__proxies_choose(const zreg__proxy **out, const zreg__proxies *proxies,
                                 const zreg__fetch_url *url, zreg_error *err)
{
    const zreg__proxy *proxy = url->tls ? &proxies->https : &proxies->http;

    *out = NULL;
    if (proxy->variable == NULL || zreg__reference_is_loopback(url->host) ||
        zreg__proxy_passes_by(proxies->none, url->host, url->port)) {
        return ZREG_OK;
    }
    if (proxies->in_a_cgi && zreg__str_equal(proxy->variable, "HTTP_PROXY")) {
        return zreg__fail(
            err, ZREG_DENIED,
            "%s: HTTP_PROXY is set beside REQUEST_METHOD: in a CGI program it may come "
            "from anyone; write http_proxy, or unset one of them",
            url->host);
    }
    if (proxy->url == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s names no proxy; write http://HOST:PORT or "
                          "http://USER:PASSWORD@HOST:PORT",
                          proxy->variable);
    }
    *out = proxy;
    return ZREG_OK;
}

static void proxy_finish(zreg__proxy *proxy)
{
    zreg__free_secret(proxy->url);
    free(proxy->shown);
}

void zreg__proxies_finish(zreg__proxies *proxies)
{
    proxy_finish(&proxies->http);
    proxy_finish(&proxies->https);
    free(proxies->none);
    *proxies = (zreg__proxies){0};
}
