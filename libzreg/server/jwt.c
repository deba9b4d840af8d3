/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jwt.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define MAX_KEYS 8
#define MIN_RSA_BITS 2048
#define MAX_RSA_BITS 8192
#define MAX_HEADER_BYTES (8 * ZREG__KIB)
#define MAX_SIGNATURE_BYTES ((size_t)MAX_RSA_BITS / 8)
#define ES256_HALF 32

ZREG__DEFINE_AUTO(BIO, BIO_free_all)
ZREG__DEFINE_AUTO(X509, X509_free)
ZREG__DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
ZREG__DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free)
ZREG__DEFINE_AUTO(ECDSA_SIG, ECDSA_SIG_free)

typedef struct key {
    EVP_PKEY *key;
    const char *algorithm; /* the one that it is good for */
} key;

struct zreg__jwt_keys {
    key keys[MAX_KEYS];
    size_t count;
};

/* ---- keys ---- */

static EVP_PKEY *read_block(const char *name, const unsigned char *bytes, long size)
{
    if (zreg__str_equal(name, PEM_STRING_PUBLIC)) {
        return d2i_PUBKEY(NULL, &bytes, size);
    }
    if (zreg__str_equal(name, PEM_STRING_X509)) {
        ZREG__AUTO(X509) X509 *certificate = d2i_X509(NULL, &bytes, size);
        return certificate == NULL ? NULL : X509_get_pubkey(certificate);
    }
    return NULL;
}

/* NULL: it is good for none. */
static const char *algorithm_of(const EVP_PKEY *found)
{
    char group[32] = "";
    if (EVP_PKEY_is_a(found, "RSA")) {
        int bits = EVP_PKEY_get_bits(found);
        return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS ? "RS256" : NULL;
    }
    if (EVP_PKEY_is_a(found, "EC") &&
        EVP_PKEY_get_utf8_string_param(found, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       NULL) == 1) {
        return zreg__str_equal(group, "prime256v1") ? "ES256" : NULL;
    }
    return NULL;
}

static zreg_status add_key(zreg__jwt_keys *keys, const char *name, const unsigned char *bytes,
                           long size, zreg_error *err)
{
    ZREG__AUTO(EVP_PKEY) EVP_PKEY *found = read_block(name, bytes, size);
    const char *algorithm = found == NULL ? NULL : algorithm_of(found);
    if (algorithm == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "number %zu of the keys of the token service (%.40s) is none that is "
                          "taken; give public keys or certificates, RSA of 2048 bits or EC P-256",
                          keys->count + 1, name);
    }
    if (keys->count == MAX_KEYS) {
        return zreg__fail(err, ZREG_INVAL, "more than %d keys of the token service", MAX_KEYS);
    }
    keys->keys[keys->count++] = (key){zreg__steal(&found), algorithm};
    return ZREG_OK;
}

zreg_status zreg__jwt_keys_new(zreg__jwt_keys **out, const char *pem, zreg_error *err)
{
    char *name, *header;
    unsigned char *bytes;
    long size;
    ZREG__AUTO(BIO) BIO *bio = BIO_new_mem_buf(pem, -1);
    ZREG__AUTO(zreg__jwt_keys) zreg__jwt_keys *keys = zreg__new(zreg__jwt_keys);
    if (bio == NULL || keys == NULL) {
        return zreg__fail_nomem(err);
    }
    while (PEM_read_bio(bio, &name, &header, &bytes, &size) == 1) {
        zreg_status status = add_key(keys, name, bytes, size, err);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(bytes, (size_t)size);
        ERR_clear_error();
        ZREG__TRY(status);
    }
    bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (keys->count == 0 || !is_end) {
        return zreg__fail(err, ZREG_INVAL, "the keys of the token service are not PEM");
    }
    *out = zreg__steal(&keys);
    return ZREG_OK;
}

void zreg__jwt_keys_free(zreg__jwt_keys *keys)
{
    for (size_t i = 0; keys != NULL && i < keys->count; i++) {
        EVP_PKEY_free(keys->keys[i].key);
    }
    free(keys);
}

/* ---- tokens ---- */

typedef struct parts {
    zreg__span header;
    zreg__span claims;
    zreg__span signature;
    zreg__span text; /* what is signed */
} parts;

static bool split(parts *out, zreg__span token)
{
    out->signature = token;
    out->header = zreg__span_cut(&out->signature, '.');
    out->claims = zreg__span_cut(&out->signature, '.');
    out->text = (zreg__span){token.text, out->header.size + 1 + out->claims.size};
    return token.size <= ZREG__JWT_MAX_BYTES && out->signature.text != NULL;
}

static bool read_object(zreg__json **out, zreg__span encoded, size_t maximum, const char *what)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(maximum);
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    if (zreg__base64_decode(&text, encoded.text, encoded.size, 1, NULL) != ZREG_OK ||
        zreg__json_parse(&json, text.data, text.size, what, NULL) != ZREG_OK ||
        !zreg__json_is_object(json)) {
        return false;
    }
    *out = zreg__steal(&json);
    return true;
}

/* ES256 has its two numbers side by side (RFC 7518 section 3.4), OpenSSL wants them in DER. */
static bool to_der(zreg__buf *signature)
{
    unsigned char *der = NULL;
    const unsigned char *raw = (const unsigned char *)signature->data;
    ZREG__AUTO(ECDSA_SIG) ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = signature->size == 2 * ES256_HALF ? BN_bin2bn(raw, ES256_HALF, NULL) : NULL;
    BIGNUM *s = r == NULL ? NULL : BN_bin2bn(raw + ES256_HALF, ES256_HALF, NULL);
    if (pair == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    int size = i2d_ECDSA_SIG(pair, &der);
    zreg__buf_reset(signature);
    bool is_made = size > 0 && zreg__buf_append(signature, der, (size_t)size, NULL) == ZREG_OK;
    OPENSSL_free(der);
    return is_made;
}

static bool fits(const key *tried, zreg__span text, const zreg__buf *signature)
{
    ZREG__AUTO(EVP_MD_CTX) EVP_MD_CTX *context = EVP_MD_CTX_new();
    return context != NULL &&
           EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, tried->key) == 1 &&
           EVP_DigestVerify(context, (const unsigned char *)signature->data, signature->size,
                            (const unsigned char *)text.text, text.size) == 1;
}

/* The algorithm that a token claims, unless it is none of ours or something more has to be understood. */
static bool is_one_of_ours(zreg__json *header, const char **algorithm)
{
    *algorithm = zreg__json_text(header, "alg");
    return !zreg__json_has(header, "crit") &&
           (zreg__str_equal(*algorithm, "RS256") || zreg__str_equal(*algorithm, "ES256"));
}

bool zreg__jwt_is_signed(const zreg__jwt_keys *keys, zreg__span token)
{
    parts p;
    const char *algorithm;
    ZREG__AUTO(zreg__json) zreg__json *header = NULL;
    ZREG__AUTO(zreg__buf) zreg__buf signature = ZREG__BUF(MAX_SIGNATURE_BYTES);
    if (!split(&p, token) || !read_object(&header, p.header, MAX_HEADER_BYTES, "a header") ||
        !is_one_of_ours(header, &algorithm) ||
        zreg__base64_decode(&signature, p.signature.text, p.signature.size, 1, NULL) != ZREG_OK ||
        (zreg__str_equal(algorithm, "ES256") && !to_der(&signature))) {
        return false;
    }
    bool is_signed = false;
    for (size_t i = 0; i < keys->count && !is_signed; i++) {
        is_signed = zreg__str_equal(keys->keys[i].algorithm, algorithm) &&
                    fits(&keys->keys[i], p.text, &signature);
    }
    ERR_clear_error();
    return is_signed;
}

bool zreg__jwt_read(zreg__json **out, zreg__span token)
{
    parts p;
    return split(&p, token) && read_object(out, p.claims, ZREG__JWT_MAX_BYTES, "the claims");
}
