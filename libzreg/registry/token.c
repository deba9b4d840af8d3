/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/token.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define MAX_TOKENS 64

const zreg__token *zreg__token_find(const zreg__token *first, const char *credential_key,
                                    const zreg__scopes *needed)
{
    uint64_t now = zreg__clock_ms();

    for (const zreg__token *token = first; token != NULL; token = token->next) {
        if (token->expires_ms > now && strcmp(token->credential_key, credential_key) == 0 &&
            zreg__scopes_cover(&token->scopes, needed)) {
            return token;
        }
    }
    return NULL;
}

void zreg__token_keep(zreg__token **first, zreg__token *token, uint64_t *serials)
{
    zreg__token **at = &token->next;

    token->serial = ++*serials;
    token->next = *first;
    *first = token;
    for (size_t i = 1; *at != NULL; i++) {
        if (i == MAX_TOKENS) {
            zreg__token_free_all(*at);
            *at = NULL;
            return;
        }
        at = &(*at)->next;
    }
}

void zreg__token_drop(zreg__token **first, uint64_t serial)
{
    for (zreg__token **at = first; *at != NULL; at = &(*at)->next) {
        if ((*at)->serial == serial) {
            zreg__token *token = *at;

            *at = token->next;
            token->next = NULL;
            zreg__token_free_all(token);
            return;
        }
    }
}

void zreg__token_free_all(zreg__token *first)
{
    while (first != NULL) {
        zreg__token *token = first;

        first = token->next;
        zreg__scopes_finish(&token->scopes);
        free(token->credential_key);
        zreg__free_secret(token->value);
        zreg__free_secret(token->refresh);
        free(token);
    }
}
