/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/answer.h"

#include "base/error.h"
#include "base/limits.h"
#include "oci/errors.h"
#include "registry/notices.h"
#include "registry/retry.h"

#include <string.h>
#include <strings.h>

zreg_status zreg__answer_fail(zreg__fetch_exchange *exchange, const char *what, zreg_error *err)
{
    return zreg__answer_fail_telling(exchange, what, NULL, err);
}

zreg_status zreg__answer_fail_telling(zreg__fetch_exchange *exchange, const char *what,
                                      zreg_strings *missing, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(ZREG__MAX_ERROR_BODY_BYTES);

    /* A body that is too long or breaks off leaves the status, which says enough. */
    (void)zreg__fetch_body(&body, exchange, NULL);
    if (missing != NULL) {
        ZREG__TRY(zreg__errors_missing_blobs(missing, zreg__buf_cstr(&body), body.size, err));
    }
    bool fresh = err != NULL && err->code == ZREG_OK;
    zreg_status status = zreg__errors_from_response(err, zreg__fetch_status(exchange),
                                                    zreg__buf_cstr(&body), body.size, what);
    if (fresh) {
        err->retry_after_ms = zreg__retry_after_ms(exchange);
        zreg__notices_explain(err, exchange);
        zreg__fetch_blame(exchange, err);
    }
    return status;
}

/* What tells a digest, or the version of its interface, comes from the registry itself: Quay's answer to a ping is
 * text/html. */
bool zreg__answer_is_page(const zreg__fetch_exchange *exchange)
{
    const char *type = zreg__fetch_header(exchange, "content-type");

    return zreg__fetch_status(exchange) == 200 && type != NULL &&
           strncasecmp(type, "text/html", strlen("text/html")) == 0 &&
           zreg__fetch_header(exchange, "docker-content-digest") == NULL &&
           zreg__fetch_header(exchange, "docker-distribution-api-version") == NULL;
}

zreg_status zreg__answer_expect(zreg__fetch_exchange *exchange, int status, const char *what,
                                zreg_error *err)
{
    return zreg__fetch_status(exchange) == status ? ZREG_OK
                                                  : zreg__answer_fail(exchange, what, err);
}

bool zreg__answer_is_missing(const void *unused, const zreg__fetch_exchange *exchange)
{
    (void)unused;
    return zreg__fetch_status(exchange) == 404;
}

zreg_status zreg__answer_expect_deleted(zreg__fetch_exchange *exchange, const zreg__host *host,
                                        bool in_doubt, const char *what, zreg_error *err)
{
    const zreg__quirks *quirks = host->quirks;
    int status = zreg__fetch_status(exchange);

    if (status / 100 == 2) {
        return ZREG_OK;
    }
    if (status == 404 && quirks->no_deletes) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "%s: %s runs %s, which deletes nothing on request; prune its storage",
                          what, host->name, quirks->software);
    }
    if (in_doubt && zreg__answer_is_missing(NULL, exchange)) {
        return ZREG_OK;
    }
    return zreg__answer_fail(exchange, what, err);
}

zreg_status zreg__answer_location(zreg__fetch_url *out, const zreg__fetch_exchange *exchange,
                                  const char *what, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
    const zreg__fetch_url *here = zreg__fetch_answerer(exchange);
    const char *location = zreg__fetch_header(exchange, "location");

    if (location == NULL) {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer has no Location", what);
    }
    ZREG__TRY(zreg__fetch_url_resolve(&url, here, location, err));
    if (here->tls && !url.tls) {
        return zreg__fail(err, ZREG_PROTO,
                          "%s: the answer leads from https to http, which is refused; the registry "
                          "may stand behind a proxy that hides its address from it",
                          what);
    }
    *out = url;
    url = (zreg__fetch_url){0};
    return ZREG_OK;
}
