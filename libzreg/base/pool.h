/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Worker threads that live within one object or one call and are joined at its end.
 *
 * Jobs of one key run in the order in which they were submitted, as threads are free; keys take
 * turns. A thread starts when there is work and none is idle, up to the maximum. All signals are
 * blocked in workers.
 */
#ifndef ZREG_BASE_POOL_H
#define ZREG_BASE_POOL_H

#include "base/compiler.h"
#include <stdint.h>
#include <zreg/common.h>

typedef struct zreg__pool zreg__pool;

/** Proof of running on a thread of a pool, which may wait: what does wait can ask for it, and so cannot
 *  be called elsewhere. Only pools make it; it is good until the job returns. */
typedef struct zreg__worker zreg__worker;

typedef void (*zreg__pool_fn)(void *job, const zreg__worker *on);

/** Makes a pool of at most `threads` threads, none of which runs yet, before which at most `queue`
 *  jobs wait; 0: any number. Where the queue ends, nobody takes it all: one key has half of the
 *  threads at most, and may have no more jobs waiting than it leaves room for. Errors: NOMEM. */
zreg_status zreg__pool_new(zreg__pool **out, unsigned threads, unsigned queue, zreg_error *err);

/** Where processors are short, its threads let the others of the process go first. Before its first job. */
void zreg__pool_give_way(zreg__pool *pool);

/** Hands over a job of `key`, which is anything. Errors: BUSY (there is no room, or no more for this
 *  key), NOMEM, IO (not one thread could be started). */
zreg_status zreg__pool_submit(zreg__pool *pool, uint64_t key, zreg__pool_fn run, void *job,
                              zreg_error *err);

/** Waits until no job is queued or running, or `timeout_ms` has passed (UINT64_MAX: for ever).
 *  Returns 1 when idle, else 0. Jobs may submit further jobs. */
int zreg__pool_wait(zreg__pool *pool, uint64_t timeout_ms);

/** How many jobs wait for a thread, and how many run. */
void zreg__pool_count(unsigned *out_waiting, unsigned *out_running, zreg__pool *pool);

/** Runs what is queued, joins all threads and frees the pool. Accepts NULL. */
void zreg__pool_free(zreg__pool *pool);

ZREG__DEFINE_AUTO(zreg__pool, zreg__pool_free)

#endif
