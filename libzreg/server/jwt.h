/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Signed tokens of others: JSON Web Tokens (RFC 7519) in their compact form, RS256 and ES256.
 *
 * The keys are those that were given, whatever a token says: `kid` is not needed, since each key of
 * the right type is tried, and `jwk`, `jku`, `x5c` and `x5u` are not looked at. The type of a key
 * decides which algorithm it is good for.
 */
#ifndef ZREG_SERVER_JWT_H
#define ZREG_SERVER_JWT_H

#include "base/compiler.h"
#include "base/json.h"
#include "base/str.h"
#include <zreg/common.h>

#define ZREG__JWT_MAX_BYTES ((size_t)16 * 1024)

/** Public keys; never change. */
typedef struct zreg__jwt_keys zreg__jwt_keys;

/** Reads PEM: public keys and certificates, RSA of 2048 bits and more or EC on P-256. Errors: INVAL,
 *  NOMEM. */
zreg_status zreg__jwt_keys_new(zreg__jwt_keys **out, const char *pem, zreg_error *err);

/** Accepts NULL. */
void zreg__jwt_keys_free(zreg__jwt_keys *keys);

/** Whether a token is signed by one of the keys. */
bool zreg__jwt_is_signed(const zreg__jwt_keys *keys, zreg__span token);

/** What a token says, signed or not: an object. False: it is none. */
bool zreg__jwt_read(zreg__json **out, zreg__span token);

ZREG__DEFINE_AUTO(zreg__jwt_keys, zreg__jwt_keys_free)

#endif
