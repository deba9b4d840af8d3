/* SPDX-License-Identifier: Apache-2.0 */
#include "server/target.h"

#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"
#include "server/call.h"
#include "server/query.h"
#include <string.h>

bool zreg__target_split(zreg__call *call)
{
    call->path = zreg__strdup(call->request->target);
    if (call->path == NULL) {
        zreg__call_empty(call, 503);
        return false;
    }
    char *query = strchr(call->path, '?');
    if (query != NULL) {
        *query = '\0';
        call->query = query + 1;
    }
    if (call->path[0] != '/' || !zreg__query_decode_path(call->path)) {
        call->request->response.close = true;
        zreg__call_fail_as(call, 400, ZREG__NAME_INVALID, "the path is malformed");
        return false;
    }
    return true;
}

bool zreg__target_set_repository(zreg__call *call)
{
    ZREG__AUTO_FREE char *namespace = zreg__call_query(call, "ns", 0);
    zreg_status status =
        zreg__reference_canonical(&call->repository, zreg__span_of(call->name), namespace, NULL);
    if (status == ZREG_OK) {
        return true;
    }
    zreg__call_fail_as(call, status == ZREG_NOMEM ? 503 : 400, ZREG__NAME_INVALID,
                       "this is no repository name");
    return false;
}

const char *zreg__target_host(const zreg__call *call)
{
    const char *host = zreg__serve_header(call->request, "Host");
    return host != NULL && zreg__reference_is_host(zreg__span_of(host)) ? host
                                                                        : call->server->address;
}
