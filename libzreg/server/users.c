/* SPDX-License-Identifier: Apache-2.0 */
#include "server/users.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include <crypt.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

#define MAC_SIZE 32
#define WRONG_ONES 64

typedef struct user {
    char *name;
    char *hash;      /* NULL: the password is known by `mac` only */
    bool is_limited; /* may pull only */
    bool has_mac;
    uint8_t mac[MAC_SIZE];
} user;

struct zreg__users {
    user *users;
    size_t count;
    uint8_t key[32];
    pthread_mutex_t lock; /* guards the MACs */
    uint8_t wrong[WRONG_ONES][MAC_SIZE];
    size_t next_wrong;
};

static zreg_status add(user **out, zreg__users *users, zreg__span name, zreg_error *err)
{
    user *grown = zreg__reallocarray(users->users, users->count + 1, sizeof(user));
    if (grown == NULL) {
        return zreg__fail_nomem(err);
    }
    users->users = grown;
    user *added = &users->users[users->count];
    *added = (user){.name = zreg__strndup(name.text, name.size)};
    if (added->name == NULL) {
        return zreg__fail_nomem(err);
    }
    users->count++;
    *out = added;
    return ZREG_OK;
}

static zreg_status add_line(zreg__users *users, zreg__span line, size_t number, zreg_error *err)
{
    zreg__span hash = line;
    zreg__span name = zreg__span_cut(&hash, ':');
    if (name.size == 0 || hash.size == 0) {
        return zreg__fail(err, ZREG_INVAL, "htpasswd line %zu: write USER:HASH", number);
    }
    ZREG__AUTO_SECRET char *text = zreg__strndup(hash.text, hash.size);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    int kind = crypt_checksalt(text);
    if (text[0] != '$' || (kind != CRYPT_SALT_OK && kind != CRYPT_SALT_TOO_CHEAP)) {
        return zreg__fail(err, ZREG_INVAL,
                          "htpasswd line %zu: the hash is of a kind that is not accepted; make it "
                          "with htpasswd -B",
                          number);
    }
    user *added;
    ZREG__TRY(add(&added, users, name, err));
    added->hash = zreg__steal(&text);
    return ZREG_OK;
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
    pthread_mutex_init(&made->lock, NULL);
    ZREG__AUTO(zreg__users) zreg__users *users = made;
    ZREG__TRY(zreg__random(users->key, sizeof(users->key), err));
    ZREG__TRY(zreg__random(users->wrong, sizeof(users->wrong), err));
    if (htpasswd != NULL) {
        ZREG__TRY(read_htpasswd(users, htpasswd, err));
    }
    *out = zreg__steal(&users);
    return ZREG_OK;
}

/* Of "NAME NUL PASSWORD". */
static bool make_mac(uint8_t mac[MAC_SIZE], const zreg__users *users, const char *name,
                     const char *password)
{
    size_t name_size = strlen(name) + 1;
    size_t size = name_size + strlen(password);
    ZREG__AUTO_FREE char *both = zreg__calloc(1, size);
    if (both == NULL) {
        return false;
    }
    memcpy(both, name, name_size);
    memcpy(both + name_size, password, size - name_size);
    zreg__hmac_sha256(mac, users->key, sizeof(users->key), both, size);
    OPENSSL_cleanse(both, size);
    return true;
}

zreg_status zreg__users_add(zreg__users *users, const char *name, const char *password,
                            zreg_error *err)
{
    user *added;
    ZREG__TRY(add(&added, users, zreg__span_of(name), err));
    added->has_mac = make_mac(added->mac, users, name, password);
    return added->has_mac ? ZREG_OK : zreg__fail_nomem(err);
}

static user *find(const zreg__users *users, const char *name)
{
    for (size_t i = 0; i < users->count; i++) {
        if (zreg__str_equal(users->users[i].name, name)) {
            return &users->users[i];
        }
    }
    return NULL;
}

zreg_status zreg__users_limit(zreg__users *users, const char *name, zreg_error *err)
{
    user *known = find(users, name);
    if (known == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "the read-only user \"%.60s\" is not in the htpasswd file", name);
    }
    known->is_limited = true;
    return ZREG_OK;
}

bool zreg__users_is_limited(const zreg__users *users, const char *name)
{
    const user *known = find(users, name);
    return known != NULL && known->is_limited;
}

bool zreg__users_empty(const zreg__users *users)
{
    return users->count == 0;
}

/* Called with the lock. */
static bool is_lately_wrong(const zreg__users *users, const uint8_t mac[MAC_SIZE])
{
    bool found = false;
    for (size_t i = 0; i < WRONG_ONES; i++) {
        found = zreg__mem_equal_constant_time(users->wrong[i], mac, MAC_SIZE) || found;
    }
    return found;
}

static bool has_any_hash(const zreg__users *users)
{
    for (size_t i = 0; i < users->count; i++) {
        if (users->users[i].hash != NULL) {
            return true;
        }
    }
    return false;
}

zreg__users_verdict zreg__users_recall(zreg__users *users, const char *name, const char *password)
{
    uint8_t mac[MAC_SIZE];
    if (users->count == 0 || !make_mac(mac, users, name, password)) {
        return ZREG__USERS_WRONG;
    }
    user *known = find(users, name);
    pthread_mutex_lock(&users->lock);
    bool is_right =
        known != NULL && known->has_mac && zreg__mem_equal_constant_time(known->mac, mac, MAC_SIZE);
    bool is_wrong = is_lately_wrong(users, mac);
    pthread_mutex_unlock(&users->lock);
    bool needs_hash = known != NULL ? known->hash != NULL : has_any_hash(users);
    return is_right                  ? ZREG__USERS_RIGHT
           : is_wrong || !needs_hash ? ZREG__USERS_WRONG
                                     : ZREG__USERS_UNSURE;
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

/* The hash to spend time on for a user that does not exist, so that the time tells nothing. */
static const char *any_hash(const zreg__users *users)
{
    for (size_t i = 0; i < users->count; i++) {
        if (users->users[i].hash != NULL) {
            return users->users[i].hash;
        }
    }
    return "";
}

bool zreg__users_check(zreg__users *users, const char *name, const char *password)
{
    uint8_t mac[MAC_SIZE];
    user *known = find(users, name);
    bool has_hash = known != NULL && known->hash != NULL;
    bool fits = fits_hash(password, has_hash ? known->hash : any_hash(users)) && has_hash;
    if (!make_mac(mac, users, name, password)) {
        return fits;
    }
    pthread_mutex_lock(&users->lock);
    if (fits) {
        memcpy(known->mac, mac, MAC_SIZE);
        known->has_mac = true;
    } else {
        memcpy(users->wrong[users->next_wrong++ % WRONG_ONES], mac, MAC_SIZE);
    }
    pthread_mutex_unlock(&users->lock);
    return fits;
}

void zreg__users_free(zreg__users *users)
{
    if (users == NULL) {
        return;
    }
    for (size_t i = 0; i < users->count; i++) {
        free(users->users[i].name);
        zreg__free_secret(users->users[i].hash);
    }
    free(users->users);
    pthread_mutex_destroy(&users->lock);
    OPENSSL_cleanse(users, sizeof(*users));
    free(users);
}
