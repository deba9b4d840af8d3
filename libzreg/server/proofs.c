/* SPDX-License-Identifier: Apache-2.0 */
#include "server/proofs.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <openssl/crypto.h>
#include <string.h>

#define WAYS 8 /* proofs among which one has its place */

typedef struct proof {
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    uint64_t until_ms; /* 0: none */
} proof;

struct zreg__proofs {
    size_t count;
    uint32_t lifetime_ms;
    proof proofs[];
};

zreg_status zreg__proofs_new(zreg__proofs **out, size_t count, uint32_t lifetime_ms,
                             zreg_error *err)
{
    zreg__proofs *proofs = zreg__calloc(1, sizeof(*proofs) + count * sizeof(proof));
    if (proofs == NULL) {
        return zreg__fail_nomem(err);
    }
    proofs->count = count;
    proofs->lifetime_ms = lifetime_ms;
    *out = proofs;
    return ZREG_OK;
}

/* A MAC is a number that nobody can choose. */
static proof *place_of(zreg__proofs *proofs, const uint8_t mac[ZREG__PROOFS_MAC_BYTES])
{
    uint32_t number;
    memcpy(&number, mac, sizeof(number));
    return &proofs->proofs[number % (proofs->count / WAYS) * WAYS];
}

static proof *find(proof *place, const uint8_t mac[ZREG__PROOFS_MAC_BYTES], uint64_t now_ms)
{
    proof *found = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        bool is_same = zreg__mem_equal_constant_time(place[i].mac, mac, sizeof(place[i].mac));
        if (is_same && place[i].until_ms > now_ms) {
            found = &place[i];
        }
    }
    return found;
}

bool zreg__proofs_recall(zreg__proofs *proofs, const uint8_t mac[ZREG__PROOFS_MAC_BYTES],
                         uint64_t now_ms)
{
    proof *found = find(place_of(proofs, mac), mac, now_ms);
    if (found != NULL) {
        found->until_ms = now_ms + proofs->lifetime_ms;
    }
    return found != NULL;
}

static void wipe_old(zreg__proofs *proofs, uint64_t now_ms)
{
    for (size_t i = 0; i < proofs->count; i++) {
        if (proofs->proofs[i].until_ms != 0 && proofs->proofs[i].until_ms <= now_ms) {
            OPENSSL_cleanse(&proofs->proofs[i], sizeof(proof));
        }
    }
}

void zreg__proofs_add(zreg__proofs *proofs, const uint8_t mac[ZREG__PROOFS_MAC_BYTES],
                      uint64_t now_ms)
{
    wipe_old(proofs, now_ms);
    proof *place = place_of(proofs, mac);
    proof *to = find(place, mac, now_ms);
    if (to == NULL) {
        to = place;
        for (size_t i = 1; i < WAYS; i++) {
            to = place[i].until_ms < to->until_ms ? &place[i] : to;
        }
    }
    memcpy(to->mac, mac, sizeof(to->mac));
    to->until_ms = now_ms + proofs->lifetime_ms;
}

void zreg__proofs_free(zreg__proofs *proofs)
{
    if (proofs != NULL) {
        OPENSSL_cleanse(proofs->proofs, proofs->count * sizeof(proof));
        free(proofs);
    }
}
