/* SPDX-License-Identifier: Apache-2.0 */
/** What a proxy sends before all else by the PROXY protocol, version 2: whose connection it passes on.
 *  No I/O, no memory. */
#ifndef ZREG_HTTP_WIRE_PROXY_H
#define ZREG_HTTP_WIRE_PROXY_H

#include "http/address.h"

#define ZREG__WIRE_PROXY_BEGIN ((size_t)16) /* tells the size of the whole */
#define ZREG__WIRE_PROXY_MAX ((size_t)4096)

typedef struct zreg__wire_proxy {
    bool is_local;   /* the proxy speaks for itself */
    bool has_client; /* else it does not know the client by an address of ours */
    bool is_tls;     /* the client came to the proxy under TLS */
    zreg__address client;
} zreg__wire_proxy;

/** The size of the whole header, by its first ZREG__WIRE_PROXY_BEGIN bytes. 0: it is none, or too large. */
size_t zreg__wire_proxy_size(const char *bytes);

/** Parses a whole header of that size. False: it is malformed. */
bool zreg__wire_proxy_parse(zreg__wire_proxy *out, const char *bytes, size_t size);

#endif
