/* SPDX-License-Identifier: Apache-2.0 */
/** Random bytes from the kernel, and base64. */
#ifndef ZREG_BASE_RANDOM_H
#define ZREG_BASE_RANDOM_H

#include "base/buf.h"
#include <zreg/common.h>

/** Fills with random bytes fit for keys. Errors: IO. */
zreg_status zreg__random(void *to, size_t size, zreg_error *err);

/** `bytes` random bytes as lower-case hex and a NUL; `to` has room for 2 * bytes + 1. */
zreg_status zreg__random_hex(char *to, size_t bytes, zreg_error *err);

/** Adds base64 (RFC 4648 section 4; `url`: section 5 without padding). */
zreg_status zreg__base64_encode(zreg__buf *to, const void *bytes, size_t size, int url,
                                zreg_error *err);

/** Adds the decoded bytes. Errors: INVAL (foreign characters, wrong length), LIMIT. */
zreg_status zreg__base64_decode(zreg__buf *to, const char *text, size_t size, int url,
                                zreg_error *err);

#endif
