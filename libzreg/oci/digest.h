/* SPDX-License-Identifier: Apache-2.0 */
/** Digests beyond the public interface (zreg_digest, <zreg/digest.h>). */
#ifndef ZREG_OCI_DIGEST_H
#define ZREG_OCI_DIGEST_H

#include <stddef.h>
#include <zreg/digest.h>

/** The digest of bytes by the algorithm of another, which was checked. Errors: those of zreg_digest_of. */
zreg_status zreg__digest_like(zreg_digest *out, const zreg_digest *other, const void *bytes,
                              size_t size, zreg_error *err);

#endif
