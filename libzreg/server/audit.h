/* SPDX-License-Identifier: Apache-2.0 */
/** The audit log: one JSON line for each change, and for each that was refused (<zreg/server.h>). */
#ifndef ZREG_SERVER_AUDIT_H
#define ZREG_SERVER_AUDIT_H

#include "server/inside.h"

/** Tells of a call that is over, if it was one that changes something. */
void zreg__audit_call(const zreg__call *call);

/** Tells of a manifest that this process stored by itself; `tag` may be NULL. */
void zreg__audit_stored(zreg_server *server, const char *repository, const char *tag,
                        const char *digest);

/** Tells of a reload. */
void zreg__audit_reload(zreg_server *server, bool is_done);

#endif
