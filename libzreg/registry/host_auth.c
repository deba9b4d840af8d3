/* SPDX-License-Identifier: Apache-2.0 */
/* What a host wants to be shown, and what is kept to show it. */
#include "registry/host.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

zreg__challenge_scheme zreg__host_scheme(zreg__host *host)
{
    zreg__challenge_scheme scheme;

    pthread_mutex_lock(&host->lock.lock);
    scheme = host->challenge.scheme;
    pthread_mutex_unlock(&host->lock.lock);
    return scheme;
}

bool zreg__host_offers_basic(zreg__host *host)
{
    bool offers;

    pthread_mutex_lock(&host->lock.lock);
    offers = host->challenge.or_basic;
    pthread_mutex_unlock(&host->lock.lock);
    return offers;
}

void zreg__host_prefer_basic(zreg__host *host)
{
    pthread_mutex_lock(&host->lock.lock);
    host->challenge.scheme = ZREG__CHALLENGE_BASIC;
    pthread_mutex_unlock(&host->lock.lock);
}

void zreg__host_learn(zreg__host *host, zreg__challenge *challenge)
{
    pthread_mutex_lock(&host->lock.lock);
    if (challenge->scheme != ZREG__CHALLENGE_NONE) {
        host->quirks = zreg__quirks_asking(challenge, host->quirks);
        zreg__challenge_finish(&host->challenge);
        host->challenge = *challenge;
        *challenge = (zreg__challenge){0};
    }
    pthread_mutex_unlock(&host->lock.lock);
}

zreg_status zreg__host_realm_of(zreg__host_realm *out, zreg__host *host, zreg_error *err)
{
    bool has_service;

    pthread_mutex_lock(&host->lock.lock);
    out->realm = zreg__strdup(host->challenge.realm);
    out->service = zreg__strdup(host->challenge.service);
    has_service = host->challenge.service != NULL;
    out->tls = host->tls;
    out->peer_is_private = host->peer_is_private;
    pthread_mutex_unlock(&host->lock.lock);
    if (out->realm == NULL) {
        return zreg__fail(err, ZREG_PROTO, "%s wants a token but does not say from where",
                          host->name);
    }
    return has_service && out->service == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

bool zreg__host_asks_at(zreg__host *host, const char *name)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url realm = {0};
    bool found;

    pthread_mutex_lock(&host->lock.lock);
    found = host->challenge.realm != NULL &&
            zreg__fetch_url_parse(&realm, host->challenge.realm, NULL) == ZREG_OK &&
            strcmp(realm.host, name) == 0;
    pthread_mutex_unlock(&host->lock.lock);
    return found;
}

void zreg__host_realm_finish(zreg__host_realm *realm)
{
    free(realm->realm);
    free(realm->service);
}

/* The scopes that the first token for a repository should have; call with the lock held. */
static zreg_status expected_scopes(zreg__scopes **out, zreg__host *host, const char *repository,
                                   zreg_error *err)
{
    ZREG__AUTO_FREE zreg__scopes *made = NULL;

    *out = zreg__map_get(host->expected, repository);
    if (*out != NULL) {
        return ZREG_OK;
    }
    made = zreg__new(zreg__scopes);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_set(host->expected, repository, made, err));
    *out = zreg__steal(&made);
    return ZREG_OK;
}

static zreg_status add_expected(zreg__host *host, const char *repository, unsigned actions,
                                const char *from, zreg_error *err)
{
    zreg__scopes *scopes = NULL;

    ZREG__TRY(expected_scopes(&scopes, host, repository, err));
    ZREG__TRY(zreg__scopes_add(scopes, repository, actions, err));
    return from != NULL ? zreg__scopes_add(scopes, from, ZREG__PULL, err) : ZREG_OK;
}

zreg_status zreg__host_expect(zreg__host *host, const char *repository, unsigned actions,
                              const char *from, zreg_error *err)
{
    zreg_status status;

    pthread_mutex_lock(&host->lock.lock);
    status = add_expected(host, repository, actions, from, err);
    pthread_mutex_unlock(&host->lock.lock);
    return status;
}

zreg_status zreg__host_expected(zreg__scopes *to, zreg__host *host, const char *repository,
                                zreg_error *err)
{
    const zreg__scopes *expected;
    zreg_status status = ZREG_OK;

    pthread_mutex_lock(&host->lock.lock);
    expected = zreg__map_get(host->expected, repository);
    if (expected != NULL) {
        status = zreg__scopes_merge(to, expected, err);
    }
    pthread_mutex_unlock(&host->lock.lock);
    return status;
}

uint64_t zreg__host_generation(zreg__host *host)
{
    uint64_t generation;

    pthread_mutex_lock(&host->lock.lock);
    generation = host->generation;
    pthread_mutex_unlock(&host->lock.lock);
    return generation;
}

static void let_go(zreg__token_call *call)
{
    if (--call->holders == 0) {
        zreg__scopes_finish(&call->scopes);
        free(call->credential_key);
        free(call);
    }
}

/* The call under way that asks for no less than is needed. */
static zreg__token_call *find_call(const zreg__host *host, const zreg__token_want *want)
{
    zreg__token_call *call = host->calls;

    while (call != NULL && (call->generation != want->generation ||
                            strcmp(call->credential_key, want->credential_key) != 0 ||
                            !zreg__scopes_cover(&call->scopes, want->needed))) {
        call = call->next;
    }
    return call;
}

/* A service that grants nothing to who asks for much may still grant less. */
static bool is_met_again(const zreg__token_call *call, const zreg__token_want *want,
                         zreg_status status)
{
    return status != ZREG_DENIED || zreg__scopes_cover(want->wanted, &call->scopes);
}

static zreg_status wait_for(zreg__token_call *call, zreg__host *host, const zreg__token_want *want,
                            zreg_cancel *cancel, zreg_error *err)
{
    zreg_error failed = {0};

    call->holders++;
    zreg_status status = zreg__turn_wait(&call->turn, &host->lock, cancel, &failed);
    if (status != ZREG_OK && is_met_again(call, want, status)) {
        zreg__fail_again(err, &failed);
    } else {
        status = ZREG_OK;
    }
    let_go(call);
    return status;
}

static zreg_status begin_call(zreg__token_call **out, zreg__host *host,
                              const zreg__token_want *want, zreg_error *err)
{
    zreg__token_call *call = zreg__new(zreg__token_call);

    if (call == NULL) {
        return zreg__fail_nomem(err);
    }
    call->holders = 1;
    call->turn.taken = true;
    call->generation = want->generation;
    call->credential_key = zreg__strdup(want->credential_key);
    zreg_status status = zreg__scopes_merge(&call->scopes, want->wanted, err);
    if (status == ZREG_OK && call->credential_key == NULL) {
        status = zreg__fail_nomem(err);
    }
    if (status != ZREG_OK) {
        let_go(call);
        return status;
    }
    call->next = host->calls;
    host->calls = call;
    *out = call;
    return ZREG_OK;
}

static zreg_status take_locked(char **out_value, uint64_t *out_serial, zreg__token_call **out_call,
                               zreg__host *host, const zreg__token_want *want, zreg_cancel *cancel,
                               zreg_error *err)
{
    const zreg__token *token;
    zreg__token_call *call;

    while ((token = zreg__token_find(host->tokens, want->credential_key, want->needed)) == NULL &&
           (call = find_call(host, want)) != NULL) {
        ZREG__TRY(wait_for(call, host, want, cancel, err));
    }
    if (token == NULL) {
        return begin_call(out_call, host, want, err);
    }
    *out_value = zreg__strdup(token->value);
    *out_serial = token->serial;
    return *out_value != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__host_take_token(char **out_value, uint64_t *out_serial,
                                  zreg__token_call **out_call, zreg__host *host,
                                  const zreg__token_want *want, zreg_cancel *cancel,
                                  zreg_error *err)
{
    zreg_status status;

    pthread_mutex_lock(&host->lock.lock);
    status = take_locked(out_value, out_serial, out_call, host, want, cancel, err);
    pthread_mutex_unlock(&host->lock.lock);
    return status;
}

char *zreg__host_kept_token(zreg__host *host, const char *credential_key,
                            const zreg__scopes *needed)
{
    const zreg__token *token;
    char *value = NULL;

    pthread_mutex_lock(&host->lock.lock);
    token = zreg__token_find(host->tokens, credential_key, needed);
    if (token != NULL) {
        value = zreg__strdup(token->value);
    }
    pthread_mutex_unlock(&host->lock.lock);
    return value;
}

static void take_out(zreg__host *host, const zreg__token_call *call)
{
    for (zreg__token_call **at = &host->calls; *at != NULL; at = &(*at)->next) {
        if (*at == call) {
            *at = call->next;
            return;
        }
    }
}

uint64_t zreg__host_give_token(zreg__host *host, zreg__token_call *call, zreg__token *token,
                               const zreg_error *failed)
{
    ZREG__AUTO(zreg__token) zreg__token *unwanted = token;
    uint64_t serial = 0;

    pthread_mutex_lock(&host->lock.lock);
    if (token != NULL && call->generation == host->generation) {
        zreg__token_keep(&host->tokens, zreg__steal(&unwanted), &host->serials);
        serial = token->serial;
    }
    take_out(host, call);
    zreg__turn_end(&call->turn, &host->lock, failed);
    let_go(call);
    pthread_mutex_unlock(&host->lock.lock);
    return serial;
}

bool zreg__host_token_by_post(zreg__host *host)
{
    bool by_post;

    pthread_mutex_lock(&host->lock.lock);
    by_post = host->token_by_post;
    pthread_mutex_unlock(&host->lock.lock);
    return by_post;
}

void zreg__host_learn_token_by_post(zreg__host *host)
{
    pthread_mutex_lock(&host->lock.lock);
    host->token_by_post = true;
    pthread_mutex_unlock(&host->lock.lock);
}

void zreg__host_drop_token(zreg__host *host, uint64_t serial)
{
    pthread_mutex_lock(&host->lock.lock);
    zreg__token_drop(&host->tokens, serial);
    pthread_mutex_unlock(&host->lock.lock);
}

char *zreg__host_login(zreg__host *host)
{
    char *login;

    pthread_mutex_lock(&host->lock.lock);
    login = zreg__strdup(host->login);
    pthread_mutex_unlock(&host->lock.lock);
    return login;
}

void zreg__host_keep_login(zreg__host *host, const char *login, uint64_t generation)
{
    ZREG__AUTO_SECRET char *copy = zreg__strdup(login);

    pthread_mutex_lock(&host->lock.lock);
    if (generation == host->generation) {
        zreg__free_secret(host->login);
        host->login = zreg__steal(&copy);
    }
    pthread_mutex_unlock(&host->lock.lock);
}

void zreg__host_forget(zreg__host *host)
{
    pthread_mutex_lock(&host->lock.lock);
    host->generation++;
    zreg__token_free_all(host->tokens);
    host->tokens = NULL;
    zreg__free_secret(host->login);
    host->login = NULL;
    pthread_mutex_unlock(&host->lock.lock);
}
