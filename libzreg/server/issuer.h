/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A token service outside, which decides who may do what (distribution's token specification): where
 * it is, and what its tokens have to say. Safe from many threads.
 */
#ifndef ZREG_SERVER_ISSUER_H
#define ZREG_SERVER_ISSUER_H

#include "base/compiler.h"
#include "base/str.h"
#include "server/identity.h"
#include <zreg/server.h>

typedef struct zreg__issuer zreg__issuer;

/** That of the options; NULL where they name none. Errors: INVAL, NOMEM. */
zreg_status zreg__issuer_new(zreg__issuer **out, const zreg_server_options *options,
                             zreg_error *err);

/** Its URL, and the name by which it knows this server; fit to stand between quotes. */
const char *zreg__issuer_realm(const zreg__issuer *issuer);
const char *zreg__issuer_service(const zreg__issuer *issuer);

/** Verifies a token: who it is for and, in new memory, the lines of grants that bearer.h describes. */
bool zreg__issuer_read(zreg__identity *identity, char **out_grants, zreg__issuer *issuer,
                       const zreg_server *server, zreg__span token);

/** Accepts NULL. */
void zreg__issuer_free(zreg__issuer *issuer);

ZREG__DEFINE_AUTO(zreg__issuer, zreg__issuer_free)

#endif
