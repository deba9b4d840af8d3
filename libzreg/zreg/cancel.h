/* SPDX-License-Identifier: Apache-2.0 */
/** Stop a blocking call from another thread or from a signal handler. */
#ifndef ZREG_CANCEL_H
#define ZREG_CANCEL_H

#include <zreg/common.h>

ZREG_BEGIN_DECLS

/**
 * A flag that blocking calls watch. Once triggered it stays triggered.
 *
 * One token may be given to many calls. It must outlive every call and every stream (blob reader
 * or writer) it was given to.
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

/** 1 when the token has been triggered, else 0. NULL is never triggered. */
ZREG_API int zreg_cancel_triggered(const zreg_cancel *cancel);

/** Frees the token. Accepts NULL. */
ZREG_API void zreg_cancel_free(zreg_cancel *cancel);

ZREG_END_DECLS

#endif
