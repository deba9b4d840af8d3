/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Streaming sha256 and sha512. The state is a plain value: it can be copied, and saved to disk to
 * go on after a restart of the process (same machine, same library).
 */
#ifndef ZREG_BASE_HASH_H
#define ZREG_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum zreg__hash_kind { ZREG__SHA256 = 0, ZREG__SHA512 = 1 } zreg__hash_kind;

/** Room for either algorithm's state; the layout is private to hash.c. */
typedef struct zreg__hash {
    zreg__hash_kind kind;
    uint64_t bytes; /* hashed so far */
    uint64_t state[28];
} zreg__hash;

#define ZREG__HASH_MAX_BYTES 64

void zreg__hash_init(zreg__hash *hash, zreg__hash_kind kind);
void zreg__hash_update(zreg__hash *hash, const void *bytes, size_t size);

/** The digest as "sha256:<hex>" of what was hashed so far; the state may be updated further. */
void zreg__hash_digest(const zreg__hash *hash, char to[136]);

/** The kind that a digest's text begins with ("sha256:..."); false for any other. */
bool zreg__hash_kind_of(zreg__hash_kind *out, const char *digest_text);

/** Begins the hash that shows whether bytes have such a digest; SHA-256 for NULL and for a kind that is not known. */
void zreg__hash_init_like(zreg__hash *hash, const char *digest_text);

/** HMAC-SHA-256. */
void zreg__hmac_sha256(uint8_t to[32], const void *key, size_t key_size, const void *bytes,
                       size_t size);

#endif
