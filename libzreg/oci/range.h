/* SPDX-License-Identifier: Apache-2.0 */
/** Byte ranges: requests and answers of RFC 9110 section 14, and the upload offsets of the
 *  distribution-spec. All ends are inclusive, as on the wire. */
#ifndef ZREG_OCI_RANGE_H
#define ZREG_OCI_RANGE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum zreg__range_result {
    ZREG__RANGE_NONE,          /* no Range, another unit, several ranges, malformed: send all */
    ZREG__RANGE_OK,            /* send first..last */
    ZREG__RANGE_UNSATISFIABLE, /* 416 */
} zreg__range_result;

/** `Range: bytes=...` against content of `size` bytes. `header` may be NULL. */
zreg__range_result zreg__range_request(uint64_t *first, uint64_t *last, const char *header,
                                       uint64_t size);

/** `Content-Range: bytes F-L/SIZE` (SIZE UINT64_MAX for "*"); false when malformed. */
bool zreg__range_content(uint64_t *first, uint64_t *last, uint64_t *size, const char *header);

/** The form of uploads, in the Range answer and the Content-Range request: "F-L", with or
 *  without "bytes=" or "bytes "; false when malformed or L < F. */
bool zreg__range_upload(uint64_t *first, uint64_t *last, const char *header);

#endif
