/* SPDX-License-Identifier: Apache-2.0 */
/** Bearer tokens that are kept, found again by whose they are and what they allow. No I/O; whoever
 *  keeps them sees to it that one thread at a time does. */
#ifndef ZREG_REGISTRY_TOKEN_H
#define ZREG_REGISTRY_TOKEN_H

#include "registry/scope.h"
#include <stdint.h>

typedef struct zreg__token {
    struct zreg__token *next;
    uint64_t serial;      /* tells tokens of one host apart */
    char *credential_key; /* whose it is */
    zreg__scopes scopes;
    char *value;   /* of the Authorization header */
    char *refresh; /* a token to ask for more with, secret; or NULL */
    uint64_t expires_ms;
} zreg__token;

/** One of the chain that has not expired and covers `needed`, or NULL. */
const zreg__token *zreg__token_find(const zreg__token *first, const char *credential_key,
                                    const zreg__scopes *needed);

/** Puts a token first and lets go of what is too many. Takes it over. Its serial is the next of `serials`, from 1 on:
 *  none comes twice, for somebody may still want to drop a token that has gone. */
void zreg__token_keep(zreg__token **first, zreg__token *token, uint64_t *serials);

/** Drops the token with this serial. */
void zreg__token_drop(zreg__token **first, uint64_t serial);

/** Frees a chain of tokens. Accepts NULL. */
void zreg__token_free_all(zreg__token *first);

ZREG__DEFINE_AUTO(zreg__token, zreg__token_free_all)

#endif
