/* SPDX-License-Identifier: Apache-2.0 */
#include "server/passwords.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "server/proofs.h"
#include "server/throttle.h"
#include <crypt.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

#define LIFETIME_MS (10 * 60 * 1000)
#define WRONG_LIFETIME_MS (60 * 1000)
#define WRONG_ONES 256
#define ASKED_LIFETIME_MS (10 * 1000) /* less than wrong ones are remembered */
#define ASKED_ONES 256
#define ATTEMPTS_AT_ONCE 20
#define MAX_MATERIAL_BYTES (16 * ZREG__KIB)

struct zreg__passwords {
    uint8_t key[32];
    pthread_mutex_t lock; /* guards all below */
    zreg__proofs *right;
    zreg__proofs *wrong;
    zreg__proofs *asked; /* counted, and yet to be decided or just so */
    zreg__throttle *throttle;
};

zreg_status zreg__passwords_new(zreg__passwords **out, zreg_error *err)
{
    zreg__passwords *made = zreg__new(zreg__passwords);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&made->lock, NULL);
    ZREG__AUTO(zreg__passwords) zreg__passwords *passwords = made;
    ZREG__TRY(zreg__random(passwords->key, sizeof(passwords->key), err));
    ZREG__TRY(zreg__proofs_new(&passwords->right, ZREG__MAX_PROOFS, LIFETIME_MS, err));
    ZREG__TRY(zreg__proofs_new(&passwords->wrong, WRONG_ONES, WRONG_LIFETIME_MS, err));
    ZREG__TRY(zreg__proofs_new(&passwords->asked, ASKED_ONES, ASKED_LIFETIME_MS, err));
    ZREG__TRY(zreg__throttle_new(&passwords->throttle, ATTEMPTS_AT_ONCE, err));
    *out = zreg__steal(&passwords);
    return ZREG_OK;
}

/* Of "NAME NUL HASH NUL PASSWORD", none of which holds a NUL. */
static bool make_mac(uint8_t mac[ZREG__PROOFS_MAC_BYTES], const zreg__passwords *passwords,
                     const char *name, const char *hash, const char *password)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_MATERIAL_BYTES);
    size_t name_size = strlen(name) + 1;
    size_t hash_size = strlen(hash) + 1;
    size_t size = name_size + hash_size + strlen(password);
    if (zreg__buf_room(&text, size, NULL) != ZREG_OK) { /* in one piece, so that none is left */
        return false;
    }
    (void)zreg__buf_append(&text, name, name_size, NULL);
    (void)zreg__buf_append(&text, hash, hash_size, NULL);
    (void)zreg__buf_text(&text, password, NULL);
    zreg__hmac_sha256(mac, passwords->key, sizeof(passwords->key), text.data, text.size);
    OPENSSL_cleanse(text.data, text.size);
    return true;
}

static const char *hash_or_nothing(const zreg__users *users, const char *name)
{
    const char *hash = zreg__users_hash(users, name);
    return hash == NULL ? "" : hash;
}

/* With the lock. */
static zreg__passwords_verdict look_up(zreg__passwords *passwords,
                                       const uint8_t mac[ZREG__PROOFS_MAC_BYTES])
{
    uint64_t now = zreg__clock_ms();
    return zreg__proofs_recall(passwords->right, mac, now)   ? ZREG__PASSWORDS_RIGHT
           : zreg__proofs_recall(passwords->wrong, mac, now) ? ZREG__PASSWORDS_WRONG
                                                             : ZREG__PASSWORDS_UNSURE;
}

zreg__passwords_verdict zreg__passwords_recall(zreg__passwords *passwords, const zreg__users *users,
                                               const char *name, const char *password)
{
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    if (zreg__users_fits(users, name, password)) {
        return ZREG__PASSWORDS_RIGHT;
    }
    if (zreg__users_decoy(users, name) == NULL || strlen(password) > ZREG__MAX_PASSWORD ||
        !make_mac(mac, passwords, name, hash_or_nothing(users, name), password)) {
        return ZREG__PASSWORDS_WRONG;
    }
    pthread_mutex_lock(&passwords->lock);
    zreg__passwords_verdict verdict = look_up(passwords, mac);
    pthread_mutex_unlock(&passwords->lock);
    return verdict;
}

unsigned zreg__passwords_admit(zreg__passwords *passwords, const zreg__users *users,
                               const char *name, const char *password, const zreg__address *peer)
{
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    bool has_mac = make_mac(mac, passwords, name, hash_or_nothing(users, name), password);
    uint64_t now = zreg__clock_ms();
    pthread_mutex_lock(&passwords->lock);
    bool is_counted = has_mac && zreg__proofs_recall(passwords->asked, mac, now);
    unsigned wait_s = is_counted ? 0 : zreg__throttle_try(passwords->throttle, peer, now);
    if (has_mac && wait_s == 0) {
        zreg__proofs_add(passwords->asked, mac, now);
    }
    pthread_mutex_unlock(&passwords->lock);
    return wait_s;
}

static bool fits_hash(const char *password, const char *hash)
{
    ZREG__AUTO_FREE struct crypt_data *data = zreg__new(struct crypt_data);
    const char *made = data == NULL ? NULL : crypt_r(password, hash, data);
    size_t size = strlen(hash);
    bool fits =
        made != NULL && strlen(made) == size && zreg__mem_equal_constant_time(made, hash, size);
    if (data != NULL) {
        OPENSSL_cleanse(data, sizeof(*data));
    }
    return fits;
}

static void note(zreg__passwords *passwords, const uint8_t mac[ZREG__PROOFS_MAC_BYTES], bool fits,
                 const zreg__address *peer)
{
    uint64_t now = zreg__clock_ms();
    pthread_mutex_lock(&passwords->lock);
    zreg__proofs_add(fits ? passwords->right : passwords->wrong, mac, now);
    if (fits) {
        zreg__throttle_return(passwords->throttle, peer, now);
    }
    pthread_mutex_unlock(&passwords->lock);
}

bool zreg__passwords_check(zreg__passwords *passwords, const zreg__users *users, const char *name,
                           const char *password, const zreg__address *peer)
{
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    const char *hash = zreg__users_hash(users, name);
    /* Many clients may have come with the same words while the first was waiting. */
    zreg__passwords_verdict verdict = zreg__passwords_recall(passwords, users, name, password);
    if (verdict != ZREG__PASSWORDS_UNSURE) {
        return verdict == ZREG__PASSWORDS_RIGHT;
    }
    bool fits =
        fits_hash(password, hash != NULL ? hash : zreg__users_decoy(users, name)) && hash != NULL;
    if (make_mac(mac, passwords, name, hash_or_nothing(users, name), password)) {
        note(passwords, mac, fits, peer);
    }
    return fits;
}

void zreg__passwords_free(zreg__passwords *passwords)
{
    if (passwords == NULL) {
        return;
    }
    zreg__proofs_free(passwords->right);
    zreg__proofs_free(passwords->wrong);
    zreg__proofs_free(passwords->asked);
    zreg__throttle_free(passwords->throttle);
    pthread_mutex_destroy(&passwords->lock);
    OPENSSL_cleanse(passwords, sizeof(*passwords));
    free(passwords);
}
