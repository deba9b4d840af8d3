/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Whose tokens a server takes: those of a token service, where one is named; else those that it signs
 * itself, with the first of its keys. All keys are accepted, so that they can change while tokens of
 * older ones are still about. Safe from many threads.
 */
#ifndef ZREG_SERVER_AUTHORITY_H
#define ZREG_SERVER_AUTHORITY_H

#include "base/compiler.h"
#include "server/issuer.h"
#include <stdbool.h>
#include <stdint.h>
#include <zreg/server.h>

#define ZREG__AUTHORITY_MAC_BYTES 32

typedef struct zreg__authority zreg__authority;

/** The keys of the options; without any `run_key`, which ends with the process. Errors: INVAL (a key
 *  that is too short, too many; the token service), IO, NOMEM. */
zreg_status zreg__authority_new(zreg__authority **out, const zreg_server_options *options,
                                const uint8_t run_key[ZREG__AUTHORITY_MAC_BYTES], zreg_error *err);

/** A holder more; each calls zreg__authority_free. */
zreg__authority *zreg__authority_share(zreg__authority *authority);

/** The token service, or NULL. */
zreg__issuer *zreg__authority_issuer(const zreg__authority *authority);

/** HMAC-SHA-256 of bytes. */
void zreg__authority_sign(uint8_t mac[ZREG__AUTHORITY_MAC_BYTES], const zreg__authority *authority,
                          const void *bytes, size_t size);

/** Whether it is that of any of the keys; compared in constant time. */
bool zreg__authority_signed(const zreg__authority *authority,
                            const uint8_t mac[ZREG__AUTHORITY_MAC_BYTES], const void *bytes,
                            size_t size);

/** The last holder's wipes the keys. Accepts NULL. */
void zreg__authority_free(zreg__authority *authority);

ZREG__DEFINE_AUTO(zreg__authority, zreg__authority_free)

#endif
