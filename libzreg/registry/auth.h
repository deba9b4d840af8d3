/* SPDX-License-Identifier: Apache-2.0 */
/** Which Authorization a request carries, and what a 401 teaches. */
#ifndef ZREG_REGISTRY_AUTH_H
#define ZREG_REGISTRY_AUTH_H

#include "registry/client_inner.h"

/** The authorization of one request over its tries; begin with all zero. */
typedef struct zreg__auth {
    zreg__scopes needed;           /* what the request must be allowed */
    zreg__challenge_scheme scheme; /* that was known when `value` was made */
    char *value;                   /* of the header; NULL: none */
    uint64_t serial;               /* of the token in it, or 0 */
    bool fresh;                    /* made for this request */
    bool anonymous;                /* there are no credentials to show */
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
