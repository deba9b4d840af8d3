/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/request.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "registry/attempt.h"
#include "registry/auth.h"

#include <stdio.h>
#include <string.h>

/* Sends of one try: without authorization, with a kept or new token, with a wider token. */
#define MAX_ROUNDS 3

/* A request under way. */
typedef struct delivery {
    zreg_client *client;
    zreg__host *host;
    const zreg__request *request;
    zreg_cancel *cancel;
    zreg__auth auth;
    zreg__fetch_failure failure;
    bool tls;      /* of the last send */
    bool refused;  /* a 401 came */
    bool in_doubt; /* a try may have been carried out whose answer was lost */
} delivery;

static void delivery_finish(delivery *s)
{
    zreg__auth_finish(&s->auth);
}

ZREG__DEFINE_AUTO_VALUE(delivery, delivery_finish)

/* What the last answer taught counts: a first send may have gone elsewhere. */
static const char *path_of(const delivery *s)
{
    const zreg__quirks *quirks = s->host->quirks;

    return s->request->blob_path != NULL && quirks->manifests_as_blobs ? s->request->blob_path
                                                                       : s->request->path;
}

static zreg_status make_url(zreg__fetch_url *out, const delivery *s, bool tls, zreg_error *err)
{
    if (s->request->url != NULL) {
        return zreg__fetch_url_copy(out, s->request->url, err);
    }
    return zreg__fetch_url_make(out, tls, s->host->authority, path_of(s), err);
}

/* A URL that an answer gave may lead anywhere, and so may a redirect. */
static bool is_own(const delivery *s, const zreg__fetch_url *url, bool tls)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url own = {0};

    return zreg__fetch_url_make(&own, tls, s->host->authority, "/", NULL) == ZREG_OK &&
           zreg__fetch_url_same_origin(&own, url);
}

/* A 401 of the host itself; what others want is not for us to give. */
static bool wants_authorization(const delivery *s, const zreg__fetch_exchange *exchange)
{
    return !s->request->own_authorization && zreg__fetch_status(exchange) == 401 &&
           is_own(s, zreg__fetch_answerer(exchange), s->tls);
}

static zreg_status send_over(zreg__fetch_exchange **out, delivery *s, bool tls, bool maybe_plain,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
    zreg__fetch_tls trust = zreg__host_tls(s->host);
    zreg__fetch_request request = {
        .method = s->request->method,
        .url = &url,
        .headers = s->request->headers,
        .body = s->request->body,
        .body_bytes = s->request->body_bytes,
        .stream = s->request->stream,
        .stream_bytes = s->request->stream_bytes,
        .secret_body = s->request->secret_body,
        .limit_ms = s->request->limit_ms,
        .commits = s->request->commits,
        .is_brief = s->request->is_brief,
        .maybe_plain = maybe_plain,
    };

    s->tls = tls;
    ZREG__TRY(make_url(&url, s, tls, err));
    if (is_own(s, &url, tls)) {
        request.authorization =
            s->request->own_authorization ? s->request->authorization : s->auth.value;
        request.tls = &trust;
        request.http2 = s->host->http2;
        request.own_headers = s->request->own_headers;
    }
    request.tally = strstr(url.target, "/blobs/") != NULL ? &s->host->blob_requests : NULL;
    return zreg__client_open(out, s->client, s->host, &request, &s->failure, s->cancel, err);
}

/* A loopback host of which nothing is known, and one that may do without, is tried with TLS, then without; not one whose authority
 * or client certificate was given, for those are about TLS. */
static zreg_status send_found(zreg__fetch_exchange **out, delivery *s, bool first, zreg_error *err)
{
    zreg__fetch_tls trust = zreg__host_tls(s->host);
    bool may_be_plain = s->host->loopback || s->host->may_be_plain;
    bool maybe_plain = first && may_be_plain && !s->host->plain_http && trust.ca_pem == NULL &&
                       trust.client_cert_pem == NULL;
    zreg_error failed = {0};
    zreg_status status;

    if (!maybe_plain) {
        return send_over(out, s, zreg__host_uses_tls(s->host), false, err);
    }
    status = send_over(out, s, true, true, &failed);
    if (status == ZREG_OK) {
        return ZREG_OK;
    }
    if (s->failure == ZREG__FETCH_FINAL) {
        return zreg__fail_again(err, &failed);
    }
    return send_over(out, s, false, false, err);
}

/* A 401 that does not say what it wants: the base of the API may (distribution-spec, "Determining
 * Support"). */
static zreg_status ping_for_challenge(char **out, const delivery *s, zreg_error *err)
{
    static const zreg__request ping = {.method = "GET", .path = "/v2/"};
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    delivery asking = {
        .client = s->client,
        .host = s->host,
        .request = &ping,
        .cancel = s->cancel,
    };

    ZREG__TRY(send_over(&exchange, &asking, zreg__host_uses_tls(s->host), false, err));
    if (zreg__fetch_status(exchange) == 401) {
        atomic_fetch_add(&s->host->auth_requests, 1);
        *out = zreg__strdup(zreg__fetch_header(exchange, "www-authenticate"));
    }
    return ZREG_OK;
}

/* Learns from a 401; `*out_again`: the request is worth sending again. */
static zreg_status take_refusal(bool *out_again, delivery *s, const zreg__fetch_exchange *exchange,
                                zreg_error *err)
{
    ZREG__AUTO_FREE char *asked = NULL;
    const char *challenge = zreg__fetch_header(exchange, "www-authenticate");

    atomic_fetch_add(&s->host->auth_requests, 1);
    s->refused = true;
    if (challenge == NULL && s->auth.scheme == ZREG__CHALLENGE_NONE) {
        ZREG__TRY(ping_for_challenge(&asked, s, err));
        challenge = asked;
    }
    return zreg__auth_refused(out_again, &s->auth, s->host, challenge, err);
}

/* The first request to a host: what it teaches is known before others go on. */
static zreg_status send_first(zreg__fetch_exchange **out, bool *out_again, delivery *s,
                              zreg_error *err)
{
    zreg_status status = send_found(out, s, true, err);
    bool is_host_silent =
        status != ZREG_OK && s->failure != ZREG__FETCH_FINAL && s->request->limit_ms == 0;

    if (status == ZREG_OK) {
        zreg__host_answered(s->host, s->tls, zreg__fetch_peer_is_private(*out));
        if (wants_authorization(s, *out)) {
            status = take_refusal(out_again, s, *out, err);
        }
    }
    zreg__host_leave(s->host, is_host_silent ? err : NULL);
    return status;
}

/* Of what is known for the host there is nothing to show to who wants user and password. */
static bool has_nothing_to_show(const delivery *s)
{
    return s->auth.value == NULL && s->auth.scheme == ZREG__CHALLENGE_BASIC;
}

static zreg_status fail_unshown(const delivery *s, zreg_error *err)
{
    const char *what = s->request->what;
    const char *host = s->host->name;

    if (s->auth.anonymous) {
        zreg__fail(err, ZREG_DENIED, "%s: %s wants credentials, and none are known for it", what,
                   host);
    } else {
        zreg__fail(err, ZREG_DENIED,
                   "%s: %s wants user and password, and what is known for it is a token; give it "
                   "those",
                   what, host);
    }
    if (err != NULL) {
        err->http_status = 401;
        zreg__str_copy(err->registry_code, sizeof(err->registry_code), "UNAUTHORIZED");
    }
    return ZREG_DENIED;
}

/* `exchange` may be NULL when there was nothing to show. */
static zreg_status fail_denied(const delivery *s, zreg__fetch_exchange *exchange, zreg_error *err)
{
    return s->auth.anonymous || has_nothing_to_show(s)
               ? fail_unshown(s, err)
               : zreg__answer_fail(exchange, s->request->what, err);
}

static zreg_status send_next(zreg__fetch_exchange **out, bool *out_again, delivery *s,
                             zreg_error *err)
{
    if (!s->request->own_authorization) {
        ZREG__TRY(zreg__auth_prepare(&s->auth, s->client, s->host, s->cancel, err));
    }
    if (s->refused && has_nothing_to_show(s)) {
        return fail_denied(s, NULL, err);
    }
    ZREG__TRY(send_found(out, s, false, err));
    if (!s->request->stream && wants_authorization(s, *out)) {
        return take_refusal(out_again, s, *out, err);
    }
    return ZREG_OK;
}

/* One line for each request, for whoever looks why something failed. Queries may hold signatures,
 * and bodies and headers passwords: none of them is shown. */
static void log_try(const delivery *s, const zreg__fetch_exchange *exchange, uint64_t began_ms,
                    const zreg_error *failed)
{
    const zreg__fetch_url *url = s->request->url;
    const char *target = url != NULL ? url->target : path_of(s);
    char result[64] = "";

    if (exchange != NULL && !s->request->stream) {
        snprintf(result, sizeof(result), "HTTP %d", zreg__fetch_status(exchange));
    } else if (exchange != NULL) {
        snprintf(result, sizeof(result), "sending");
    }
    zreg__log_line(&s->client->log, ZREG_LOG_DEBUG, "%s %s://%s%.*s: %s, %llu ms",
                   s->request->method, s->tls ? "https" : "http",
                   url != NULL ? url->host : s->host->authority, (int)strcspn(target, "?"), target,
                   exchange != NULL ? result : failed->message,
                   (unsigned long long)(zreg__clock_ms() - began_ms));
}

/* With what is at hand: no first contact, no new token, no wait until the host may be asked again. */
static zreg_status send_fleeting(zreg__fetch_exchange **out, delivery *s, zreg_error *err)
{
    ZREG__TRY(zreg__auth_keep(&s->auth, s->client, s->host, s->cancel, err));
    if (zreg_cancel_triggered(s->cancel) != 0) {
        s->cancel = NULL; /* its own limit ends it */
    }
    return send_over(out, s, zreg__host_uses_tls(s->host), false, err);
}

/* One try: with as many sends as authorization takes. */
static zreg_status try_once(zreg__fetch_exchange **out, delivery *s, zreg_error *err)
{
    bool first = false;

    s->failure = ZREG__FETCH_FINAL;
    if (s->request->fleeting) {
        return send_fleeting(out, s, err);
    }
    for (int round = 0; round < MAX_ROUNDS; round++) {
        ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
        bool again = false;

        ZREG__TRY(zreg__host_enter(&first, &s->failure, s->host, s->cancel, err));
        ZREG__TRY(first ? send_first(&exchange, &again, s, err)
                        : send_next(&exchange, &again, s, err));
        if (!again && wants_authorization(s, exchange)) {
            return fail_denied(s, exchange, err);
        }
        if (!again) {
            *out = zreg__steal(&exchange);
            return ZREG_OK;
        }
    }
    return zreg__fail(err, ZREG_DENIED, "%s: %s does not accept the tokens that it asks for",
                      s->request->what, s->host->name);
}

static zreg_status fail_page(const delivery *s, const zreg__fetch_exchange *exchange,
                             zreg_error *err)
{
    zreg__fail(
        err, ZREG_PROTO,
        "%s: %s answers with a web page (text/html); is the address right, and does no login "
        "page or proxy stand before the registry?",
        s->request->what, zreg__fetch_answerer(exchange)->host);
    zreg__fetch_blame(exchange, err);
    return ZREG_PROTO;
}

static zreg_status parse_json(const zreg__request *request, const zreg__buf *body, zreg_error *err)
{
    zreg__json_free(zreg__steal(request->json));
    if (zreg__json_parse(request->json, body->data, body->size, request->what, NULL) == ZREG_OK) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_PROTO, "%s: the answer is not JSON; is the address right?",
                      request->what);
}

static zreg_status judge(bool *out_passing, const zreg__request *request,
                         const zreg__fetch_exchange *exchange, const zreg__buf *body,
                         zreg_error *err)
{
    if (request->json != NULL) {
        *out_passing = true;
        return parse_json(request, body, err);
    }
    return request->judge == NULL
               ? ZREG_OK
               : request->judge(out_passing, request->judge_user, exchange, body, err);
}

/* Reads the body of a 200 and has it judged. */
static zreg_status take_body(delivery *s, zreg__fetch_exchange *exchange, zreg_error *err)
{
    const zreg__request *request = s->request;
    ZREG__AUTO(zreg__buf) zreg__buf own = ZREG__SECRET_BUF(request->json_bytes); /* or a login */
    zreg__buf *body = request->json != NULL ? &own : request->answer;
    bool passing = false;
    zreg_status status;

    if (body == NULL || zreg__fetch_status(exchange) != 200) {
        return ZREG_OK;
    }
    zreg__buf_reset(body);
    status = zreg__fetch_body(body, exchange, err);
    if (status != ZREG_OK) {
        s->failure = zreg__fetch_failed_how(exchange);
        return zreg__error_prefix(err, status, "%s", request->what);
    }
    status = judge(&passing, request, exchange, body, err);
    if (status != ZREG_OK && passing) {
        s->failure = ZREG__FETCH_TRANSIENT;
    }
    return status;
}

static zreg_status send_logged(zreg__fetch_exchange **out, delivery *s, zreg_error *err)
{
    uint64_t began_ms = zreg__clock_ms();
    zreg_error failed = {0};
    zreg_status status = try_once(out, s, &failed);

    log_try(s, *out, began_ms, &failed);
    if (*out != NULL && !s->request->stream) {
        zreg__notices_take(s->client->notices, &s->client->log, *out);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

/* Whether it was done already: then the answer that shows it is the answer. Not knowing is no failure. */
static zreg_status look(zreg__fetch_exchange **out, const delivery *s, zreg_error *err)
{
    const zreg__request_look *how = s->request->look;
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg_error failed = {0};
    const zreg__request head = {
        .method = "HEAD",
        .path = how->path != NULL ? how->path : s->request->path,
        .repository = s->request->repository,
        .actions = ZREG__PULL,
        .headers = {how->accept},
        .own_headers = s->request->own_headers,
        .own_authorization = s->request->own_authorization,
        .authorization = s->request->authorization,
        .once = true,
        .what = s->request->what,
    };

    if (zreg__request_deliver(&exchange, s->client, s->host, &head, s->cancel, &failed) ==
        ZREG_CANCELLED) {
        return zreg__fail_again(err, &failed);
    }
    if (exchange != NULL && how->shows_done(how->user, exchange)) {
        *out = zreg__steal(&exchange);
    }
    return ZREG_OK;
}

/* Who refuses a request for the time being has not carried it out. */
static bool leaves_doubt(const zreg__fetch_exchange *exchange, zreg_status status,
                         zreg__fetch_failure failure)
{
    return status == ZREG_OK
               ? (zreg__fetch_status(exchange) >= 500 && zreg__fetch_status(exchange) != 503) ||
                     zreg__fetch_sent_twice(exchange)
               : failure != ZREG__FETCH_FINAL;
}

/* One try, to the last byte that is the request's own to read. */
static zreg_status send_whole(zreg__fetch_exchange **out, zreg__fetch_failure *failure, bool last,
                              void *user, zreg_error *err)
{
    delivery *s = user;
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg_status status;

    if (s->in_doubt && s->request->look != NULL) {
        ZREG__TRY(look(out, s, err));
    }
    if (*out != NULL) {
        return ZREG_OK;
    }
    status = send_logged(&exchange, s, err);
    if (status == ZREG_OK && zreg__answer_is_page(exchange) && !(last && s->request->may_be_page)) {
        s->failure = ZREG__FETCH_TRANSIENT;
        status = fail_page(s, exchange, err);
    }
    if (status == ZREG_OK) {
        status = take_body(s, exchange, err);
    }
    *failure = s->failure;
    s->in_doubt |= leaves_doubt(exchange, status, s->failure);
    if (status == ZREG_OK) {
        *out = zreg__steal(&exchange);
    }
    return status;
}

/* What is not sent again: the answer counts, whatever it is. */
static zreg_status send_once(zreg__fetch_exchange **out, delivery *s, zreg_error *err)
{
    zreg_status status = send_logged(out, s, err);

    if (s->request->out_serial != NULL) {
        *s->request->out_serial = s->auth.serial;
    }
    if (s->request->out_failure != NULL) {
        *s->request->out_failure = s->failure;
    }
    return status;
}

zreg_status zreg__request_deliver(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                                  const zreg__request *request, zreg_cancel *cancel,
                                  zreg_error *err)
{
    ZREG__AUTO(delivery)
    delivery sending = {
        .client = client,
        .host = host,
        .request = request,
        .cancel = cancel,
        .auth = {.alone = request->credential},
    };
    zreg__attempt attempt = {
        .client = client,
        .host = host,
        .what = request->what,
        .cancel = cancel,
        .failures = request->single ? client->attempts - 1 : 0,
    };

    if (request->repository != NULL) {
        ZREG__TRY(
            zreg__scopes_add(&sending.auth.needed, request->repository, request->actions, err));
    }
    if (request->from != NULL) {
        ZREG__TRY(zreg__scopes_add(&sending.auth.needed, request->from, ZREG__PULL, err));
    }
    if (request->once || request->stream || request->fleeting) {
        return send_once(out, &sending, err);
    }
    zreg_status status = zreg__attempt_send(out, &attempt, send_whole, &sending, err);

    if (request->out_authorized != NULL) {
        *request->out_authorized = sending.auth.value != NULL;
    }
    if (request->out_refresh != NULL && status == ZREG_OK) {
        *request->out_refresh = zreg__steal(&sending.auth.refresh);
    }
    if (request->out_in_doubt != NULL) {
        *request->out_in_doubt = sending.in_doubt;
    }
    return status;
}
