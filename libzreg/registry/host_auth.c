/* SPDX-License-Identifier: Apache-2.0 */
/* What a host wants to be shown, and what is kept to show it. */
#include "registry/host.h"

#include "base/error.h"
#include "base/mem.h"

zreg__challenge_scheme zreg__host_scheme(zreg__host *host)
{
    zreg__challenge_scheme scheme;

    pthread_mutex_lock(&host->lock);
    scheme = host->challenge.scheme;
    pthread_mutex_unlock(&host->lock);
    return scheme;
}

void zreg__host_learn(zreg__host *host, zreg__challenge *challenge)
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

zreg_status zreg__host_realm_of(zreg__host_realm *out, zreg__host *host, zreg_error *err)
{
    bool has_service;

    pthread_mutex_lock(&host->lock);
    out->realm = zreg__strdup(host->challenge.realm);
    out->service = zreg__strdup(host->challenge.service);
    has_service = host->challenge.service != NULL;
    out->tls = host->tls;
    out->peer_is_private = host->peer_is_private;
    pthread_mutex_unlock(&host->lock);
    if (out->realm == NULL) {
        return zreg__fail(err, ZREG_PROTO, "%s wants a token but does not say from where",
                          host->name);
    }
    return has_service && out->service == NULL ? zreg__fail_nomem(err) : ZREG_OK;
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

    pthread_mutex_lock(&host->lock);
    status = add_expected(host, repository, actions, from, err);
    pthread_mutex_unlock(&host->lock);
    return status;
}

zreg_status zreg__host_expected(zreg__scopes *to, zreg__host *host, const char *repository,
                                zreg_error *err)
{
    const zreg__scopes *expected;
    zreg_status status = ZREG_OK;

    pthread_mutex_lock(&host->lock);
    expected = zreg__map_get(host->expected, repository);
    if (expected != NULL) {
        status = zreg__scopes_merge(to, expected, err);
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

zreg_status zreg__host_take_token(char **out_value, uint64_t *out_serial, zreg__host *host,
                                  const char *credential_key, const zreg__scopes *needed,
                                  zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    const zreg__token *token;

    pthread_mutex_lock(&host->lock);
    while (status == ZREG_OK &&
           (token = zreg__token_find(host->tokens, credential_key, needed)) == NULL &&
           host->token_wanted) {
        status = zreg__host_wait(host, cancel, err);
    }
    if (status == ZREG_OK && token != NULL) {
        *out_value = zreg__strdup(token->value);
        *out_serial = token->serial;
        status = *out_value != NULL ? ZREG_OK : zreg__fail_nomem(err);
    } else if (status == ZREG_OK) {
        host->token_wanted = true;
    }
    pthread_mutex_unlock(&host->lock);
    return status;
}

char *zreg__host_kept_token(zreg__host *host, const char *credential_key,
                            const zreg__scopes *needed)
{
    const zreg__token *token;
    char *value = NULL;

    pthread_mutex_lock(&host->lock);
    token = zreg__token_find(host->tokens, credential_key, needed);
    if (token != NULL) {
        value = zreg__strdup(token->value);
    }
    pthread_mutex_unlock(&host->lock);
    return value;
}

uint64_t zreg__host_give_token(zreg__host *host, zreg__token *token)
{
    uint64_t serial = 0;

    pthread_mutex_lock(&host->lock);
    if (token != NULL) {
        zreg__token_keep(&host->tokens, token);
        serial = token->serial;
    }
    host->token_wanted = false;
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
    return serial;
}

void zreg__host_drop_token(zreg__host *host, uint64_t serial)
{
    pthread_mutex_lock(&host->lock);
    zreg__token_drop(&host->tokens, serial);
    pthread_mutex_unlock(&host->lock);
}

char *zreg__host_login(zreg__host *host)
{
    char *login;

    pthread_mutex_lock(&host->lock);
    login = zreg__strdup(host->login);
    pthread_mutex_unlock(&host->lock);
    return login;
}

void zreg__host_keep_login(zreg__host *host, const char *login)
{
    char *copy = zreg__strdup(login);

    pthread_mutex_lock(&host->lock);
    zreg__free_secret(host->login);
    host->login = copy;
    pthread_mutex_unlock(&host->lock);
}

void zreg__host_forget(zreg__host *host)
{
    pthread_mutex_lock(&host->lock);
    zreg__token_free_all(host->tokens);
    host->tokens = NULL;
    zreg__free_secret(host->login);
    host->login = NULL;
    pthread_mutex_unlock(&host->lock);
}
