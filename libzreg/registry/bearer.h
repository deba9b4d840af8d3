/* SPDX-License-Identifier: Apache-2.0 */
/** Bearer tokens that are kept, found again by whose they are and what they allow. No I/O; whoever
 *  keeps them sees to it that one thread at a time does. */
#ifndef ZREG_REGISTRY_BEARER_H
#define ZREG_REGISTRY_BEARER_H

#include "registry/scope.h"
#include <stdint.h>

typedef struct zreg__bearer {
    struct zreg__bearer *next;
    uint64_t serial;      /* tells tokens of one host apart */
    char *credential_key; /* whose it is */
    zreg__scopes scopes;
    char *value; /* of the Authorization header */
    uint64_t expires_ms;
} zreg__bearer;

/** One of the chain that has not expired and covers `needed`, or NULL. */
const zreg__bearer *zreg__bearer_find(const zreg__bearer *first, const char *credential_key,
                                      const zreg__scopes *needed);

/** Puts a token first, with a serial of its own, and lets go of what is too many. Takes it over. */
void zreg__bearer_keep(zreg__bearer **first, zreg__bearer *token);

/** Drops the token with this serial. */
void zreg__bearer_drop(zreg__bearer **first, uint64_t serial);

/** Frees a chain of tokens. Accepts NULL. */
void zreg__bearer_free_all(zreg__bearer *first);

ZREG__DEFINE_AUTO(zreg__bearer, zreg__bearer_free_all)

#endif
