/* SPDX-License-Identifier: Apache-2.0 */
/** What each address has of something that ends (zreg__address_home): connections, memory. Any thread. It
 *  knows those only that have some. */
#ifndef ZREG_HTTP_SERVE_CROWD_H
#define ZREG_HTTP_SERVE_CROWD_H

#include "base/compiler.h"
#include "http/address.h"

typedef struct zreg__serve_crowd zreg__serve_crowd;

/** `most`: of one address. Errors: NOMEM. */
zreg_status zreg__serve_crowd_new(zreg__serve_crowd **out, uint64_t most, zreg_error *err);

/** `all`: of all together, and none has more than is left for the others. Errors: NOMEM. */
zreg_status zreg__serve_crowd_new_shared(zreg__serve_crowd **out, uint64_t all, zreg_error *err);

/** So much more. False: that would be too much, or there is no memory; nothing was counted. */
bool zreg__serve_crowd_take(zreg__serve_crowd *crowd, const zreg__address *address,
                            uint64_t amount);

/** So much less, of what was counted. */
void zreg__serve_crowd_give(zreg__serve_crowd *crowd, const zreg__address *address,
                            uint64_t amount);

/** What all have together. */
uint64_t zreg__serve_crowd_total(zreg__serve_crowd *crowd);

void zreg__serve_crowd_free(zreg__serve_crowd *crowd);

#endif
