/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The way that a request came, as proxies tell it: Forwarded (RFC 7239) or X-Forwarded-For, -Proto, -Host
 * and -Prefix. No I/O, no memory.
 *
 * Each proxy adds at the right, so the fields are read from there: as long as a hop is one that is trusted,
 * what it says of the one before it counts. What stands further left may be anybody's invention.
 */
#ifndef ZREG_HTTP_WIRE_WAY_H
#define ZREG_HTTP_WIRE_WAY_H

#include "http/address.h"
#include "http/wire_head.h"

#define ZREG__WIRE_MAX_HOPS 16

/** What is told of the client that trusted proxies speak for; texts lie in the head. */
typedef struct zreg__wire_way {
    zreg__address client; /* the last proxy that is trusted, when it does not tell */
    zreg__span scheme;    /* "http" or "https", in any case; text NULL: not told */
    zreg__span host;      /* "HOST[:PORT]", not checked; text NULL: not told */
    zreg__span prefix;    /* "/PATH", which a proxy has taken away; text NULL: not told */
} zreg__wire_way;

/** What the head of a request tells that came from `peer`, a trusted proxy. False: its fields contradict
 *  each other, so one of them is not a proxy's, or in what counts of Forwarded a quote stays open or a name
 *  stands twice. */
bool zreg__wire_way_read(zreg__wire_way *out, const zreg__wire_head *head,
                         const zreg__address *peer, const zreg__network *trusted, size_t count);

#endif
