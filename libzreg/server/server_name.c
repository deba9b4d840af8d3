/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include "base/error.h"
#include "base/mem.h"
#include "oci/reference.h"
#include "server/inside.h"

zreg_status zreg__server_repository(char **out, const zreg_server *server, zreg__span name,
                                    const char *namespace_host, zreg_error *err)
{
    if (server->shadows) {
        return zreg__reference_canonical(out, name, namespace_host, err);
    }
    if (!zreg__reference_is_path(name)) {
        return zreg__fail(err, ZREG_INVAL, "this is no repository name");
    }
    char *copy = zreg__strndup(name.text, name.size);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = copy;
    return ZREG_OK;
}
