/* SPDX-License-Identifier: Apache-2.0 */
/** Asks the token service that a host named for a bearer token (docker token authentication). */
#ifndef ZREG_REGISTRY_TOKEN_ASK_H
#define ZREG_REGISTRY_TOKEN_ASK_H

#include "registry/client_inner.h"
#include "registry/token.h"

/** The caller owns `*out`. `alone`, for a login: a refresh token is asked for too, and no credentials that were given for the service itself stand in for `credential`
 *  where that must not be shown to it. Errors: DENIED, PROTO, NET, ... */
zreg_status zreg__token_ask(zreg__token **out, zreg_client *client, zreg__host *host,
                            const zreg__scopes *scopes, const zreg__credential *credential,
                            bool alone, zreg_cancel *cancel, zreg_error *err);

#endif
