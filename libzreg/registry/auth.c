/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth.h"

#include "base/error.h"
#include "base/mem.h"
#include "registry/token_ask.h"

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

/* The request's own scopes first, then what is expected to be needed in the same repository. */
static zreg_status ask_for_token(zreg__token **out, const zreg__auth *auth, zreg_client *client,
                                 zreg__host *host, const zreg__credential *credential,
                                 zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes scopes = {0};

    ZREG__TRY(zreg__scopes_merge(&scopes, &auth->needed, err));
    if (auth->needed.count > 0) {
        ZREG__TRY(zreg__host_expected(&scopes, host, auth->needed.items[0].name, err));
    }
    return zreg__token_ask(out, client, host, &scopes, credential, cancel, err);
}

static zreg_status use_new_token(zreg__auth *auth, zreg_client *client, zreg__host *host,
                                 const zreg__credential *credential, zreg_cancel *cancel,
                                 zreg_error *err)
{
    zreg__token *token = NULL;
    zreg_status status = ask_for_token(&token, auth, client, host, credential, cancel, err);

    set_value(auth, token != NULL ? zreg__strdup(token->value) : NULL);
    auth->serial = zreg__host_give_token(host, token);
    if (status == ZREG_OK && auth->value == NULL) {
        return zreg__fail_nomem(err);
    }
    return status;
}

static zreg_status use_bearer(zreg__auth *auth, zreg_client *client, zreg__host *host,
                              const zreg__credential *credential, zreg_cancel *cancel,
                              zreg_error *err)
{
    char *kept = NULL;
    uint64_t serial = 0;

    if (credential->registry_token != NULL) {
        set_value(auth, zreg__asprintf("Bearer %s", credential->registry_token));
        return auth->value != NULL ? ZREG_OK : zreg__fail_nomem(err);
    }
    ZREG__TRY(
        zreg__host_take_token(&kept, &serial, host, credential->key, &auth->needed, cancel, err));
    if (kept == NULL) {
        return use_new_token(auth, client, host, credential, cancel, err);
    }
    set_value(auth, kept);
    auth->serial = serial;
    auth->fresh = false;
    return ZREG_OK;
}

zreg_status zreg__auth_prepare(zreg__auth *auth, zreg_client *client, zreg__host *host,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    const char *repository = auth->needed.count > 0 ? auth->needed.items[0].name : "";

    auth->scheme = zreg__host_scheme(host);
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

zreg_status zreg__auth_keep(zreg__auth *auth, zreg_client *client, zreg__host *host,
                            zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    const char *repository = auth->needed.count > 0 ? auth->needed.items[0].name : "";

    auth->scheme = zreg__host_scheme(host);
    if (auth->scheme == ZREG__CHALLENGE_NONE) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__credentials_find(&credential, client->credentials, host->name, repository,
                                     cancel, err));
    if (auth->scheme == ZREG__CHALLENGE_BASIC) {
        return use_basic(auth, &credential, err);
    }
    if (credential.registry_token != NULL) {
        return use_bearer(auth, client, host, &credential, cancel, err);
    }
    set_value(auth, zreg__host_kept_token(host, credential.key, &auth->needed));
    return ZREG_OK;
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
        zreg__host_drop_token(host, auth->serial);
    }
    zreg__host_learn(host, &parsed);
    if (auth->scheme == ZREG__CHALLENGE_NONE || zreg__host_scheme(host) != auth->scheme) {
        *out_again = zreg__host_scheme(host) != ZREG__CHALLENGE_NONE;
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
