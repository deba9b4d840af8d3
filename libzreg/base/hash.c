/* SPDX-License-Identifier: Apache-2.0 */
/* The low-level SHA interface is deprecated in OpenSSL 3 but is the one whose state can be
 * copied, saved and resumed, which resumable uploads need. It uses the same assembly. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hash.h"

#include "base/str.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((zreg__hash *)0)->state), "sha256 state fits");
_Static_assert(sizeof(SHA512_CTX) <= sizeof(((zreg__hash *)0)->state), "sha512 state fits");

void zreg__hash_init(zreg__hash *hash, zreg__hash_kind kind)
{
    memset(hash, 0, sizeof(*hash));
    hash->kind = kind;
    if (kind == ZREG__SHA512) {
        SHA512_Init((SHA512_CTX *)hash->state);
    } else {
        SHA256_Init((SHA256_CTX *)hash->state);
    }
}

void zreg__hash_update(zreg__hash *hash, const void *bytes, size_t size)
{
    hash->bytes += size;
    if (hash->kind == ZREG__SHA512) {
        SHA512_Update((SHA512_CTX *)hash->state, bytes, size);
    } else {
        SHA256_Update((SHA256_CTX *)hash->state, bytes, size);
    }
}

void zreg__hash_digest(const zreg__hash *hash, char to[136])
{
    zreg__hash copy = *hash;
    uint8_t digest[ZREG__HASH_MAX_BYTES];
    if (hash->kind == ZREG__SHA512) {
        SHA512_Final(digest, (SHA512_CTX *)copy.state);
        memcpy(to, "sha512:", 7);
        zreg__hex(to + 7, digest, SHA512_DIGEST_LENGTH);
    } else {
        SHA256_Final(digest, (SHA256_CTX *)copy.state);
        memcpy(to, "sha256:", 7);
        zreg__hex(to + 7, digest, SHA256_DIGEST_LENGTH);
    }
}

bool zreg__hash_kind_of(zreg__hash_kind *out, const char *digest_text)
{
    bool sha512 = zreg__str_starts(digest_text, "sha512:");
    if (!sha512 && !zreg__str_starts(digest_text, "sha256:")) {
        return false;
    }
    *out = sha512 ? ZREG__SHA512 : ZREG__SHA256;
    return true;
}

void zreg__hash_init_like(zreg__hash *hash, const char *digest_text)
{
    zreg__hash_kind kind = ZREG__SHA256;

    if (digest_text != NULL) {
        (void)zreg__hash_kind_of(&kind, digest_text);
    }
    zreg__hash_init(hash, kind);
}

void zreg__hmac_sha256(uint8_t to[32], const void *key, size_t key_size, const void *bytes,
                       size_t size)
{
    unsigned written = 0;
    HMAC(EVP_sha256(), key, (int)key_size, bytes, size, to, &written);
}
