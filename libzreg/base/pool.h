/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Worker threads that live within one object or one call and are joined at its end.
 *
 * Jobs run in the order in which they were submitted, as threads are free. A thread starts when
 * there is work and none is idle, up to the maximum. All signals are blocked in workers.
 */
#ifndef ZREG_BASE_POOL_H
#define ZREG_BASE_POOL_H

#include "base/compiler.h"
#include <zreg/common.h>

typedef struct zreg__pool zreg__pool;

typedef void (*zreg__pool_fn)(void *job);

/** Makes a pool of at most `threads` threads, none of which runs yet. Errors: NOMEM. */
zreg_status zreg__pool_new(zreg__pool **out, unsigned threads, zreg_error *err);

/** Hands over a job. Errors: NOMEM, IO (not one thread could be started). */
zreg_status zreg__pool_submit(zreg__pool *pool, zreg__pool_fn run, void *job, zreg_error *err);

/** Waits until no job is queued or running, or `timeout_ms` has passed (UINT64_MAX: for ever).
 *  Returns 1 when idle, else 0. Jobs may submit further jobs. */
int zreg__pool_wait(zreg__pool *pool, uint64_t timeout_ms);

/** Runs what is queued, joins all threads and frees the pool. Accepts NULL. */
void zreg__pool_free(zreg__pool *pool);

ZREG__DEFINE_AUTO(zreg__pool, zreg__pool_free)

#endif
