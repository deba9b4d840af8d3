/* SPDX-License-Identifier: Apache-2.0 */
/** What the image layer needs of a server in the same process. */
#ifndef ZREG_SERVER_SERVER_H
#define ZREG_SERVER_SERVER_H

#include "base/compiler.h"
#include "base/str.h"
#include "store/store.h"
#include <zreg/server.h>

/** The name in the store of a repository as clients write it; `namespace_host` is the `?ns=` of a
 *  request, or NULL. Errors: INVAL (it is no name), NOMEM. */
zreg_status zreg__server_repository(char **out, const zreg_server *server, zreg__span name,
                                    const char *namespace_host, zreg_error *err);

/** A holder more: the memory of the server stays until each has released it. */
zreg_server *zreg__server_share(zreg_server *server);
void zreg__server_release(zreg_server *server);

/** One use of the store from outside, short, for which the end of the server waits. */
typedef struct zreg__server_visit {
    zreg_server *server; /* NULL: not entered */
} zreg__server_visit;

/** Errors: CANCELLED (the server was stopped), INVAL (this is a forked child). */
zreg_status zreg__server_enter(zreg__server_visit *out, zreg_server *server, zreg_error *err);
void zreg__server_leave(zreg__server_visit *visit);

/** All of the store behind the server; valid until the server is freed, to be used within visits. */
zreg__store *zreg__server_store(const zreg__server_visit *visit);

/** Says where a manifest that was stored directly came from, for the access log: `origin` as in
 *  oci/origin.h, or NULL for this buildset itself; `tag` may be NULL. */
void zreg__server_note_origin(zreg_server *server, const char *repository, const char *tag,
                              const zreg_manifest *manifest, const char *origin);

ZREG__DEFINE_AUTO(zreg_server, zreg_server_free)
ZREG__DEFINE_AUTO_VALUE(zreg__server_visit, zreg__server_leave)

#endif
