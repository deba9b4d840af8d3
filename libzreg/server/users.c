/* SPDX-License-Identifier: Apache-2.0 */
#include "server/users.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "server/identity.h"
#include <crypt.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <string.h>

#define MAC_SIZE 32
#define BCRYPT_SIZE 60     /* of a whole hash */
#define MAX_COST 17        /* of bcrypt, as of the program htpasswd: some seconds */
#define MAX_ROUNDS 5000000 /* of crypt's SHA-2: as long */

typedef struct user {
    char *hash;            /* NULL: the password is known by `mac` */
    uint8_t mac[MAC_SIZE]; /* under the key of these users */
} user;

struct zreg__users {
    atomic_uint holders;
    zreg__map *by_name;
    uint8_t key[32];
};

static void free_user(void *object)
{
    user *freed = object;
    zreg__free_secret(freed->hash);
    OPENSSL_cleanse(freed, sizeof(*freed));
    free(freed);
}

static const user *find(const zreg__users *users, const char *name)
{
    return zreg__map_get(users->by_name, name);
}

/* CONFLICT: there is one of this name, who stays. */
static zreg_status add(zreg__users *users, const char *name, const user *values, zreg_error *err)
{
    user *added = zreg__new(user);
    if (added == NULL) {
        return zreg__fail_nomem(err);
    }
    *added = *values;
    zreg_status status =
        find(users, name) != NULL
            ? zreg__fail(err, ZREG_CONFLICT, "there is a user \"%s\" already", name)
            : zreg__map_set(users->by_name, name, added, err);
    if (status != ZREG_OK) {
        free_user(added);
    }
    return status;
}

static zreg_status check_kind(const char *hash, size_t number, zreg_error *err)
{
    int kind = crypt_checksalt(hash);
    if (hash[0] == '$' && (kind == CRYPT_SALT_OK || kind == CRYPT_SALT_TOO_CHEAP)) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_INVAL,
                      "htpasswd line %zu: the hash is of a kind that is not accepted; make it with "
                      "htpasswd -B",
                      number);
}

/* A hash that was cut fits no password. One that takes hours keeps a worker for as long, whoever
 * asks: it stands in for those of names that are unknown too. */
static zreg_status check_cost(const char *hash, size_t number, zreg_error *err)
{
    static const char rounds[] = "rounds=";
    const size_t size = sizeof(rounds) - 1;
    uint64_t told = 0;
    zreg__span rest = zreg__span_of(hash + 1);
    bool is_bcrypt = zreg__span_cut(&rest, '$').text[0] == '2';
    zreg__span cost = zreg__span_cut(&rest, '$');
    bool has_rounds = cost.size > size && memcmp(cost.text, rounds, size) == 0;
    if (is_bcrypt && strlen(hash) != BCRYPT_SIZE) {
        return zreg__fail(err, ZREG_INVAL, "htpasswd line %zu: the hash is not whole", number);
    }
    if (has_rounds) {
        cost = (zreg__span){cost.text + size, cost.size - size};
    }
    if ((is_bcrypt || has_rounds) &&
        (!zreg__span_u64(cost, &told) || told > (is_bcrypt ? MAX_COST : MAX_ROUNDS))) {
        return zreg__fail(err, ZREG_INVAL,
                          "htpasswd line %zu: to check the hash takes too long; make it with a "
                          "cost of %d or %d rounds at most",
                          number, MAX_COST, MAX_ROUNDS);
    }
    return ZREG_OK;
}

/* A line further down does not count where a name stands twice, as in Apache. */
static zreg_status add_line(zreg__users *users, zreg__span line, size_t number, zreg_error *err)
{
    zreg__span hash = line;
    zreg__span name = zreg__span_cut(&hash, ':');
    if (!zreg__identity_is_name(name) || hash.size == 0) {
        return zreg__fail(err, ZREG_INVAL, "htpasswd line %zu: write USER:HASH", number);
    }
    ZREG__AUTO_SECRET char *text = zreg__strndup(hash.text, hash.size);
    ZREG__AUTO_FREE char *key = zreg__strndup(name.text, name.size);
    if (text == NULL || key == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(check_kind(text, number, err));
    ZREG__TRY(check_cost(text, number, err));
    if (find(users, key) != NULL) {
        return ZREG_OK;
    }
    return add(users, key, &(user){.hash = zreg__steal(&text)}, err);
}

static zreg_status read_htpasswd(zreg__users *users, const char *htpasswd, zreg_error *err)
{
    zreg__span rest = zreg__span_of(htpasswd);
    if (rest.size > ZREG__MAX_HTPASSWD_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "the htpasswd text is larger than 4 MiB");
    }
    for (size_t number = 1; rest.text != NULL; number++) {
        zreg__span line = zreg__span_cut(&rest, '\n');
        if (line.size > 0 && line.text[line.size - 1] == '\r') {
            line.size--;
        }
        line = zreg__span_trim(line);
        if (line.size > 0 && line.text[0] != '#') {
            ZREG__TRY(add_line(users, line, number, err));
        }
    }
    return ZREG_OK;
}

zreg_status zreg__users_new(zreg__users **out, const char *htpasswd, zreg_error *err)
{
    zreg__users *made = zreg__new(zreg__users);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    atomic_init(&made->holders, 1);
    ZREG__AUTO(zreg__users) zreg__users *users = made;
    ZREG__TRY(zreg__map_new(&users->by_name, free_user, err));
    ZREG__TRY(zreg__random(users->key, sizeof(users->key), err));
    if (htpasswd != NULL) {
        ZREG__TRY(read_htpasswd(users, htpasswd, err));
    }
    if (htpasswd != NULL && zreg__users_empty(users)) {
        return zreg__fail(err, ZREG_INVAL, "the htpasswd text names no user");
    }
    *out = zreg__steal(&users);
    return ZREG_OK;
}

zreg__users *zreg__users_share(zreg__users *users)
{
    atomic_fetch_add(&users->holders, 1);
    return users;
}

static void make_mac(uint8_t mac[MAC_SIZE], const zreg__users *users, const char *text)
{
    zreg__hmac_sha256(mac, users->key, sizeof(users->key), text, strlen(text));
}

zreg_status zreg__users_add(zreg__users *users, const char *name, const char *password,
                            zreg_error *err)
{
    user values = {.hash = NULL};
    make_mac(values.mac, users, password);
    return add(users, name, &values, err);
}

bool zreg__users_has(const zreg__users *users, const char *name)
{
    return find(users, name) != NULL;
}

bool zreg__users_empty(const zreg__users *users)
{
    return zreg__map_count(users->by_name) == 0;
}

bool zreg__users_fits(const zreg__users *users, const char *name, const char *password)
{
    uint8_t mac[MAC_SIZE];
    const user *known = find(users, name);
    make_mac(mac, users, password);
    return known != NULL && known->hash == NULL &&
           zreg__mem_equal_constant_time(known->mac, mac, MAC_SIZE);
}

const char *zreg__users_hash(const zreg__users *users, const char *name)
{
    const user *known = find(users, name);
    return known == NULL ? NULL : known->hash;
}

/* The first hash from a place on; NULL: none is there. */
static const char *hash_from(const zreg__users *users, size_t at)
{
    const char *key;
    const char *hash = NULL;
    void *value;
    while (hash == NULL && zreg__map_next(users->by_name, &at, &key, &value)) {
        hash = ((const user *)value)->hash;
    }
    return hash;
}

/* Hashes differ in their cost, so a name has one of its own. */
const char *zreg__users_decoy(const zreg__users *users, const char *name)
{
    uint8_t mac[MAC_SIZE];
    uint32_t number;
    size_t count = zreg__map_count(users->by_name);
    make_mac(mac, users, name);
    memcpy(&number, mac, sizeof(number));
    const char *hash = hash_from(users, count == 0 ? 0 : number % count);
    return hash != NULL ? hash : hash_from(users, 0);
}

void zreg__users_free(zreg__users *users)
{
    if (users == NULL || atomic_fetch_sub(&users->holders, 1) > 1) {
        return;
    }
    zreg__map_free(users->by_name);
    OPENSSL_cleanse(users, sizeof(*users));
    free(users);
}
