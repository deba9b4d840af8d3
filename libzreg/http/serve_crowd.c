/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_crowd.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include <pthread.h>

#define KEY_BYTES 33 /* the bytes of an address as hex, and NUL */

struct zreg__serve_crowd {
    pthread_mutex_t lock;
    zreg__map *amounts; /* by address, each a uint64_t of its own */
    uint64_t total;
    uint64_t most; /* of one */
    uint64_t all;
};

static zreg_status make(zreg__serve_crowd **out, uint64_t most, uint64_t all, zreg_error *err)
{
    zreg__serve_crowd *crowd = zreg__new(zreg__serve_crowd);
    if (crowd == NULL || zreg__map_new(&crowd->amounts, free, err) != ZREG_OK) {
        free(crowd);
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&crowd->lock, NULL);
    crowd->most = most;
    crowd->all = all;
    *out = crowd;
    return ZREG_OK;
}

zreg_status zreg__serve_crowd_new(zreg__serve_crowd **out, uint64_t most, zreg_error *err)
{
    return make(out, most, UINT64_MAX, err);
}

zreg_status zreg__serve_crowd_new_shared(zreg__serve_crowd **out, uint64_t all, zreg_error *err)
{
    return make(out, all, all, err);
}

static void write_key(char to[KEY_BYTES], const zreg__address *address)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t home[16];
    zreg__address_home(home, address);
    for (size_t i = 0; i < sizeof(home); i++) {
        to[2 * i] = digits[home[i] >> 4];
        to[2 * i + 1] = digits[home[i] & 15];
    }
    to[KEY_BYTES - 1] = '\0';
}

/* Of what ends, nobody has more than is left: many may fill it, and one cannot. */
static bool fits(const zreg__serve_crowd *crowd, uint64_t has, uint64_t amount)
{
    if (amount > crowd->most - has || amount > crowd->all - crowd->total) {
        return false;
    }
    return crowd->all == UINT64_MAX || has + amount <= crowd->all - crowd->total - amount;
}

/* The place of an address' amount; NULL: no memory. */
static uint64_t *place_of(const zreg__serve_crowd *crowd, const char *key)
{
    uint64_t *amount = zreg__map_get(crowd->amounts, key);
    if (amount == NULL) {
        amount = zreg__new(uint64_t);
        if (amount != NULL && zreg__map_set(crowd->amounts, key, amount, NULL) != ZREG_OK) {
            free(zreg__steal(&amount));
        }
    }
    return amount;
}

bool zreg__serve_crowd_take(zreg__serve_crowd *crowd, const zreg__address *address, uint64_t amount)
{
    char key[KEY_BYTES];
    write_key(key, address);
    pthread_mutex_lock(&crowd->lock);
    const uint64_t *known = zreg__map_get(crowd->amounts, key);
    uint64_t *has = fits(crowd, known == NULL ? 0 : *known, amount) ? place_of(crowd, key) : NULL;
    if (has != NULL) {
        *has += amount;
        crowd->total += amount;
    }
    pthread_mutex_unlock(&crowd->lock);
    return has != NULL;
}

void zreg__serve_crowd_give(zreg__serve_crowd *crowd, const zreg__address *address, uint64_t amount)
{
    char key[KEY_BYTES];
    write_key(key, address);
    pthread_mutex_lock(&crowd->lock);
    uint64_t *has = zreg__map_get(crowd->amounts, key);
    if (has != NULL) {
        *has -= amount;
        crowd->total -= amount;
        if (*has == 0) {
            zreg__map_remove(crowd->amounts, key);
        }
    }
    pthread_mutex_unlock(&crowd->lock);
}

uint64_t zreg__serve_crowd_total(zreg__serve_crowd *crowd)
{
    pthread_mutex_lock(&crowd->lock);
    uint64_t total = crowd->total;
    pthread_mutex_unlock(&crowd->lock);
    return total;
}

void zreg__serve_crowd_free(zreg__serve_crowd *crowd)
{
    if (crowd != NULL) {
        zreg__map_free(crowd->amounts);
        pthread_mutex_destroy(&crowd->lock);
        free(crowd);
    }
}
