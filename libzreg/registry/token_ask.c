/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/token_ask.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/errors.h"
#include "registry/attempt.h"
#include "registry/realm.h"
#include "registry/token_answer.h"

#include <stdio.h>
#include <string.h>

/* One question to the token service, and how it is put. */
typedef struct token_call {
    zreg__fetch_url url;
    const char *service; /* or NULL */
    const zreg__scopes *scopes;
    const zreg__credential *credential;
    bool alone; /* none stand in for it, and a refresh token is asked for */

    char *target; /* of `url`, with the question of a GET */
    char *authorization;
    zreg__buf form; /* body of a POST; empty: GET */
} token_call;

static void call_clear(token_call *call)
{
    free(call->target);
    zreg__free_secret(call->authorization);
    zreg__buf_reset(&call->form);
    call->target = NULL;
    call->authorization = NULL;
}

static void call_finish(token_call *call)
{
    call_clear(call);
    zreg__fetch_url_finish(&call->url);
    zreg__buf_finish(&call->form);
}

ZREG__DEFINE_AUTO_VALUE(token_call, call_finish)

static zreg_status read_realm(zreg__fetch_url *out, const zreg__host *host, const char *realm,
                              zreg_error *err)
{
    if (strstr(realm, "://") == NULL) {
        return zreg__fail(err, ZREG_PROTO,
                          "%s names its token service by a relative address, \"%.128s\"; the realm "
                          "of its challenge must begin with https://",
                          host->name, realm);
    }
    zreg_status status = zreg__fetch_url_parse(out, realm, err);
    return status == ZREG_OK ? ZREG_OK
                             : zreg__error_prefix(err, status, "token service of %s", host->name);
}

/* The rules of who may be a token service for whom, but for the address, which is known later. */
static zreg_status check_realm(const zreg__host *host, bool tls, const zreg__fetch_url *realm,
                               zreg_error *err)
{
    if (tls && !realm->tls) {
        return zreg__fail(err, ZREG_DENIED,
                          "%s names a token service without TLS, http://%s, which is refused",
                          host->name, realm->host);
    }
    return ZREG_OK;
}

static zreg_status check_domain(const zreg__host *host, const zreg__fetch_url *realm,
                                zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url registry = {0};

    ZREG__TRY(zreg__fetch_url_make(&registry, true, host->authority, "/", err));
    if (zreg__realm_shares_domain(registry.host, realm->host)) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_DENIED,
                      "%s names a token service in another domain, %s, to which its password is "
                      "not sent; to allow it, give credentials for %s",
                      host->name, realm->host, realm->host);
}

/* Which password to show: that of the registry, or that which was given for the service itself. */
static zreg_status choose_credential(zreg__credential *own, token_call *call, zreg_client *client,
                                     const zreg__host *host, zreg_cancel *cancel, zreg_error *err)
{
    zreg_error failed = {0};

    if (call->credential->username == NULL && call->credential->identity_token == NULL) {
        return ZREG_OK;
    }
    if (check_domain(host, &call->url, &failed) == ZREG_OK) {
        return ZREG_OK;
    }
    if (call->alone) {
        return zreg__fail_again(err, &failed);
    }
    ZREG__TRY(zreg__credentials_find(own, client->credentials, call->url.host, "", cancel, err));
    if (own->username == NULL && own->identity_token == NULL) {
        return zreg__fail_again(err, &failed);
    }
    call->credential = own;
    return ZREG_OK;
}

/* All scopes in one value, as a form has them (OAuth 2.0, RFC 6749 section 3.3). */
static zreg_status add_form_scopes(token_call *call, zreg_error *err)
{
    static const char mark[] = "&scope=";
    ZREG__AUTO(zreg__buf) zreg__buf query = ZREG__BUF(call->form.maximum);
    const char *separator = mark;

    ZREG__TRY(zreg__scopes_query(call->scopes, &query, err));
    for (const char *at = zreg__buf_cstr(&query); (at = strstr(at, mark)) != NULL;) {
        at += strlen(mark);
        ZREG__TRY(zreg__buf_text(&call->form, separator, err));
        ZREG__TRY(zreg__buf_append(&call->form, at, strcspn(at, "&"), err));
        separator = "%20";
    }
    return ZREG_OK;
}

static zreg_status add_form(token_call *call, const char *name, const char *value, zreg_error *err)
{
    ZREG__TRY(zreg__buf_text(&call->form, name, err));
    return zreg__buf_query(&call->form, value != NULL ? value : "", err);
}

/* POST (RFC 6749 sections 4.3 and 6): a refresh token, else user and password. */
static zreg_status put_by_post(token_call *call, zreg_error *err)
{
    const zreg__credential *credential = call->credential;

    call_clear(call);
    ZREG__TRY(add_form(call, "client_id=zreg&service=", call->service, err));
    if (credential->identity_token != NULL) {
        ZREG__TRY(add_form(
            call, "&grant_type=refresh_token&refresh_token=", credential->identity_token, err));
    } else {
        ZREG__TRY(add_form(call, "&grant_type=password&username=", credential->username, err));
        ZREG__TRY(add_form(call, "&password=", credential->password, err));
        ZREG__TRY(call->alone ? zreg__buf_text(&call->form, "&access_type=offline", err) : ZREG_OK);
    }
    return add_form_scopes(call, err);
}

/* User and password, or a refresh token in their place: under the user that it came with, or else under the one
 * that stands for it with credential helpers. */
static zreg_status put_authorization(token_call *call, zreg_error *err)
{
    zreg__credential shown = *call->credential;
    char stand_in[] = "<token>";

    if (shown.username == NULL && shown.identity_token == NULL) {
        return ZREG_OK;
    }
    if (zreg__str_empty(shown.password) && shown.identity_token != NULL) {
        shown.password = shown.identity_token;
    }
    if (shown.username == NULL) {
        shown.username = stand_in;
    }
    return zreg__credential_basic(&call->authorization, &shown, err);
}

static zreg_status put_by_get(token_call *call, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf target = ZREG__BUF(ZREG__MAX_URL);
    const char *user = call->credential->username;

    call_clear(call);
    ZREG__TRY(zreg__buf_text(&target, call->url.target, err));
    ZREG__TRY(zreg__buf_text(&target, strchr(call->url.target, '?') != NULL ? "&" : "?", err));
    ZREG__TRY(zreg__buf_text(&target, "service=", err));
    ZREG__TRY(zreg__buf_query(&target, call->service != NULL ? call->service : "", err));
    if (!zreg__str_empty(user)) {
        ZREG__TRY(zreg__buf_text(&target, "&account=", err));
        ZREG__TRY(zreg__buf_query(&target, user, err));
    }
    if (call->alone) {
        ZREG__TRY(zreg__buf_text(&target, "&client_id=zreg&offline_token=true", err));
    }
    ZREG__TRY(zreg__scopes_query(call->scopes, &target, err));
    call->target = zreg__buf_steal(&target);
    return call->target != NULL ? put_authorization(call, err) : zreg__fail_nomem(err);
}

/* Trust settings of the service: the registry's for the registry's name, else those set for it. */
static zreg__fetch_tls realm_tls(zreg_client *client, const zreg__host *host,
                                 const zreg__fetch_url *realm)
{
    size_t size = strlen(realm->host);
    const zreg__host *known = NULL;
    char authority[ZREG__MAX_HOST + 8];

    if (strncmp(host->authority, realm->host, size) == 0 &&
        (host->authority[size] == '\0' || host->authority[size] == ':')) {
        return zreg__host_tls(host);
    }
    known = zreg__client_known_host(client, realm->host);
    if (known == NULL) {
        snprintf(authority, sizeof(authority), "%s:%u", realm->host, (unsigned)realm->port);
        known = zreg__client_known_host(client, authority);
    }
    return known != NULL ? zreg__host_tls(known) : (zreg__fetch_tls){0};
}

/* A call under way. */
typedef struct delivery {
    const token_call *call;
    zreg_client *client;
    zreg__host *host;
    bool public_only;
    zreg_cancel *cancel;
    zreg__buf *body;            /* of the answer */
    zreg__token_answer *answer; /* what a 200 holds */
} delivery;

static zreg_status open_call(zreg__fetch_exchange **out, const delivery *s,
                             zreg__fetch_failure *failure, zreg_error *err)
{
    static const char *const get_headers[] = {"Accept: application/json", NULL};
    static const char *const post_headers[] = {
        "Accept: application/json", "Content-Type: application/x-www-form-urlencoded", NULL};
    const token_call *call = s->call;
    zreg__fetch_tls tls = realm_tls(s->client, s->host, &call->url);
    bool post = call->form.size > 0;
    zreg__fetch_url url = call->url;
    zreg__fetch_request request = {
        .method = post ? "POST" : "GET",
        .url = &url,
        .headers = post ? post_headers : get_headers,
        .authorization = call->authorization,
        .body = call->form.data,
        .body_bytes = call->form.size,
        .secret_body = true,
        .tls = &tls,
        .public_peer_only = s->public_only,
        .tally = &s->host->auth_requests,
    };

    url.target = post ? url.target : call->target;
    return zreg__client_open(out, s->client, s->host, &request, failure, s->cancel, err);
}

/* Sends it and takes the whole answer: what breaks off, or holds no token, is asked for again too. */
static zreg_status send_and_read(zreg__fetch_exchange **out, zreg__fetch_failure *failure,
                                 const delivery *s, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;

    zreg__buf_reset(s->body);
    ZREG__TRY(open_call(&exchange, s, failure, err));
    zreg_error failed = {0};
    zreg_status status = zreg__fetch_body(s->body, exchange, &failed);
    /* The text of an error that is too long or breaks off leaves the status, which says enough. */
    if (status != ZREG_OK && zreg__fetch_status(exchange) == 200) {
        zreg__fail_again(err, &failed);
        *failure = zreg__fetch_failed_how(exchange);
        return status;
    }
    if (zreg__fetch_status(exchange) == 200) {
        *failure = ZREG__FETCH_TRANSIENT;
        zreg__token_answer_finish(s->answer);
        ZREG__TRY(zreg__token_answer_read(
            s->answer, (zreg__span){zreg__buf_cstr(s->body), s->body->size}, err));
    }
    *out = zreg__steal(&exchange);
    return ZREG_OK;
}

static zreg_status send_once(zreg__fetch_exchange **out, zreg__fetch_failure *failure, bool last,
                             void *user, zreg_error *err)
{
    const delivery *s = user;
    zreg_status status = send_and_read(out, failure, s, err);

    (void)last;
    if (*failure == ZREG__FETCH_NOT_TLS) {
        *failure = ZREG__FETCH_FINAL; /* where it is was told by the registry */
    }
    zreg__log_line(&s->client->log, ZREG_LOG_DEBUG, "token service of %s at %s: %s %d",
                   s->host->name, s->call->url.host, status == ZREG_OK ? "HTTP" : err->message,
                   status == ZREG_OK ? zreg__fetch_status(*out) : 0);
    return status;
}

/* Gives the status of the answer, whose body is then in `s->body`. */
static zreg_status send_call(int *out_status, delivery *s, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *what = zreg__asprintf("token service of %s", s->host->name);
    zreg__attempt attempt = {.client = s->client, .what = what, .cancel = s->cancel};

    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg_status status = zreg__attempt_send(&exchange, &attempt, send_once, s, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", what);
    }
    *out_status = zreg__fetch_status(exchange);
    return ZREG_OK;
}

/* Services without POST say so in one of these ways; Azure's says 400. */
static bool has_no_post(int status)
{
    return status == 404 || status == 405 || status == 400;
}

/* The specification has refresh tokens go by POST, and lets services do without it; some take nothing but POST. */
static zreg_status send_either_way(int *out_status, token_call *call, delivery *s, zreg_error *err)
{
    const zreg__credential *credential = call->credential;
    bool refresh = credential->identity_token != NULL;
    bool by_post = refresh || (credential->username != NULL && zreg__host_token_by_post(s->host));

    ZREG__TRY(by_post ? put_by_post(call, err) : put_by_get(call, err));
    ZREG__TRY(send_call(out_status, s, err));
    if (refresh && has_no_post(*out_status)) {
        ZREG__TRY(put_by_get(call, err));
        return send_call(out_status, s, err);
    }
    if (by_post || *out_status != 405 || credential->username == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(put_by_post(call, err));
    ZREG__TRY(send_call(out_status, s, err));
    if (*out_status == 200) {
        zreg__host_learn_token_by_post(s->host);
    }
    return ZREG_OK;
}

static zreg_status check_answer(int status, const token_call *call, const zreg__host *host,
                                const zreg__buf *body, zreg_error *err)
{
    if (status == 200) {
        return ZREG_OK;
    }
    ZREG__AUTO_FREE char *what = zreg__asprintf("token of %s for %s", call->url.host, host->name);
    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    /* No image is missing when its token service has nothing under that address. */
    if (has_no_post(status)) {
        return zreg__fail(err, ZREG_DENIED, "%s: the token service answers %d", what, status);
    }
    return zreg__errors_from_response(err, status, body->data, body->size, what);
}

static zreg_status token_from(zreg__token **out, zreg__token_answer *answer, const token_call *call,
                              const char *credential_key, zreg_error *err)
{
    ZREG__AUTO(zreg__token) zreg__token *token = zreg__new(zreg__token);

    if (token == NULL) {
        return zreg__fail_nomem(err);
    }
    token->expires_ms = zreg__clock_ms() + answer->life_s * 900;
    token->value = zreg__concat("Bearer ", answer->token, "");
    token->credential_key = zreg__strdup(credential_key);
    token->refresh = call->alone ? zreg__steal(&answer->refresh) : NULL;
    if (token->value == NULL || token->credential_key == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__scopes_merge(&token->scopes, call->scopes, err));
    *out = zreg__steal(&token);
    return ZREG_OK;
}

zreg_status zreg__token_ask(zreg__token **out, zreg_client *client, zreg__host *host,
                            const zreg__scopes *scopes, const zreg__credential *credential,
                            bool alone, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(token_call)
    token_call call = {.form = ZREG__SECRET_BUF(2 * ZREG__MAX_TOKEN_BODY_BYTES),
                       .scopes = scopes,
                       .credential = credential,
                       .alone = alone};
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__SECRET_BUF(ZREG__MAX_TOKEN_BODY_BYTES);
    ZREG__AUTO(zreg__credential) zreg__credential own = {0};
    ZREG__AUTO(zreg__host_realm) zreg__host_realm named = {0};
    ZREG__AUTO(zreg__token_answer) zreg__token_answer answer = {0};
    delivery sending = {.call = &call,
                        .client = client,
                        .host = host,
                        .cancel = cancel,
                        .body = &body,
                        .answer = &answer};
    int status = 0;

    ZREG__TRY(zreg__host_realm_of(&named, host, err));
    ZREG__TRY(read_realm(&call.url, host, named.realm, err));
    ZREG__TRY(check_realm(host, named.tls, &call.url, err));
    ZREG__TRY(choose_credential(&own, &call, client, host, cancel, err));
    call.service = named.service;
    sending.public_only = !named.peer_is_private;
    ZREG__TRY(send_either_way(&status, &call, &sending, err));
    ZREG__TRY(check_answer(status, &call, host, &body, err));
    return token_from(out, &answer, &call, credential->key, err);
}
