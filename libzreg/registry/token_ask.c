/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/token_ask.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/errors.h"
#include "registry/attempt.h"
#include "registry/realm.h"

#include <stdio.h>
#include <string.h>

/* What the token specification says where the service does not. */
#define DEFAULT_LIFE_S 60
/* A token is not used in its last tenth, and a longer life is not believed. */
#define LONGEST_LIFE_S 86400

/* One call to the token service. */
typedef struct token_call {
    zreg__fetch_url url;
    char *authorization;
    zreg__buf form; /* body of a POST; empty: GET */
    const zreg__credential *credential;
} token_call;

static void call_finish(token_call *call)
{
    zreg__fetch_url_finish(&call->url);
    zreg__free_secret(call->authorization);
    if (call->form.data != NULL) {
        explicit_bzero(call->form.data, call->form.size);
    }
    zreg__buf_finish(&call->form);
}

ZREG__DEFINE_AUTO_VALUE(token_call, call_finish)

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
    ZREG__TRY(zreg__credentials_find(own, client->credentials, call->url.host, "", cancel, err));
    if (own->username == NULL && own->identity_token == NULL) {
        return zreg__fail_again(err, &failed);
    }
    call->credential = own;
    return ZREG_OK;
}

static zreg_status add_query(zreg__buf *to, const char *service, const zreg__scopes *scopes,
                             const zreg__credential *credential, zreg_error *err)
{
    ZREG__TRY(zreg__buf_text(to, "service=", err));
    ZREG__TRY(zreg__buf_query(to, service != NULL ? service : "", err));
    if (credential->username != NULL) {
        ZREG__TRY(zreg__buf_text(to, "&account=", err));
        ZREG__TRY(zreg__buf_query(to, credential->username, err));
    }
    return zreg__scopes_query(scopes, to, err);
}

/* Refresh tokens go by POST (OAuth 2.0, RFC 6749 section 6), with all scopes in one value. */
static zreg_status fill_form(token_call *call, const char *service, const zreg__scopes *scopes,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf query = ZREG__BUF(call->form.maximum);
    const char *rest;
    const char *next;
    const char *separator = "&scope=";

    ZREG__TRY(zreg__buf_text(&call->form, "grant_type=refresh_token&client_id=zreg&service=", err));
    ZREG__TRY(zreg__buf_query(&call->form, service != NULL ? service : "", err));
    ZREG__TRY(zreg__buf_text(&call->form, "&refresh_token=", err));
    ZREG__TRY(zreg__buf_query(&call->form, call->credential->identity_token, err));
    ZREG__TRY(zreg__scopes_query(scopes, &query, err));
    for (rest = zreg__buf_cstr(&query); (next = strstr(rest, "&scope=")) != NULL; rest = next) {
        size_t size;

        next += strlen("&scope=");
        size = strcspn(next, "&");
        ZREG__TRY(zreg__buf_text(&call->form, separator, err));
        ZREG__TRY(zreg__buf_append(&call->form, next, size, err));
        separator = "%20";
    }
    return ZREG_OK;
}

static zreg_status fill_get(token_call *call, const char *service, const zreg__scopes *scopes,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf target = ZREG__BUF(ZREG__MAX_URL);
    char *text;

    ZREG__TRY(zreg__buf_text(&target, call->url.target, err));
    ZREG__TRY(zreg__buf_text(&target, strchr(call->url.target, '?') != NULL ? "&" : "?", err));
    ZREG__TRY(add_query(&target, service, scopes, call->credential, err));
    text = zreg__buf_steal(&target);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    free(call->url.target);
    call->url.target = text;
    if (call->credential->username == NULL) {
        return ZREG_OK;
    }
    return zreg__credential_basic(&call->authorization, call->credential, err);
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
    zreg__fetch_request request = {
        .method = post ? "POST" : "GET",
        .url = &call->url,
        .headers = post ? post_headers : get_headers,
        .authorization = call->authorization,
        .body = call->form.data,
        .body_bytes = call->form.size,
        .secret_body = true,
        .tls = &tls,
        .public_peer_only = s->public_only,
        .tally = &s->host->auth_requests,
    };

    return zreg__client_open(out, s->client, s->host, &request, failure, s->cancel, err);
}

static zreg_status send_once(zreg__fetch_exchange **out, zreg__fetch_failure *failure, bool last,
                             void *user, zreg_error *err)
{
    const delivery *s = user;
    zreg_status status = open_call(out, s, failure, err);

    (void)last;
    if (*failure == ZREG__FETCH_NOT_TLS) {
        *failure = ZREG__FETCH_FINAL; /* where it is was told by the registry */
    }
    zreg__log_line(&s->client->log, ZREG_LOG_DEBUG, "token service of %s at %s: %s %d",
                   s->host->name, s->call->url.host, status == ZREG_OK ? "HTTP" : err->message,
                   status == ZREG_OK ? zreg__fetch_status(*out) : 0);
    return status;
}

static zreg_status send_call(zreg__fetch_exchange **out, delivery *s, zreg_error *err)
{
    ZREG__AUTO_FREE char *what = zreg__asprintf("token service of %s", s->host->name);
    zreg__attempt attempt = {.client = s->client, .what = what, .cancel = s->cancel};
    zreg_status status;

    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    status = zreg__attempt_send(out, &attempt, send_once, s, err);
    return status == ZREG_OK ? ZREG_OK : zreg__error_prefix(err, status, "%s", what);
}

static zreg_status check_answer(zreg__fetch_exchange *exchange, const zreg__host *host,
                                zreg__buf *body, zreg_error *err)
{
    int status = zreg__fetch_status(exchange);
    ZREG__AUTO_FREE char *what =
        zreg__asprintf("token of %s for %s", zreg__fetch_answerer(exchange)->host, host->name);

    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__fetch_body(body, exchange, err));
    if (status == 200) {
        return ZREG_OK;
    }
    /* No image is missing when its token service has nothing under that address. */
    if (status == 404 || status == 400) {
        zreg__fail(err, ZREG_DENIED, "%s: the token service answers %d", what, status);
        return ZREG_DENIED;
    }
    return zreg__errors_from_response(err, status, body->data, body->size, what);
}

static zreg_status token_from(zreg__token **out, const zreg__buf *body, const zreg__scopes *scopes,
                              const char *credential_key, const zreg__host *host, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__AUTO(zreg__token) zreg__token *token = zreg__new(zreg__token);
    uint64_t life_s = DEFAULT_LIFE_S;
    const char *text;

    if (token == NULL) {
        return zreg__fail_nomem(err);
    }
    if (zreg__json_parse(&json, zreg__buf_cstr(body), body->size, "token", NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_PROTO, "the token service of %s does not answer in JSON",
                          host->name);
    }
    text = zreg__json_text(json, "token");
    text = zreg__str_empty(text) ? zreg__json_text(json, "access_token") : text;
    /* A line break would begin another header. */
    if (zreg__str_empty(text) || text[strcspn(text, "\r\n")] != '\0') {
        return zreg__fail(err, ZREG_PROTO, "the token service of %s gives no token", host->name);
    }
    (void)zreg__json_u64(json, "expires_in", &life_s);
    life_s = life_s < LONGEST_LIFE_S ? life_s : LONGEST_LIFE_S;
    token->expires_ms = zreg__clock_ms() + life_s * 900;
    token->value = zreg__asprintf("Bearer %s", text);
    token->credential_key = zreg__strdup(credential_key);
    if (token->value == NULL || token->credential_key == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__scopes_merge(&token->scopes, scopes, err));
    *out = zreg__steal(&token);
    return ZREG_OK;
}

zreg_status zreg__token_ask(zreg__token **out, zreg_client *client, zreg__host *host,
                            const zreg__scopes *scopes, const zreg__credential *credential,
                            zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(token_call)
    token_call call = {.form = ZREG__BUF(2 * ZREG__MAX_TOKEN_BODY_BYTES), .credential = credential};
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(ZREG__MAX_TOKEN_BODY_BYTES);
    ZREG__AUTO(zreg__credential) zreg__credential own = {0};
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__host_realm) zreg__host_realm named = {0};
    delivery sending = {.call = &call, .client = client, .host = host, .cancel = cancel};

    ZREG__TRY(zreg__host_realm_of(&named, host, err));
    ZREG__TRY(zreg__fetch_url_parse(&call.url, named.realm, err));
    ZREG__TRY(check_realm(host, named.tls, &call.url, err));
    ZREG__TRY(choose_credential(&own, &call, client, host, cancel, err));
    ZREG__TRY(call.credential->identity_token != NULL
                  ? fill_form(&call, named.service, scopes, err)
                  : fill_get(&call, named.service, scopes, err));
    sending.public_only = !named.peer_is_private;
    ZREG__TRY(send_call(&exchange, &sending, err));
    ZREG__TRY(check_answer(exchange, host, &body, err));
    return token_from(out, &body, scopes, credential->key, host, err);
}
