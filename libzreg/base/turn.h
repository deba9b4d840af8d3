/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One of several threads does what all of them need; the others wait, and what it meets they have met too.
 *
 * A turn is guarded by its owner's lock, which is held when these are called, and not while the thread whose
 * turn it is works.
 */
#ifndef ZREG_BASE_TURN_H
#define ZREG_BASE_TURN_H

#include <pthread.h>
#include <stdbool.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

/** Begins with all zero. */
typedef struct zreg__turn {
    bool taken;
    uint64_t failures; /* that counted for those who waited */
    zreg_error failed; /* the last of these */
} zreg__turn;

/** A lock, and the condition that wakes those who wait under it. */
typedef struct zreg__turn_lock {
    pthread_mutex_t lock;
    pthread_cond_t changed;
} zreg__turn_lock;

void zreg__turn_lock_init(zreg__turn_lock *lock);
void zreg__turn_lock_finish(zreg__turn_lock *lock);

/** Waits while another thread has the turn. Afterwards the caller looks again whether anything is left to do, and
 *  if so takes the turn: `turn->taken = true`. Errors: that with which the turn ended which was waited for;
 *  CANCELLED, TIMEOUT. */
zreg_status zreg__turn_wait(zreg__turn *turn, zreg__turn_lock *lock, zreg_cancel *cancel,
                            zreg_error *err);

/** Ends a turn. `failed` counts for all who waited for it; NULL: it ended well, or with what is no concern of
 *  theirs: then another takes it. */
void zreg__turn_end(zreg__turn *turn, zreg__turn_lock *lock, const zreg_error *failed);

/** Whether others would meet the same: not where the caller's own token ended it, nor without memory. */
bool zreg__turn_concerns_all(zreg_status status, const zreg_cancel *cancel);

#endif
