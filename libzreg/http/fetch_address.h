/* SPDX-License-Identifier: Apache-2.0 */
/** Which addresses a public host has no business to send us to. */
#ifndef ZREG_HTTP_FETCH_ADDRESS_H
#define ZREG_HTTP_FETCH_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/** True for loopback, link-local, private, shared, unspecified and multicast addresses, IPv4, IPv6,
 *  and IPv4 inside IPv6; true for families other than those two. */
bool zreg__fetch_address_is_private(const struct sockaddr *address);

/** The same for the text of a numeric address; true when it is none. */
bool zreg__fetch_address_text_is_private(const char *text);

#endif
