/* SPDX-License-Identifier: Apache-2.0 */
#include "server/issuer.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "server/jwt.h"
#include "server/proofs.h"
#include "server/server.h"
#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

#define LEEWAY_S 30 /* by which its clock may differ */
#define REMEMBERED_MS (5 * 60 * 1000)
#define MAX_AUDIENCES 16
#define MAX_ACTIONS 16
#define MAX_GRANTS_BYTES (16 * ZREG__KIB)

struct zreg__issuer {
    char *realm;
    char *service;
    char *name;
    zreg__jwt_keys *keys;
    uint8_t key[32];
    pthread_mutex_t lock;    /* guards the next */
    zreg__proofs *confirmed; /* tokens whose signature was verified */
};

/* ---- settings ---- */

static bool is_quotable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\') {
            return false;
        }
    }
    return text[0] != '\0';
}

static zreg_status check(const zreg_server_options *options, zreg_error *err)
{
    if (options->token_realm == NULL || options->token_service == NULL ||
        options->token_issuer == NULL || options->token_trust_pem == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "a token service has a realm (its URL), a service (this server's name "
                          "there), an issuer (its own name) and keys: give all four");
    }
    if (options->token_keys != NULL && options->token_keys[0] != NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "token keys are for tokens of our own, which a token service replaces");
    }
    if (!is_quotable(options->token_realm) || strchr(options->token_realm, ' ') != NULL ||
        (!zreg__str_starts(options->token_realm, "https://") &&
         !zreg__str_starts(options->token_realm, "http://"))) {
        return zreg__fail(err, ZREG_INVAL, "\"%.100s\" is no realm; write https://HOST[:PORT]/PATH",
                          options->token_realm);
    }
    if (!is_quotable(options->token_service)) {
        return zreg__fail(err, ZREG_INVAL,
                          "the token service knows this server by a name of ASCII without quotes");
    }
    return ZREG_OK;
}

static zreg_status fill(zreg__issuer *issuer, const zreg_server_options *options, zreg_error *err)
{
    issuer->realm = zreg__strdup(options->token_realm);
    issuer->service = zreg__strdup(options->token_service);
    issuer->name = zreg__strdup(options->token_issuer);
    if (issuer->realm == NULL || issuer->service == NULL || issuer->name == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__random(issuer->key, sizeof(issuer->key), err));
    ZREG__TRY(zreg__proofs_new(&issuer->confirmed, ZREG__MAX_PROOFS, REMEMBERED_MS, err));
    return zreg__jwt_keys_new(&issuer->keys, options->token_trust_pem, err);
}

zreg_status zreg__issuer_new(zreg__issuer **out, const zreg_server_options *options,
                             zreg_error *err)
{
    if (options->token_realm == NULL && options->token_service == NULL &&
        options->token_issuer == NULL && options->token_trust_pem == NULL) {
        *out = NULL;
        return ZREG_OK;
    }
    ZREG__TRY(check(options, err));
    zreg__issuer *made = zreg__new(zreg__issuer);
    if (made == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&made->lock, NULL);
    ZREG__AUTO(zreg__issuer) zreg__issuer *issuer = made;
    ZREG__TRY(fill(issuer, options, err));
    *out = zreg__steal(&issuer);
    return ZREG_OK;
}

const char *zreg__issuer_realm(const zreg__issuer *issuer)
{
    return issuer->realm;
}

const char *zreg__issuer_service(const zreg__issuer *issuer)
{
    return issuer->service;
}

/* ---- tokens ---- */

/* Clients send one token many times: its signature is verified once. */
static bool is_confirmed(zreg__issuer *issuer, zreg__span token)
{
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    zreg__hmac_sha256(mac, issuer->key, sizeof(issuer->key), token.text, token.size);
    pthread_mutex_lock(&issuer->lock);
    bool is_known = zreg__proofs_recall(issuer->confirmed, mac, zreg__clock_ms());
    pthread_mutex_unlock(&issuer->lock);
    if (is_known || !zreg__jwt_is_signed(issuer->keys, token)) {
        return is_known;
    }
    pthread_mutex_lock(&issuer->lock);
    zreg__proofs_add(issuer->confirmed, mac, zreg__clock_ms());
    pthread_mutex_unlock(&issuer->lock);
    return true;
}

/* Whether a time that need not be told has come. */
static bool has_come(const zreg__json *claims, const char *name, uint64_t now)
{
    uint64_t time;
    return !zreg__json_has(claims, name) ||
           (zreg__json_u64(claims, name, &time) && time <= now + LEEWAY_S);
}

static bool is_timely(const zreg__json *claims)
{
    uint64_t ends;
    uint64_t now = (uint64_t)zreg__clock_unix_s();
    return zreg__json_u64(claims, "exp", &ends) && ends + LEEWAY_S > now &&
           has_come(claims, "nbf", now) && has_come(claims, "iat", now);
}

static bool is_for(const zreg__json *claims, const char *service)
{
    const zreg__json *audience = zreg__json_get(claims, "aud");
    size_t count = zreg__json_length(audience);
    bool is_named = zreg__str_equal(zreg__json_as_text(audience), service);
    for (size_t i = 0; i < count && count <= MAX_AUDIENCES; i++) {
        const char *one = zreg__json_as_text(zreg__json_at(audience, i));
        is_named = is_named || zreg__str_equal(one, service);
    }
    return is_named;
}

static bool has_action(const zreg__json *actions, const char *action)
{
    for (size_t i = 0; i < zreg__json_length(actions); i++) {
        const char *one = zreg__json_as_text(zreg__json_at(actions, i));
        if (zreg__str_equal(one, action) || zreg__str_equal(one, "*")) {
            return true;
        }
    }
    return false;
}

static bool add_repository(zreg__buf *grants, const zreg_server *server, const char *name,
                           const zreg__json *actions)
{
    ZREG__AUTO_FREE char *canonical = NULL;
    zreg_status status =
        zreg__server_repository(&canonical, server, zreg__span_of(name), NULL, NULL);
    if (status != ZREG_OK) {
        return status != ZREG_NOMEM; /* no name that could be here */
    }
    return zreg__buf_printf(grants, NULL, "%s%s%s %s\n", has_action(actions, "pull") ? "p" : "",
                            has_action(actions, "push") ? "w" : "",
                            has_action(actions, "delete") ? "d" : "", canonical) == ZREG_OK;
}

/* One {"type", "name", "actions"}; what is of another type is nothing to us. */
static bool add_access(zreg__buf *grants, const zreg_server *server, const zreg__json *access)
{
    const char *type = zreg__json_text(access, "type");
    const char *name = zreg__json_text(access, "name");
    const zreg__json *actions = zreg__json_get(access, "actions");
    if (type == NULL || name == NULL || !zreg__json_is_array(actions) ||
        zreg__json_length(actions) > MAX_ACTIONS) {
        return false;
    }
    if (zreg__str_equal(type, "repository")) {
        return add_repository(grants, server, name, actions);
    }
    bool is_catalog = zreg__str_equal(type, "registry") && zreg__str_equal(name, "catalog");
    return !is_catalog || !has_action(actions, "*") ||
           zreg__buf_text(grants, "c \n", NULL) == ZREG_OK;
}

static bool add_all(zreg__buf *grants, const zreg_server *server, const zreg__json *claims)
{
    const zreg__json *list = zreg__json_get(claims, "access");
    size_t count = zreg__json_length(list);
    bool is_good = (list == NULL || zreg__json_is_array(list)) && count <= ZREG__MAX_TOKEN_ACCESS;
    for (size_t i = 0; i < count && is_good; i++) {
        is_good = add_access(grants, server, zreg__json_at(list, i));
    }
    return is_good;
}

/* A token for nobody in particular has no subject, or an empty one. */
static bool read_subject(zreg__identity *identity, const zreg__json *claims)
{
    const char *subject = zreg__json_text(claims, "sub");
    identity->is_foreign = true;
    return subject == NULL
               ? !zreg__json_has(claims, "sub")
               : subject[0] == '\0' || zreg__identity_set(identity, zreg__span_of(subject));
}

bool zreg__issuer_read(zreg__identity *identity, char **out_grants, zreg__issuer *issuer,
                       const zreg_server *server, zreg__span token)
{
    ZREG__AUTO(zreg__json) zreg__json *claims = NULL;
    ZREG__AUTO(zreg__buf) zreg__buf grants = ZREG__BUF(MAX_GRANTS_BYTES);
    if (token.size > ZREG__JWT_MAX_BYTES || !is_confirmed(issuer, token) ||
        !zreg__jwt_read(&claims, token) || !is_timely(claims) ||
        !zreg__str_equal(zreg__json_text(claims, "iss"), issuer->name) ||
        !is_for(claims, issuer->service) || !add_all(&grants, server, claims) ||
        !read_subject(identity, claims)) {
        return false;
    }
    *out_grants = zreg__buf_steal(&grants);
    return *out_grants != NULL;
}

void zreg__issuer_free(zreg__issuer *issuer)
{
    if (issuer == NULL) {
        return;
    }
    zreg__jwt_keys_free(issuer->keys);
    zreg__proofs_free(issuer->confirmed);
    pthread_mutex_destroy(&issuer->lock);
    OPENSSL_cleanse(issuer->key, sizeof(issuer->key));
    free(issuer->realm);
    free(issuer->service);
    free(issuer->name);
    free(issuer);
}
