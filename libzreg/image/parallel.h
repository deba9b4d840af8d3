/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The same work on many items with several threads, which are joined before the call returns.
 *
 * The first error stops all other work and is the one reported. Cancellation and `watch` are
 * handled on the calling thread, which does nothing else.
 */
#ifndef ZREG_IMAGE_PARALLEL_H
#define ZREG_IMAGE_PARALLEL_H

#include <zreg/cancel.h>
#include <zreg/common.h>

/** Works on item `i`. `stop` is triggered when the work is to end early. */
typedef zreg_status (*zreg__parallel_fn)(void *user, size_t i, zreg_cancel *stop, zreg_error *err);

/** Called on the calling thread about ten times a second, and once more when all is done; non-zero
 *  stops (CALLBACK). */
typedef int (*zreg__parallel_watch_fn)(void *user);

/**
 * Runs `work` on items 0 to count - 1, started in this order, at most `threads` at once. `watch`
 * may be NULL. A single item without a watch runs on the calling thread.
 */
zreg_status zreg__parallel_run(size_t count, unsigned threads, zreg__parallel_fn work,
                               zreg__parallel_watch_fn watch, void *user, zreg_cancel *cancel,
                               zreg_error *err);

#endif
