/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the interfaces that vendors have beside the registry's protocol. */
#include "registry/tagapi.h"

#include "base/error.h"
#include "base/mem.h"

static zreg_status find_host(zreg__host **out, zreg_client *client, zreg__host *registry,
                             const char *usual_host, zreg_error *err)
{
    zreg__host *set = zreg__host_tag_api(registry)->host;

    if (set != NULL) {
        *out = set;
        return ZREG_OK;
    }
    if (usual_host == NULL) {
        *out = registry;
        return ZREG_OK;
    }
    return zreg__client_host(out, client, usual_host, err);
}

zreg_status zreg__vendor_send(zreg__fetch_exchange **out, zreg_client *client, zreg__host *registry,
                              const zreg__vendor_call *call, zreg_cancel *cancel, zreg_error *err)
{
    const char *prefix = zreg__host_tag_api(registry)->path;
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s%s", prefix != NULL ? prefix : "", call->path);
    zreg__host *host = NULL;
    zreg__request request = {
        .method = call->method,
        .path = path,
        .headers = {"Accept: application/json"},
        .own_authorization = true,
        .authorization = call->authorization,
        .what = call->what,
    };

    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    if (call->body != NULL) {
        request.headers[1] = "Content-Type: application/json";
        request.body = call->body->data;
        request.body_bytes = call->body->size;
        request.secret_body = true;
    }
    ZREG__TRY(find_host(&host, client, registry, call->usual_host, err));
    return zreg__request_send(out, client, host, &request, cancel, err);
}

zreg_status zreg__vendor_json(zreg__json **out, zreg__fetch_exchange *exchange, const char *what,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(ZREG__MAX_TAGS_PAGE_BYTES);
    zreg_status status;

    ZREG__TRY(zreg__request_expect(exchange, 200, what, err));
    status = zreg__fetch_body(&body, exchange, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", what);
    }
    if (zreg__json_parse(out, zreg__buf_cstr(&body), body.size, what, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer is not JSON", what);
    }
    return ZREG_OK;
}
