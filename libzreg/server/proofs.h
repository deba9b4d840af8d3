/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Passwords that were checked a short while ago, as keyed digests (MACs): a fixed number, each until
 * it was not asked for during its lifetime, then wiped. Compared in constant time. Not locked.
 */
#ifndef ZREG_SERVER_PROOFS_H
#define ZREG_SERVER_PROOFS_H

#include "base/compiler.h"
#include <stdbool.h>
#include <stdint.h>
#include <zreg/common.h>

#define ZREG__PROOFS_MAC_BYTES 32

typedef struct zreg__proofs zreg__proofs;

/** `count` is a multiple of 8. Errors: NOMEM. */
zreg_status zreg__proofs_new(zreg__proofs **out, size_t count, uint32_t lifetime_ms,
                             zreg_error *err);

/** Whether it is known, which gives it another lifetime. */
bool zreg__proofs_recall(zreg__proofs *proofs, const uint8_t mac[ZREG__PROOFS_MAC_BYTES],
                         uint64_t now_ms);

/** Adds one, in the place of the oldest where there is no room, and wipes those that are old. */
void zreg__proofs_add(zreg__proofs *proofs, const uint8_t mac[ZREG__PROOFS_MAC_BYTES],
                      uint64_t now_ms);

/** Wipes all. Accepts NULL. */
void zreg__proofs_free(zreg__proofs *proofs);

ZREG__DEFINE_AUTO(zreg__proofs, zreg__proofs_free)

#endif
