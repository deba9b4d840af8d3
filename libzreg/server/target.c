/* SPDX-License-Identifier: Apache-2.0 */
#include "server/target.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/fetch_url.h"
#include "oci/reference.h"
#include "server/call.h"
#include "server/query.h"
#include "server/server.h"
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
        zreg__call_fail(call, ZREG__NAME_INVALID, "the path is malformed");
        return false;
    }
    if (call->query != NULL && !zreg__query_is_sound(call->query)) {
        call->query = NULL;
        zreg__call_fail_as(call, 400, ZREG__CODE_UNSUPPORTED, "the query is malformed");
        return false;
    }
    return true;
}

bool zreg__target_set_repository(zreg__call *call)
{
    ZREG__AUTO_FREE char *namespace = zreg__call_query(call, "ns", 0);
    zreg_status status = zreg__server_repository(&call->repository, call->server,
                                                 zreg__span_of(call->name), namespace, NULL);
    if (status == ZREG_OK) {
        if (call->server->shadows && namespace != NULL) {
            zreg__call_field(call, "OCI-Namespace", namespace);
        }
        return true;
    }
    if (status == ZREG_NOMEM) {
        zreg__call_empty(call, 503);
    } else {
        zreg__call_fail(call, ZREG__NAME_INVALID, "this is no repository name");
    }
    return false;
}

char *zreg__target_source(const zreg__call *call)
{
    ZREG__AUTO_FREE char *blob = zreg__call_query(call, "mount", 0);
    ZREG__AUTO_FREE char *from = zreg__call_query(call, "from", 0);
    char *source = NULL;
    if (blob != NULL && from != NULL && zreg__str_equal(call->route->method, "POST")) {
        (void)zreg__server_repository(&source, call->server, zreg__span_of(from), NULL, NULL);
    }
    return source;
}

/* Besides what no URL may hold: it stands in quotes and in angle brackets. */
static bool is_public(const zreg__fetch_url *url)
{
    return strpbrk(url->target, "?#\"<>\\^`{|}") == NULL;
}

zreg_status zreg__target_set_public(zreg_server *server, const char *url, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url parsed = {.host = NULL};
    zreg_error why;
    server->public_path = "";
    if (url == NULL) {
        return ZREG_OK;
    }
    if (zreg__fetch_url_parse(&parsed, url, &why) != ZREG_OK || strchr(url, '#') != NULL ||
        !is_public(&parsed)) {
        return zreg__fail(err, ZREG_INVAL,
                          "\"%.200s\" is no public URL; write https://HOST[:PORT][/PATH]", url);
    }
    ZREG__AUTO_FREE char *authority = zreg__fetch_url_authority(&parsed);
    server->public_base =
        authority == NULL
            ? NULL
            : zreg__asprintf("%s://%s%s", parsed.tls ? "https" : "http", authority, parsed.target);
    if (server->public_base == NULL) {
        return zreg__fail_nomem(err);
    }
    size_t end = strlen(server->public_base);
    server->public_path = server->public_base + end - strlen(parsed.target);
    while (server->public_base[end - 1] == '/') {
        server->public_base[--end] = '\0';
    }
    return ZREG_OK;
}

char *zreg__target_address(const zreg__serve *serve)
{
    const char *host = zreg__serve_host(serve);
    bool is_v6 = strchr(host, ':') != NULL;
    return zreg__asprintf("%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
                          zreg__serve_port(serve));
}

/* What a proxy or the client tells is repeated only where it is a host. */
static const char *host_of(const zreg__call *call)
{
    const char *told[] = {call->request->host, call->request->authority};
    for (size_t i = 0; i < ZREG__COUNT(told); i++) {
        if (told[i] != NULL && zreg__reference_is_host(zreg__span_of(told[i]))) {
            return told[i];
        }
    }
    return call->server->address;
}

void zreg__target_base(zreg__buf *to, const zreg__call *call)
{
    if (call->server->public_base != NULL) {
        zreg__buf_text(to, call->server->public_base, NULL);
    } else {
        zreg__buf_printf(to, NULL, "%s://%s%s", call->request->is_tls ? "https" : "http",
                         host_of(call), zreg__call_prefix(call));
    }
}
