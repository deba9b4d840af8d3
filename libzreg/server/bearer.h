/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Bearer tokens: what a client may do, signed with a key of this server (authority.h), or by a token
 * service outside (issuer.h).
 *
 * One of our own is base64url(lines) "." base64url(HMAC-SHA-256 of the first part). The lines: service,
 * time of expiry, who asked (two lines of identity.h), then one "RIGHTS SCOPE" for each scope granted,
 * RIGHTS being some of the letters p (pull), w (push), d (delete), c (catalog). There is no field that
 * names an algorithm.
 */
#ifndef ZREG_SERVER_BEARER_H
#define ZREG_SERVER_BEARER_H

#include "base/str.h"
#include "server/inside.h"

#define ZREG__BEARER_SERVICE "zreg"

/** Verifies a token and sets the call's identity and grants. */
bool zreg__bearer_read(zreg__call *call, zreg__span token);

/** Whether grants hold a right. `repository` NULL is fine for CATALOG. */
bool zreg__bearer_grants(const char *grants, zreg__right right, const char *repository);

/** Whether grants speak of a repository, be it without a right. */
bool zreg__bearer_names(const char *grants, const char *repository);

/** A token in new memory; `grants` are its last lines. */
zreg_status zreg__bearer_print(char **out, zreg_server *server, const zreg__identity *identity,
                               const char *grants, int64_t expires, zreg_error *err);

#endif
