/* SPDX-License-Identifier: Apache-2.0 */
/** Stop a blocking call: from another thread, from a signal handler, or at a deadline. */
#ifndef ZREG_CANCEL_H
#define ZREG_CANCEL_H

#include <zreg/common.h>

ZREG_BEGIN_DECLS

/**
 * A flag that blocking calls watch. Once triggered it stays triggered.
 *
 * One token may be given to many calls and used from many threads. A stream (blob reader or writer)
 * keeps the token it was opened with, so it may be freed before that.
 */
typedef struct zreg_cancel zreg_cancel;

/** Makes a token. Errors: NOMEM, IO (no file descriptor left). */
ZREG_API zreg_status zreg_cancel_new(zreg_cancel **out, zreg_error *err);

/**
 * Triggers the token: calls that hold it return ZREG_CANCELLED within 100 ms.
 *
 * Safe from any thread and inside a signal handler. Accepts NULL.
 */
ZREG_API void zreg_cancel_trigger(zreg_cancel *cancel);

/**
 * Gives the calls that hold the token a deadline, `timeout_ms` milliseconds from now: they then return
 * ZREG_TIMEOUT within 100 ms. Of several deadlines the earliest counts. Safe from any thread. Accepts
 * NULL.
 */
ZREG_API void zreg_cancel_after(zreg_cancel *cancel, uint32_t timeout_ms);

/** 1 when the token has been triggered or its deadline has passed, else 0. NULL: 0. */
ZREG_API int zreg_cancel_triggered(const zreg_cancel *cancel);

/** Frees the token. Accepts NULL. */
ZREG_API void zreg_cancel_free(zreg_cancel *cancel);

ZREG_END_DECLS

#endif
