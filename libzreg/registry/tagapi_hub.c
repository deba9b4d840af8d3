/* SPDX-License-Identifier: Apache-2.0 */
/* Docker Hub's API: its registry can list tags, but tells no age and deletes nothing. */
#include "registry/vendor.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

static zreg_status login_body(zreg__buf *to, const zreg__credential *credential, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    ZREG__AUTO_SECRET char *text = NULL;

    ZREG__TRY(zreg__json_set_text(json, "identifier", credential->username, err));
    ZREG__TRY(zreg__json_set_text(json, "secret", credential->password, err));
    ZREG__TRY(zreg__json_print(&text, json, err));
    return zreg__buf_text(to, text, err);
}

static zreg_status send_login(char **out, zreg_client *client, zreg__host *host,
                              const zreg__buf *body, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    const zreg__vendor_call call = {
        .method = "POST",
        .path = "/v2/auth/token",
        .body = body,
        .json = &json,
        .what = "login to the API of Docker Hub",
    };
    const char *token;

    ZREG__TRY(zreg__vendor_send(&exchange, &zreg__tagapi_hub, client, host, &call, cancel, err));
    ZREG__TRY(zreg__answer_expect(exchange, 200, call.what, err));
    token = zreg__json_text(json, "access_token");
    /* A line break would begin another header. */
    if (zreg__str_empty(token) || token[strcspn(token, "\r\n")] != '\0') {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer has no access_token", call.what);
    }
    *out = zreg__asprintf("Bearer %s", token);
    return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status log_in(char **out, zreg_client *client, zreg__host *host, const char *repository,
                          zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(2 * ZREG__MAX_TOKEN_BODY_BYTES);
    zreg_status status;

    ZREG__TRY(zreg__credentials_find(&credential, client->credentials, host->name, repository,
                                     cancel, err));
    if (credential.username == NULL || credential.password == NULL) {
        return ZREG_OK; /* public lists may be read by anybody */
    }
    status = login_body(&body, &credential, err);
    if (status == ZREG_OK) {
        status = send_login(out, client, host, &body, cancel, err);
    }
    if (body.data != NULL) {
        explicit_bzero(body.data, body.size);
    }
    return status;
}

static int64_t pushed_s(const zreg__json *tag)
{
    int64_t seconds;
    const char *time = zreg__json_text(tag, "last_updated");

    time = time != NULL ? time : zreg__json_text(tag, "tag_last_pushed");
    return zreg__clock_parse_rfc3339(&seconds, time) ? seconds : ZREG__NO_TIME;
}

static bool has_more(const zreg__json *page)
{
    return zreg__json_text(page, "next") != NULL;
}

const zreg__tagapi zreg__tagapi_hub = {
    .name = "Docker Hub",
    .host = "hub.docker.com",
    .repositories = "/v2/repositories/",
    .tags = "/tags/",
    .query = "?page_size=100", /* more is refused */
    .tag_end = "/",
    .key = "results",
    .has_more = has_more,
    .pushed_s = pushed_s,
    .log_in = log_in,
};
