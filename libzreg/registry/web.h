/* SPDX-License-Identifier: Apache-2.0 */
/** A web service beside the registries, which answers GET with JSON. It is reached as a registry is:
 *  the same trust, credentials, retries and waits of its host. */
#ifndef ZREG_REGISTRY_WEB_H
#define ZREG_REGISTRY_WEB_H

#include "base/json.h"
#include "registry/client.h"

typedef struct zreg__web {
    zreg_client *client;
    struct zreg__host *host;
    char *prefix; /* of every path; does not end with '/' */
    const char *what;
} zreg__web;

/** Takes "https://HOST[:PORT][/PREFIX]"; http:// only for loopback hosts and those that plain HTTP
 *  was allowed for. `what` names the service in errors and must outlive it. Asks nothing.
 *  Errors: INVAL, NOMEM. */
zreg_status zreg__web_open(zreg__web *out, zreg_client *client, const char *url, const char *what,
                           zreg_error *err);

/** GETs PREFIX + `path`. Errors: PROTO (no JSON), LIMIT (over `maximum` bytes), those of the
 *  client. */
zreg_status zreg__web_get(zreg__json **out, const zreg__web *web, const char *path, size_t maximum,
                          zreg_cancel *cancel, zreg_error *err);

void zreg__web_finish(zreg__web *web);

ZREG__DEFINE_AUTO_VALUE(zreg__web, zreg__web_finish)

#endif
