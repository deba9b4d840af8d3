/* SPDX-License-Identifier: Apache-2.0 */
#include "server/authority.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <string.h>

#define MAX_KEYS 8
#define PURPOSE "zreg bearer tokens"

struct zreg__authority {
    atomic_uint holders;
    uint8_t keys[MAX_KEYS][ZREG__AUTHORITY_MAC_BYTES];
    size_t key_count;
    zreg__issuer *issuer; /* or NULL */
};

/* The text is made a key for this purpose alone: operators may use it elsewhere too. */
static zreg_status add_key(zreg__authority *authority, const char *text, zreg_error *err)
{
    size_t size = strlen(text);
    if (size < ZREG__MIN_TOKEN_KEY) {
        return zreg__fail(err, ZREG_INVAL,
                          "a token key of %zu bytes is too short; give %d at least, at random",
                          size, ZREG__MIN_TOKEN_KEY);
    }
    if (authority->key_count == MAX_KEYS) {
        return zreg__fail(err, ZREG_INVAL, "more than %d token keys; leave out old ones", MAX_KEYS);
    }
    zreg__hmac_sha256(authority->keys[authority->key_count++], text, size, PURPOSE,
                      sizeof(PURPOSE) - 1);
    return ZREG_OK;
}

zreg_status zreg__authority_new(zreg__authority **out, const zreg_server_options *options,
                                const uint8_t run_key[ZREG__AUTHORITY_MAC_BYTES], zreg_error *err)
{
    ZREG__AUTO(zreg__authority) zreg__authority *authority = zreg__new(zreg__authority);
    if (authority == NULL) {
        return zreg__fail_nomem(err);
    }
    atomic_init(&authority->holders, 1);
    ZREG__TRY(zreg__issuer_new(&authority->issuer, options, err));
    for (size_t i = 0; options->token_keys != NULL && options->token_keys[i] != NULL; i++) {
        ZREG__TRY(add_key(authority, options->token_keys[i], err));
    }
    if (authority->key_count == 0) {
        memcpy(authority->keys[authority->key_count++], run_key, ZREG__AUTHORITY_MAC_BYTES);
    }
    *out = zreg__steal(&authority);
    return ZREG_OK;
}

zreg__authority *zreg__authority_share(zreg__authority *authority)
{
    atomic_fetch_add(&authority->holders, 1);
    return authority;
}

zreg__issuer *zreg__authority_issuer(const zreg__authority *authority)
{
    return authority->issuer;
}

void zreg__authority_sign(uint8_t mac[ZREG__AUTHORITY_MAC_BYTES], const zreg__authority *authority,
                          const void *bytes, size_t size)
{
    zreg__hmac_sha256(mac, authority->keys[0], ZREG__AUTHORITY_MAC_BYTES, bytes, size);
}

bool zreg__authority_signed(const zreg__authority *authority,
                            const uint8_t mac[ZREG__AUTHORITY_MAC_BYTES], const void *bytes,
                            size_t size)
{
    bool is_signed = false;
    for (size_t i = 0; i < authority->key_count; i++) {
        uint8_t wanted[ZREG__AUTHORITY_MAC_BYTES];
        zreg__hmac_sha256(wanted, authority->keys[i], ZREG__AUTHORITY_MAC_BYTES, bytes, size);
        is_signed =
            zreg__mem_equal_constant_time(mac, wanted, ZREG__AUTHORITY_MAC_BYTES) || is_signed;
    }
    return is_signed;
}

void zreg__authority_free(zreg__authority *authority)
{
    if (authority != NULL && atomic_fetch_sub(&authority->holders, 1) == 1) {
        zreg__issuer_free(authority->issuer);
        OPENSSL_cleanse(authority, sizeof(*authority));
        free(authority);
    }
}
