/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Mounts: a blob that another repository holds, without its bytes. Who may not read that other one is
 * told nothing of it; an upload begins instead.
 *
 * A token that does not reach it, though another of the same caller might, gets a 401 that names both
 * scopes, for each blob once in a while: who comes back without, because his token service grants no
 * more, or because he takes no scopes from challenges, is not sent round again. Safe from many threads.
 */
#ifndef ZREG_SERVER_MOUNTS_H
#define ZREG_SERVER_MOUNTS_H

#include "server/inside.h"

/** Errors: IO, NOMEM. */
zreg_status zreg__mounts_new(zreg__mounts **out, zreg_error *err);

/** Looks at the token of what may be a mount. False: answered with 401. */
bool zreg__mounts_begin(zreg__call *call);

/** Whether the call is a mount that was done, and of which blob. */
bool zreg__mounts_try(zreg_digest *out, zreg__call *call, zreg__store *store);

/** Accepts NULL. */
void zreg__mounts_free(zreg__mounts *mounts);

ZREG__DEFINE_AUTO(zreg__mounts, zreg__mounts_free)

#endif
