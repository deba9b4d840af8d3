/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which proxy a request goes through, as the environment says: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, or the
 * same in small letters. The rules are those of Go's httpproxy, for one environment serves all tools of a machine;
 * ALL_PROXY, which Go does not know, counts where the other is not set. No I/O.
 */
#ifndef ZREG_HTTP_PROXY_H
#define ZREG_HTTP_PROXY_H

#include "base/compiler.h"
#include "http/fetch_url.h"

/** One proxy; all NULL: none. */
typedef struct zreg__proxy {
    const char *variable; /* that names it */
    char *
        url; /* with a port and, maybe, user and password: a secret; NULL: what was named is none */
    char *shown; /* "http://HOST:PORT", for people */
} zreg__proxy;

typedef struct zreg__proxies {
    zreg__proxy http, https;
    char *none;    /* NO_PROXY, or NULL */
    bool in_a_cgi; /* HTTP_PROXY may be a header that the peer of a web server sent */
} zreg__proxies;

/** Reads a variable; NULL: it is not set. */
typedef const char *zreg__proxy_variable(const char *name);

/** Takes what the variables say. Errors: NOMEM. */
zreg_status zreg__proxies_read(zreg__proxies *out, zreg__proxy_variable *get, zreg_error *err);

/** The proxy for a URL; NULL: none, as for loopback hosts always. Errors: INVAL (what is named there is no proxy);
 *  DENIED (HTTP_PROXY in a CGI program, where anyone may set it). */
zreg_status zreg__proxies_choose(const zreg__proxy **out, const zreg__proxies *proxies,
                                 const zreg__fetch_url *url, zreg_error *err);

/**
 * Whether NO_PROXY names a host, which is in small letters, IPv6 in brackets: entries are divided by commas or
 * spaces; "*" names all, "x" x and what is below it, ".x" and "*.x" only what is below it, an address or a network
 * ("10.0.0.0/8") addresses as they are written; ":PORT" behind it names that port only.
 */
bool zreg__proxy_passes_by(const char *none, const char *host, uint16_t port);

void zreg__proxies_finish(zreg__proxies *proxies);

ZREG__DEFINE_AUTO_VALUE(zreg__proxies, zreg__proxies_finish)

#endif
