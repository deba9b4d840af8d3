/* SPDX-License-Identifier: Apache-2.0 */
/** What the image layer needs of a server in the same process. */
#ifndef ZREG_SERVER_SERVER_H
#define ZREG_SERVER_SERVER_H

#include "base/compiler.h"
#include "store/store.h"
#include <zreg/server.h>

/** The store behind a server; valid until the server is freed, also after it was stopped. */
zreg__store *zreg__server_store(const zreg_server *server);

/** Says where a manifest that was stored directly came from, for the access log: `origin` as in
 *  oci/origin.h, or NULL for this buildset itself; `tag` may be NULL. */
void zreg__server_note_origin(zreg_server *server, const char *repository, const char *tag,
                              const zreg_manifest *manifest, const char *origin);

ZREG__DEFINE_AUTO(zreg_server, zreg_server_free)

#endif
