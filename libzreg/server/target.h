/* SPDX-License-Identifier: Apache-2.0 */
/** Names in requests: path and query, and the one name that a repository has in the store. */
#ifndef ZREG_SERVER_TARGET_H
#define ZREG_SERVER_TARGET_H

#include "server/inside.h"

/** Sets path and query from the target. False: answered with 400. */
bool zreg__target_split(zreg__call *call);

/** Sets the repository from the name in the path and `?ns=` (zreg__server_repository). False:
 *  answered with NAME_INVALID. */
bool zreg__target_set_repository(zreg__call *call);

/** The name in the store of the repository that a mount names to take from, in new memory; NULL: the
 *  call is no mount, or names none. */
char *zreg__target_source(const zreg__call *call);

/** Sets how the world sees the server; `url` may be NULL. Errors: INVAL (`url`), NOMEM. */
zreg_status zreg__target_set_public(zreg_server *server, const char *url, zreg_error *err);

/** "HOST:PORT" of a socket, with brackets for IPv6; NULL: no memory. */
char *zreg__target_address(const zreg__serve *serve);

/** Adds "https://HOST/PATH", with which a client comes back here. */
void zreg__target_base(zreg__buf *to, const zreg__call *call);

#endif
