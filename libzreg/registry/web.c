/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/web.h"

#include "base/error.h"
#include "base/mem.h"
#include "registry/request.h"

#include <string.h>

/* What is read there decides about images, and passwords go there: nobody may listen on the way. */
static zreg_status check_scheme(zreg__host *host, bool tls, const char *what, zreg_error *err)
{
    if (!tls && !zreg__host_speaks_plain(host)) {
        return zreg__fail(
            err, ZREG_INVAL,
            "%s: anyone on the network could read and change what goes over http://%s; "
            "use https://, or allow plain HTTP for that host",
            what, host->name);
    }
    return ZREG_OK;
}

zreg_status zreg__web_open(zreg__web *out, zreg_client *client, const char *url, const char *what,
                           zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url parsed = {0};
    ZREG__AUTO(zreg__web) zreg__web web = {.client = client, .what = what};
    ZREG__AUTO_FREE char *authority = NULL;
    size_t size;

    if (zreg__fetch_url_parse(&parsed, url, NULL) != ZREG_OK ||
        strchr(parsed.target, '?') != NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: \"%.100s\" is no URL; write https://HOST/PATH",
                          what, url);
    }
    for (size = strlen(parsed.target); size > 0 && parsed.target[size - 1] == '/';) {
        size--;
    }
    authority = zreg__fetch_url_authority(&parsed);
    web.prefix = zreg__strndup(parsed.target, size);
    if (authority == NULL || web.prefix == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&web.host, client, authority, err));
    ZREG__TRY(check_scheme(web.host, parsed.tls, what, err));
    *out = web;
    web.prefix = NULL;
    return ZREG_OK;
}

zreg_status zreg__web_get(zreg__json **out, const zreg__web *web, const char *path, size_t maximum,
                          zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__AUTO_FREE char *full = zreg__asprintf("%s%s", web->prefix, path);
    const zreg__request request = {
        .method = "GET",
        .path = full,
        .headers = {"Accept: application/json"},
        .json = &json,
        .json_bytes = maximum,
        .what = web->what,
    };

    if (full == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__request_send(&exchange, web->client, web->host, &request, cancel, err));
    ZREG__TRY(zreg__answer_expect(exchange, 200, web->what, err));
    *out = zreg__steal(&json);
    return ZREG_OK;
}

void zreg__web_finish(zreg__web *web)
{
    free(web->prefix);
}
