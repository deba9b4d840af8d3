/* SPDX-License-Identifier: Apache-2.0 */
/** Which Authorization a request carries, and what a 401 teaches. */
#ifndef ZREG_REGISTRY_AUTH_H
#define ZREG_REGISTRY_AUTH_H

#include "registry/client_inner.h"

/** The authorization of one request over its tries; begin with all zero but `alone`. */
typedef struct zreg__auth {
    const zreg__credential
        *alone;          /* shown in place of the client's; no token for it is kept; or NULL */
    zreg__scopes needed; /* what the request must be allowed */
    zreg__challenge_scheme scheme; /* that was known when `value` was made */
    char *value;                   /* of the header; NULL: none */
    char *refresh;   /* came with the token of `alone`: stands for its password; or NULL */
    bool by_token;   /* it is a token of the token service */
    uint64_t serial; /* of that token when it is kept, or 0 */
    bool fell_back;  /* to basic, as the token service is of no use */
    bool fresh;      /* made for this request */
    bool anonymous;  /* there are no credentials to show */
} zreg__auth;

/** Makes `auth->value` for `auth->needed`, with a kept token or a new one. Errors: DENIED, ... */
zreg_status zreg__auth_prepare(zreg__auth *auth, zreg_client *client, zreg__host *host,
                               zreg_cancel *cancel, zreg_error *err);

/** The same with what is at hand alone, which may be nothing: nobody is asked or waited for. Errors:
 *  NOMEM; CANCELLED, where somebody would have to be asked. */
zreg_status zreg__auth_keep(zreg__auth *auth, zreg_client *client, zreg__host *host,
                            zreg_cancel *cancel, zreg_error *err);

/** Learns from a 401 and its WWW-Authenticate (NULL: none); `*out_again`: a new try may succeed.
 *  Errors: PROTO. */
zreg_status zreg__auth_refused(bool *out_again, zreg__auth *auth, zreg__host *host,
                               const char *challenge, zreg_error *err);

void zreg__auth_finish(zreg__auth *auth);

ZREG__DEFINE_AUTO_VALUE(zreg__auth, zreg__auth_finish)

#endif
