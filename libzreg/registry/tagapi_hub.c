/* SPDX-License-Identifier: Apache-2.0 */
/* Docker Hub's API: its registry can list tags, but tells no age and deletes nothing. */
#include "registry/tagapi.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

#define HUB "hub.docker.com"
#define PAGE 100 /* more is refused */

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
        .usual_host = HUB,
        .method = "POST",
        .path = "/v2/auth/token",
        .body = body,
        .what = "login to the API of Docker Hub",
    };
    const char *token;

    ZREG__TRY(zreg__vendor_send(&exchange, client, host, &call, cancel, err));
    ZREG__TRY(zreg__vendor_json(&json, exchange, call.what, err));
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

/* `*out` stays NULL where there is nobody to log in as. */
static zreg_status authorize(char **out, zreg_client *client, zreg__host *host,
                             const char *repository, zreg_cancel *cancel, zreg_error *err)
{
    const char *token = zreg__host_tag_api(host)->token;

    if (token != NULL) {
        *out = zreg__asprintf("Bearer %s", token);
        return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
    }
    *out = zreg__host_login(host);
    if (*out != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(log_in(out, client, host, repository, cancel, err));
    zreg__host_keep_login(host, *out);
    return ZREG_OK;
}

/* A login lives for minutes, and many deletions take longer: a 401 is answered by one new login. */
static zreg_status send_call(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                             zreg__vendor_call *call, const char *repository, zreg_cancel *cancel,
                             zreg_error *err)
{
    call->usual_host = HUB;
    for (int round = 0;; round++) {
        ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
        ZREG__AUTO_SECRET char *authorization = NULL;

        ZREG__TRY(authorize(&authorization, client, host, repository, cancel, err));
        call->authorization = authorization;
        ZREG__TRY(zreg__vendor_send(&exchange, client, host, call, cancel, err));
        if (zreg__fetch_status(exchange) != 401 || round > 0 ||
            zreg__host_tag_api(host)->token != NULL) {
            *out = zreg__steal(&exchange);
            return ZREG_OK;
        }
        zreg__host_keep_login(host, NULL);
    }
}

static zreg_status add_tag(zreg__dated_tags *out, const zreg__json *tag, zreg_error *err)
{
    int64_t pushed_s;
    const char *time = zreg__json_text(tag, "last_updated");

    time = time != NULL ? time : zreg__json_text(tag, "tag_last_pushed");
    if (!zreg__clock_parse_rfc3339(&pushed_s, time)) {
        pushed_s = ZREG__NO_TIME;
    }
    return zreg__dated_tags_add(out, zreg__json_text(tag, "name"), pushed_s, err);
}

static zreg_status add_page(bool *out_more, zreg__dated_tags *out, const zreg__json *page,
                            const char *what, zreg_error *err)
{
    const zreg__json *results = zreg__json_get(page, "results");

    if (!zreg__json_is_array(results)) {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer has no results", what);
    }
    for (size_t i = 0; i < zreg__json_length(results); i++) {
        ZREG__TRY(add_tag(out, zreg__json_at(results, i), err));
    }
    *out_more = zreg__json_text(page, "next") != NULL && zreg__json_length(results) > 0;
    return ZREG_OK;
}

static zreg_status take_page(bool *out_more, zreg__dated_tags *out, zreg_client *client,
                             zreg__host *host, const zreg_ref *ref, unsigned number,
                             zreg_cancel *cancel, zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__json) zreg__json *page = NULL;
    ZREG__AUTO_FREE char *path =
        zreg__asprintf("/v2/repositories/%s/tags/?page_size=%d&page=%u", repository, PAGE, number);
    ZREG__AUTO_FREE char *what = zreg__asprintf("tags of %s on Docker Hub", repository);
    zreg__vendor_call call = {.method = "GET", .path = path, .what = what};

    if (path == NULL || what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(send_call(&exchange, client, host, &call, repository, cancel, err));
    ZREG__TRY(zreg__vendor_json(&page, exchange, what, err));
    return add_page(out_more, out, page, what, err);
}

static zreg_status list(zreg__dated_tags *out, zreg_client *client, const zreg_ref *ref,
                        zreg_cancel *cancel, zreg_error *err)
{
    zreg__host *host = NULL;
    bool more = true;

    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    for (unsigned number = 1; more; number++) {
        if (number > ZREG__MAX_TAGS_PAGES) {
            return zreg__fail(err, ZREG_LIMIT, "tags of %s: the pages never end",
                              zreg_ref_repository(ref));
        }
        ZREG__TRY(take_page(&more, out, client, host, ref, number, cancel, err));
    }
    return ZREG_OK;
}

/* Answers 204, and at times 200 or 202. */
static zreg_status remove_tag(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                              zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *path =
        zreg__asprintf("/v2/repositories/%s/tags/%s/", repository, zreg_ref_tag(ref));
    ZREG__AUTO_FREE char *what =
        zreg__asprintf("tag %s:%s on Docker Hub", repository, zreg_ref_tag(ref));
    zreg__vendor_call call = {.method = "DELETE", .path = path, .what = what};
    zreg__host *host = NULL;

    if (path == NULL || what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    ZREG__TRY(send_call(&exchange, client, host, &call, repository, cancel, err));
    return zreg__fetch_status(exchange) / 100 == 2 ? ZREG_OK
                                                   : zreg__request_fail(exchange, what, err);
}

const zreg__tagapi zreg__tagapi_hub = {true, list, remove_tag};
