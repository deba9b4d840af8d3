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
    auth->by_token = false;
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

/* Who asks, as whom, and since when. */
typedef struct asker {
    zreg_client *client;
    zreg__host *host;
    const zreg__credential *credential;
    uint64_t generation; /* of the credentials */
    zreg_cancel *cancel;
} asker;

static zreg_status use_bearer_value(zreg__auth *auth, const char *token, zreg_error *err)
{
    set_value(auth, zreg__concat("Bearer ", token, ""));
    return auth->value != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* What is shown to the registry itself: its token, or user and password. */
static zreg_status use_own(zreg__auth *auth, const zreg__credential *credential, zreg_error *err)
{
    bool by_user = credential->username != NULL && auth->scheme == ZREG__CHALLENGE_BASIC;

    return credential->registry_token != NULL && !by_user
               ? use_bearer_value(auth, credential->registry_token, err)
               : use_basic(auth, credential, err);
}

static zreg_status use_new_token(zreg__auth *auth, const asker *by, zreg__token_call *call,
                                 const zreg__scopes *wanted, zreg_error *err)
{
    zreg__token *token = NULL;
    zreg_error failed = {0};
    zreg_status status = zreg__token_ask(&token, by->client, by->host, wanted, by->credential,
                                         false, by->cancel, &failed);

    set_value(auth, token != NULL ? zreg__strdup(token->value) : NULL);
    bool all = zreg__turn_concerns_all(status, by->cancel);
    auth->serial = zreg__host_give_token(by->host, call, token, all ? &failed : NULL);
    auth->by_token = true;
    if (status != ZREG_OK) {
        return zreg__fail_again(err, &failed);
    }
    return auth->value != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* The request's own scopes first, then what is expected to be needed in the same repository. */
static zreg_status want_scopes(zreg__scopes *out, const zreg__auth *auth, zreg__host *host,
                               zreg_error *err)
{
    ZREG__TRY(zreg__scopes_merge(out, &auth->needed, err));
    if (auth->needed.count > 0) {
        ZREG__TRY(zreg__host_expected(out, host, auth->needed.items[0].name, err));
    }
    return ZREG_OK;
}

/* A token of which nobody else learns: that of others would say nothing of these credentials. */
static zreg_status use_own_token(zreg__auth *auth, const asker *by, zreg_error *err)
{
    ZREG__AUTO(zreg__token) zreg__token *token = NULL;

    ZREG__TRY(zreg__token_ask(&token, by->client, by->host, &auth->needed, by->credential, true,
                              by->cancel, err));
    set_value(auth, zreg__strdup(token->value));
    auth->by_token = true;
    zreg__free_secret(auth->refresh);
    auth->refresh = zreg__steal(&token->refresh);
    return auth->value != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status use_kept_token(zreg__auth *auth, const asker *by, zreg_error *err)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes wanted = {0};
    const zreg__token_want want = {
        .credential_key = by->credential->key,
        .generation = by->generation,
        .needed = &auth->needed,
        .wanted = &wanted,
    };
    zreg__token_call *call = NULL;
    char *kept = NULL;
    uint64_t serial = 0;

    ZREG__TRY(want_scopes(&wanted, auth, by->host, err));
    ZREG__TRY(zreg__host_take_token(&kept, &serial, &call, by->host, &want, by->cancel, err));
    if (kept == NULL) {
        return use_new_token(auth, by, call, &wanted, err);
    }
    set_value(auth, kept);
    auth->serial = serial;
    auth->by_token = true;
    auth->fresh = false;
    return ZREG_OK;
}

/* Nothing was said of these credentials: the service is one that we must not or cannot ask. */
static bool is_out_of_reach(const zreg_error *failed)
{
    return failed->code == ZREG_PROTO || (failed->code == ZREG_DENIED && failed->http_status == 0);
}

/* Where both schemes are offered, user and password may do what no token service is there to do. */
static zreg_status use_bearer(zreg__auth *auth, const asker *by, zreg_error *err)
{
    zreg_error failed = {0};

    if (by->credential->registry_token != NULL) {
        return use_own(auth, by->credential, err);
    }
    zreg_status status =
        auth->alone != NULL ? use_own_token(auth, by, &failed) : use_kept_token(auth, by, &failed);
    if (status == ZREG_OK) {
        return ZREG_OK;
    }
    if (by->credential->username != NULL && zreg__host_offers_basic(by->host) &&
        is_out_of_reach(&failed)) {
        auth->scheme = ZREG__CHALLENGE_BASIC;
        auth->fell_back = true;
        zreg__host_prefer_basic(by->host);
        return use_basic(auth, by->credential, err);
    }
    return zreg__fail_again(err, &failed);
}

/* Those of the client for what is needed, unless others stand in their place. */
static zreg_status find_credential(const zreg__credential **out, zreg__credential *own,
                                   const zreg__auth *auth, zreg_client *client,
                                   const zreg__host *host, zreg_cancel *cancel, zreg_error *err)
{
    const char *repository = auth->needed.count > 0 ? auth->needed.items[0].name : "";

    *out = auth->alone != NULL ? auth->alone : own;
    return auth->alone != NULL ? ZREG_OK
                               : zreg__credentials_find(own, client->credentials, host->name,
                                                        repository, cancel, err);
}

zreg_status zreg__auth_prepare(zreg__auth *auth, zreg_client *client, zreg__host *host,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential own = {0};
    asker by = {
        .client = client,
        .host = host,
        .generation = zreg__host_generation(host),
        .cancel = cancel,
    };

    auth->scheme = zreg__host_scheme(host);
    if (auth->scheme == ZREG__CHALLENGE_NONE) {
        return ZREG_OK;
    }
    ZREG__TRY(find_credential(&by.credential, &own, auth, client, host, cancel, err));
    auth->anonymous = by.credential->username == NULL && by.credential->identity_token == NULL &&
                      by.credential->registry_token == NULL;
    return auth->scheme == ZREG__CHALLENGE_BEARER ? use_bearer(auth, &by, err)
                                                  : use_own(auth, by.credential, err);
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
    if (auth->scheme == ZREG__CHALLENGE_BASIC || credential.registry_token != NULL) {
        return use_own(auth, &credential, err);
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
    if (auth->fell_back) {
        *out_again = false;
    } else if (auth->scheme == ZREG__CHALLENGE_NONE || zreg__host_scheme(host) != auth->scheme) {
        *out_again = zreg__host_scheme(host) != ZREG__CHALLENGE_NONE;
    } else if (auth->scheme == ZREG__CHALLENGE_BASIC) {
        *out_again = false;
    } else {
        *out_again = auth->by_token && (!auth->fresh || more);
    }
    return ZREG_OK;
}

void zreg__auth_finish(zreg__auth *auth)
{
    zreg__scopes_finish(&auth->needed);
    zreg__free_secret(auth->value);
    zreg__free_secret(auth->refresh);
    auth->value = NULL;
    auth->refresh = NULL;
}
