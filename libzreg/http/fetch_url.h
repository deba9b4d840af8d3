/* SPDX-License-Identifier: Apache-2.0 */
/**
 * http and https URLs: parsed once, strictly, so that no two readers of one URL can disagree.
 *
 * Path and query are kept byte for byte: upload sessions and signatures depend on it. Only "." and ".." are taken
 * out of the path of what an answer points to.
 */
#ifndef ZREG_HTTP_FETCH_URL_H
#define ZREG_HTTP_FETCH_URL_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__fetch_url {
    bool tls;      /* https */
    uint16_t port; /* filled in when not written */
    char *host;    /* lower case; IPv6 in brackets */
    char *target;  /* path and query; begins with '/' */
} zreg__fetch_url;

/** Parses an absolute URL. User information, spaces and control characters are refused; a fragment
 *  is dropped. Errors: PROTO, LIMIT, NOMEM. */
zreg_status zreg__fetch_url_parse(zreg__fetch_url *out, const char *text, zreg_error *err);

/** Makes a URL from parts; `authority` is "host" or "host:port". Errors: INVAL, NOMEM. */
zreg_status zreg__fetch_url_make(zreg__fetch_url *out, bool tls, const char *authority,
                                 const char *target, zreg_error *err);

/**
 * Resolves a Location or Link target as seen at `base` (RFC 3986 section 5): absolute, "//host/x",
 * "/x", "x", "?x", with "." and ".." taken out of its path; also "host/x" where host is that of `base`, which some registries send.
 */
zreg_status zreg__fetch_url_resolve(zreg__fetch_url *out, const zreg__fetch_url *base,
                                    const char *location, zreg_error *err);

/** A copy. */
zreg_status zreg__fetch_url_copy(zreg__fetch_url *out, const zreg__fetch_url *url, zreg_error *err);

/** True when scheme, host and port are the same. */
bool zreg__fetch_url_same_origin(const zreg__fetch_url *a, const zreg__fetch_url *b);

/** "https://host:port" in new memory, NULL when memory runs out. */
char *zreg__fetch_url_origin(const zreg__fetch_url *url);

/** "host", or "host:port" with another than the usual port, in new memory; NULL when memory runs
 *  out. */
char *zreg__fetch_url_authority(const zreg__fetch_url *url);

/** The whole URL in new memory, NULL when memory runs out. May hold signatures: not for people. */
char *zreg__fetch_url_text(const zreg__fetch_url *url);

/** Frees the texts. */
void zreg__fetch_url_finish(zreg__fetch_url *url);

ZREG__DEFINE_AUTO_VALUE(zreg__fetch_url, zreg__fetch_url_finish)

#endif
