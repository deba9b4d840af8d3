/* SPDX-License-Identifier: Apache-2.0 */
/** Addresses of peers: as sockets and texts tell them, and the networks that they are of. No I/O. */
#ifndef ZREG_HTTP_ADDRESS_H
#define ZREG_HTTP_ADDRESS_H

#include "base/str.h"
#include <stdint.h>
#include <sys/socket.h>
#include <zreg/common.h>

/** "[V6]:PORT" and NUL. */
#define ZREG__ADDRESS_TEXT 56

/** IPv4 stands as IPv6 does for it (RFC 4291 section 2.5.5.2), so that an address has one form. */
typedef struct zreg__address {
    uint8_t bytes[16]; /* all 0: unknown */
    uint16_t port;     /* 0: unknown */
} zreg__address;

/** An address and how many of its bits count. */
typedef struct zreg__network {
    uint8_t bytes[16];
    unsigned bits;
} zreg__network;

void zreg__address_of_socket(zreg__address *out, const struct sockaddr *socket);

/** From "A.B.C.D" or "V6"; with `has_port` also "A.B.C.D:PORT", "[V6]", "[V6]:PORT". False: it is none. */
bool zreg__address_parse(zreg__address *out, zreg__span text, bool has_port);

/** "A.B.C.D:PORT" or "[V6]:PORT". */
void zreg__address_print(char to[ZREG__ADDRESS_TEXT], const zreg__address *address);

/** Whom limits count as one: an IPv4 address, or a /64, which is what one customer has. */
void zreg__address_home(uint8_t out[16], const zreg__address *address);

/** From "ADDRESS" or "ADDRESS/BITS". Errors: INVAL. */
zreg_status zreg__address_network(zreg__network *out, const char *text, zreg_error *err);

bool zreg__address_is_of(const zreg__address *address, const zreg__network *networks, size_t count);

#endif
