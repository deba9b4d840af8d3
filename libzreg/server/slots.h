/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How many uploads somebody has open: a user, or an address for those without a name. An upload counts
 * until it ends, or nothing of it was heard for an hour. Safe from many threads.
 */
#ifndef ZREG_SERVER_SLOTS_H
#define ZREG_SERVER_SLOTS_H

#include "base/compiler.h"
#include "server/inside.h"

/** `most` for each; 0: no limit, and nothing is counted. */
zreg_status zreg__slots_new(zreg__slots **out, uint32_t most, zreg_error *err);

/** Counts an upload of the caller; false: he has as many as he may. */
bool zreg__slots_take(zreg__slots *slots, const zreg__call *call, const char *upload_id,
                      uint64_t now_ms);

/** What becomes of an upload: one that is over no longer counts, another one was heard of. */
void zreg__slots_settle(zreg__slots *slots, const char *upload_id, bool is_over, uint64_t now_ms);

/** Accepts NULL. */
void zreg__slots_free(zreg__slots *slots);

ZREG__DEFINE_AUTO(zreg__slots, zreg__slots_free)

#endif
