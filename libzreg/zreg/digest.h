/* SPDX-License-Identifier: Apache-2.0 */
/** Content digests (OCI image-spec, descriptor.md#digests): sha256 and sha512. */
#ifndef ZREG_DIGEST_H
#define ZREG_DIGEST_H

#include <zreg/common.h>

ZREG_BEGIN_DECLS

/** A checked digest as text, `sha256:<64 hex>` or `sha512:<128 hex>`, lower case. A value type. */
typedef struct zreg_digest {
    char text[136];
} zreg_digest;

/**
 * Reads a digest.
 *
 * Errors: INVAL (wrong length, upper case or foreign characters), UNSUPPORTED (an algorithm other
 * than sha256 and sha512).
 */
ZREG_API zreg_status zreg_digest_parse(zreg_digest *out, const char *text, zreg_error *err);

/** The digest of `size` bytes. `algorithm` is "sha256" or "sha512"; NULL means sha256. */
ZREG_API zreg_status zreg_digest_of(zreg_digest *out, const char *algorithm, const void *bytes,
                                    size_t size, zreg_error *err);

/** 1 when both digests are the same, else 0. */
ZREG_API int zreg_digest_equal(const zreg_digest *a, const zreg_digest *b);

ZREG_END_DECLS

#endif
