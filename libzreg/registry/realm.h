/* SPDX-License-Identifier: Apache-2.0 */
/** Which token services a registry may name. No I/O. */
#ifndef ZREG_REGISTRY_REALM_H
#define ZREG_REGISTRY_REALM_H

#include "http/fetch_url.h"
#include <stdbool.h>

/**
 * True when a password for `registry` may be sent to `realm`, both host names without ports.
 *
 * The two must be the same name, or one must be below the other, or both directly below the same
 * name; and the name they share must not be one under which strangers live: it has at least two
 * parts, and is not of the kind "co.uk" (two letters at the end, at most three before). Addresses
 * must be the same.
 */
bool zreg__realm_shares_domain(const char *registry, const char *realm);

#endif
