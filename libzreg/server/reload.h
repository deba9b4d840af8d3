/* SPDX-License-Identifier: Apache-2.0 */
/** What changes while a server runs. */
#ifndef ZREG_SERVER_RELOAD_H
#define ZREG_SERVER_RELOAD_H

#include "server/inside.h"

/** Gives a call its share of users and rights as they are now. */
void zreg__reload_share(zreg__call *call);

/** The keys of tokens as they are now; the caller's share. */
zreg__authority *zreg__reload_authority(zreg_server *server);

/** The rights as they are now; the caller's share. */
zreg__rights *zreg__reload_rights(zreg_server *server);

#endif
