/* SPDX-License-Identifier: Apache-2.0 */
#include "base/turn.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"

/* Cancel tokens cannot wake a condition variable, so waits are cut into these. */
#define WAIT_MS 50

void zreg__turn_lock_init(zreg__turn_lock *lock)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&lock->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lock->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void zreg__turn_lock_finish(zreg__turn_lock *lock)
{
    pthread_cond_destroy(&lock->changed);
    pthread_mutex_destroy(&lock->lock);
}

zreg_status zreg__turn_wait(zreg__turn *turn, zreg__turn_lock *lock, zreg_cancel *cancel,
                            zreg_error *err)
{
    uint64_t before = turn->failures;
    while (turn->taken) {
        struct timespec until = zreg__clock_deadline(WAIT_MS);
        pthread_cond_timedwait(&lock->changed, &lock->lock, &until);
        if (turn->failures != before) {
            return zreg__fail_again(err, &turn->failed);
        }
        ZREG__TRY(zreg__cancel_check(cancel, err));
    }
    return ZREG_OK;
}

void zreg__turn_end(zreg__turn *turn, zreg__turn_lock *lock, const zreg_error *failed)
{
    turn->taken = false;
    if (failed != NULL) {
        turn->failures++;
        turn->failed = *failed;
    }
    pthread_cond_broadcast(&lock->changed);
}

bool zreg__turn_concerns_all(zreg_status status, const zreg_cancel *cancel)
{
    return status != ZREG_OK && status != ZREG_CANCELLED && status != ZREG_NOMEM &&
           !zreg_cancel_triggered(cancel);
}
