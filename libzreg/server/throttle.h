/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How often an address may try: some attempts at once, and one more with each second after that. The
 * table of addresses has a fixed size; what is thrown out of it is what has the most left to try.
 * Not locked.
 */
#ifndef ZREG_SERVER_THROTTLE_H
#define ZREG_SERVER_THROTTLE_H

#include "base/compiler.h"
#include "http/address.h"
#include <stdbool.h>
#include <stdint.h>
#include <zreg/common.h>

typedef struct zreg__throttle zreg__throttle;

/** Errors: IO, NOMEM. */
zreg_status zreg__throttle_new(zreg__throttle **out, unsigned burst, zreg_error *err);

/** Counts an attempt of an address, or rather of its home (address.h). 0: it may be made; else nothing
 *  is counted, and it is the number of seconds after which the next may. */
unsigned zreg__throttle_try(zreg__throttle *throttle, const zreg__address *peer, uint64_t now_ms);

/** Takes an attempt back. */
void zreg__throttle_return(zreg__throttle *throttle, const zreg__address *peer, uint64_t now_ms);

/** Accepts NULL. */
void zreg__throttle_free(zreg__throttle *throttle);

ZREG__DEFINE_AUTO(zreg__throttle, zreg__throttle_free)

#endif
