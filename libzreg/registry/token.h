/* SPDX-License-Identifier: Apache-2.0 */
/** Bearer tokens: asked for, kept per host, found again by what they allow. */
#ifndef ZREG_REGISTRY_TOKEN_H
#define ZREG_REGISTRY_TOKEN_H

#include "registry/client_inner.h"

struct zreg__token {
    zreg__token *next;
    uint64_t serial;      /* tells tokens of one host apart */
    char *credential_key; /* whose it is */
    zreg__scopes scopes;
    char *value; /* of the Authorization header */
    uint64_t expires_ms;
};

/** A token of the host that covers `needed`, or NULL; call with the host's lock held. */
const zreg__token *zreg__token_find(const zreg__host *host, const char *credential_key,
                                    const zreg__scopes *needed);

/** Asks the host's token service. The caller owns `*out`. Errors: DENIED, PROTO, NET, ... */
zreg_status zreg__token_request(zreg__token **out, zreg_client *client, zreg__host *host,
                                const zreg__scopes *scopes, const zreg__credential *credential,
                                zreg_cancel *cancel, zreg_error *err);

/** Keeps a token; call with the host's lock held. Takes it over. */
void zreg__token_keep(zreg__host *host, zreg__token *token);

/** Drops the token with this serial. */
void zreg__token_drop(zreg__host *host, uint64_t serial);

/** Drops all tokens of the host. */
void zreg__token_forget(zreg__host *host);

/** Frees a chain of tokens. Accepts NULL. */
void zreg__token_free_all(zreg__token *first);

ZREG__DEFINE_AUTO(zreg__token, zreg__token_free_all)

#endif
