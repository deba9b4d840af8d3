/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A growing buffer with a maximum.
 *
 * Invariants: size <= maximum; when data is not NULL, data[size] is NUL, so text in a buffer is
 * always a C string too. A failed append leaves the buffer as it was.
 */
#ifndef ZREG_BASE_BUF_H
#define ZREG_BASE_BUF_H

#include "base/compiler.h"
#include <stdarg.h>
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__buf {
    char *data;
    size_t size;
    size_t capacity;
    size_t maximum;
    bool is_secret; /* what it holds is wiped before that memory is free */
} zreg__buf;

/** An empty buffer that never holds more than `maximum` bytes. Allocates nothing. */
#define ZREG__BUF(maximum_bytes)                                                                   \
    {                                                                                              \
        .data = NULL, .size = 0, .capacity = 0, .maximum = (maximum_bytes)                         \
    }

/** The same for what nobody may find in memory later. */
#define ZREG__SECRET_BUF(maximum_bytes)                                                            \
    {                                                                                              \
        .data = NULL, .size = 0, .capacity = 0, .maximum = (maximum_bytes), .is_secret = true      \
    }

/** Makes room for `more` bytes behind the size. Errors: LIMIT, NOMEM. */
zreg_status zreg__buf_room(zreg__buf *buf, size_t more, zreg_error *err);

/** Adds bytes. Errors: LIMIT, NOMEM. */
zreg_status zreg__buf_append(zreg__buf *buf, const void *bytes, size_t size, zreg_error *err);

/** Adds a C string. */
zreg_status zreg__buf_text(zreg__buf *buf, const char *text, zreg_error *err);

/** Adds a number in decimal. */
zreg_status zreg__buf_u64(zreg__buf *buf, uint64_t number, zreg_error *err);

/** Adds printf output. */
zreg_status zreg__buf_printf(zreg__buf *buf, zreg_error *err, const char *format, ...)
    ZREG__PRINTF(3, 4);

zreg_status zreg__buf_vprintf(zreg__buf *buf, zreg_error *err, const char *format,
                              va_list arguments) ZREG__PRINTF(3, 0);

/** Adds text percent-encoded for a query value (RFC 3986: unreserved stays). */
zreg_status zreg__buf_query(zreg__buf *buf, const char *text, zreg_error *err);

/** The text, never NULL ("" when empty); lives until the next change. */
const char *zreg__buf_cstr(const zreg__buf *buf);

/** Gives the memory to the caller (free with free()); "" in new memory when empty, NULL: NOMEM. */
char *zreg__buf_steal(zreg__buf *buf);

/** Drops the first `size` bytes, of those that are there. */
void zreg__buf_drop(zreg__buf *buf, size_t size);

/** Empties it and keeps the memory. */
void zreg__buf_reset(zreg__buf *buf);

/** Frees the memory. */
void zreg__buf_finish(zreg__buf *buf);

ZREG__DEFINE_AUTO_VALUE(zreg__buf, zreg__buf_finish)

#endif
