/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth.h"

#include "base/error.h"
#include "base/mem.h"
#include "registry/token.h"

static zreg__challenge_scheme scheme_of(zreg__host *host)
{
    zreg__challenge_scheme scheme;

    pthread_mutex_lock(&host->lock);
    scheme = host->challenge.scheme;
    pthread_mutex_unlock(&host->lock);
    return scheme;
}

static void set_value(zreg__auth *auth, char *value)
{
    zreg__free_secret(auth->value);
    auth->value = value;
    auth->serial = 0;
    auth->fresh = true;
}

static zreg_status use_basic(zreg__auth *auth, const zreg__credential *credential, zreg_error *err)
{
    char *value = NULL;

    if (credential->username != NULL) {
        ZREG__TRY(zreg__credential_basic(&value, credential, err));
    }
    set_value(auth, value);
    return ZREG_OK;
}

/* Takes a kept token, or the right to ask for one (then `auth->value` stays NULL). */
static zreg_status take_token(zreg__auth *auth, zreg__host *host, const char *credential_key,
                              zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    const zreg__token *token;

    pthread_mutex_lock(&host->lock);
    while (status == ZREG_OK &&
           (token = zreg__token_find(host, credential_key, &auth->needed)) == NULL &&
           host->token_wanted) {
        status = zreg__host_wait(host, cancel, err);
    }
    if (status == ZREG_OK && token != NULL) {
        set_value(auth, zreg__strdup(token->value));
        auth->serial = token->serial;
        auth->fresh = false;
        status = auth->value != NULL ? ZREG_OK : zreg__fail_nomem(err);
    } else if (status == ZREG_OK) {
        host->token_wanted = true;
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

/* The request's own scopes first, then what is expected to be needed in the same repository. */
static zreg_status all_scopes(zreg__scopes *to, const zreg__auth *auth, zreg__host *host,
                              zreg_error *err)
{
    const zreg__scopes *expected = NULL;
    zreg_status status = zreg__scopes_merge(to, &auth->needed, err);

    if (status == ZREG_OK && auth->needed.count > 0) {
        pthread_mutex_lock(&host->lock);
        expected = zreg__map_get(host->expected, auth->needed.items[0].name);
        if (expected != NULL) {
            status = zreg__scopes_merge(to, expected, err);
        }
        pthread_mutex_unlock(&host->lock);
    }
    return status;
}

static zreg_status ask_for_token(zreg__auth *auth, zreg_client *client, zreg__host *host,
                                 const zreg__credential *credential, zreg_cancel *cancel,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes scopes = {0};
    ZREG__AUTO(zreg__token) zreg__token *token = NULL;
    zreg_status status = all_scopes(&scopes, auth, host, err);

    if (status == ZREG_OK) {
        status = zreg__token_request(&token, client, host, &scopes, credential, cancel, err);
    }
    pthread_mutex_lock(&host->lock);
    if (status == ZREG_OK) {
        set_value(auth, zreg__strdup(token->value));
        zreg__token_keep(host, token);
        auth->serial = token->serial;
        token = NULL;
    }
    host->token_wanted = false;
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
    if (status == ZREG_OK && auth->value == NULL) {
        return zreg__fail_nomem(err);
    }
    return status;
}

static zreg_status use_bearer(zreg__auth *auth, zreg_client *client, zreg__host *host,
                              const zreg__credential *credential, zreg_cancel *cancel,
                              zreg_error *err)
{
    set_value(auth, NULL);
    if (credential->registry_token != NULL) {
        set_value(auth, zreg__asprintf("Bearer %s", credential->registry_token));
        return auth->value != NULL ? ZREG_OK : zreg__fail_nomem(err);
    }
    ZREG__TRY(take_token(auth, host, credential->key, cancel, err));
    return auth->value != NULL ? ZREG_OK
                               : ask_for_token(auth, client, host, credential, cancel, err);
}

zreg_status zreg__auth_prepare(zreg__auth *auth, zreg_client *client, zreg__host *host,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    const char *repository = auth->needed.count > 0 ? auth->needed.items[0].name : "";

    auth->scheme = scheme_of(host);
    if (auth->scheme == ZREG__CHALLENGE_NONE) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__credentials_find(&credential, client->credentials, host->name, repository,
                                     cancel, err));
    auth->anonymous = credential.username == NULL && credential.identity_token == NULL &&
                      credential.registry_token == NULL;
    if (auth->scheme == ZREG__CHALLENGE_BASIC) {
        return use_basic(auth, &credential, err);
    }
    return use_bearer(auth, client, host, &credential, cancel, err);
}

/* Keeps the challenge for the requests to come. */
static void learn(zreg__host *host, zreg__challenge *challenge)
{
    pthread_mutex_lock(&host->lock);
    if (challenge->scheme != ZREG__CHALLENGE_NONE) {
        host->quirks = zreg__quirks_asking(challenge, host->quirks);
        zreg__challenge_finish(&host->challenge);
        host->challenge = *challenge;
        *challenge = (zreg__challenge){0};
    }
    pthread_mutex_unlock(&host->lock);
}

zreg_status zreg__auth_refused(bool *out_again, zreg__auth *auth, zreg__host *host,
                               const char *challenge, zreg_error *err)
{
    ZREG__AUTO(zreg__challenge) zreg__challenge parsed = {0};
    ZREG__AUTO(zreg__scopes) zreg__scopes wanted = {0};
    bool more = false;

    if (challenge != NULL) {
        ZREG__TRY(zreg__challenge_parse(&parsed, challenge, err));
    }
    if (parsed.scope != NULL) {
        ZREG__TRY(zreg__scopes_parse(&wanted, parsed.scope, err));
        more = !zreg__scopes_cover(&auth->needed, &wanted);
        ZREG__TRY(zreg__scopes_merge(&auth->needed, &wanted, err));
    }
    if (auth->serial != 0) {
        zreg__token_drop(host, auth->serial);
    }
    learn(host, &parsed);
    if (auth->scheme == ZREG__CHALLENGE_NONE || scheme_of(host) != auth->scheme) {
        *out_again = scheme_of(host) != ZREG__CHALLENGE_NONE;
    } else if (auth->scheme == ZREG__CHALLENGE_BASIC) {
        *out_again = false;
    } else {
        *out_again = auth->serial != 0 && (!auth->fresh || more);
    }
    return ZREG_OK;
}

void zreg__auth_finish(zreg__auth *auth)
{
    zreg__scopes_finish(&auth->needed);
    zreg__free_secret(auth->value);
    auth->value = NULL;
}
