/* SPDX-License-Identifier: Apache-2.0 */
/* An entry holds one number, the time at which its address has everything back: each attempt puts it
 * off by a second, and is refused when it would be further away than all attempts at once. */
#include "server/throttle.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include <string.h>

#define WAYS 8 /* entries among which an address has its place */
#define PLACES (ZREG__MAX_THROTTLED / WAYS)
#define COST_MS 1000
#define NAME_SIZE 8

typedef struct entry {
    uint8_t name[NAME_SIZE];
    uint64_t whole_ms; /* since when, or from when on, it has everything; 0: no entry */
} entry;

struct zreg__throttle {
    uint8_t key[32];
    uint64_t most_ms; /* that `whole_ms` may be away */
    entry entries[PLACES][WAYS];
};

zreg_status zreg__throttle_new(zreg__throttle **out, unsigned burst, zreg_error *err)
{
    ZREG__AUTO(zreg__throttle) zreg__throttle *throttle = zreg__new(zreg__throttle);
    if (throttle == NULL) {
        return zreg__fail_nomem(err);
    }
    throttle->most_ms = (uint64_t)burst * COST_MS;
    ZREG__TRY(zreg__random(throttle->key, sizeof(throttle->key), err));
    *out = zreg__steal(&throttle);
    return ZREG_OK;
}

/* Its name, by a key of ours, so that nobody can choose where he stands. */
static void name_of(uint8_t name[32], const zreg__throttle *throttle, const zreg__address *peer)
{
    uint8_t home[16];
    zreg__address_home(home, peer);
    zreg__hmac_sha256(name, throttle->key, sizeof(throttle->key), home, sizeof(home));
}

/* The address's entry, or NULL; `weakest` is the one to give up for it. */
static entry *find(entry **weakest, zreg__throttle *throttle, const zreg__address *peer,
                   uint8_t name[32])
{
    uint16_t place;
    name_of(name, throttle, peer);
    memcpy(&place, name + NAME_SIZE, sizeof(place));
    entry *entries = throttle->entries[place % PLACES];
    *weakest = &entries[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (entries[i].whole_ms != 0 && memcmp(entries[i].name, name, NAME_SIZE) == 0) {
            return &entries[i];
        }
        if (entries[i].whole_ms < (*weakest)->whole_ms) {
            *weakest = &entries[i];
        }
    }
    return NULL;
}

unsigned zreg__throttle_try(zreg__throttle *throttle, const zreg__address *peer, uint64_t now_ms)
{
    uint8_t name[32];
    entry *weakest;
    entry *known = find(&weakest, throttle, peer, name);
    if (known == NULL) {
        known = weakest;
        memcpy(known->name, name, NAME_SIZE);
        known->whole_ms = 0;
    }
    uint64_t whole = (known->whole_ms > now_ms ? known->whole_ms : now_ms) + COST_MS;
    if (whole - now_ms > throttle->most_ms) {
        return (unsigned)((whole - now_ms - throttle->most_ms + 999) / 1000);
    }
    known->whole_ms = whole;
    return 0;
}

void zreg__throttle_return(zreg__throttle *throttle, const zreg__address *peer, uint64_t now_ms)
{
    uint8_t name[32];
    entry *weakest;
    entry *known = find(&weakest, throttle, peer, name);
    if (known != NULL && known->whole_ms > now_ms) {
        known->whole_ms = known->whole_ms > COST_MS ? known->whole_ms - COST_MS : 1;
    }
}

void zreg__throttle_free(zreg__throttle *throttle)
{
    free(throttle);
}
