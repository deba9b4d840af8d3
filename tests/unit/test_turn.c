/* SPDX-License-Identifier: Apache-2.0 */
/* One thread does what all need: what it fails with, and what becomes of a cancel. */
#include "base/turn.h"

#include "base/clock.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WAITERS = 8 };

/* What the threads share. */
typedef struct shared {
    zreg__turn_lock lock;
    zreg__turn turn;
    unsigned waiting;
    unsigned takers; /* who found the turn free */
} shared;

typedef struct waiter {
    pthread_t thread;
    shared *with;
    zreg_cancel *cancel;
    zreg_status status;
    zreg_error err;
} waiter;

static void *wait_and_take(void *user)
{
    waiter *self = user;
    shared *with = self->with;

    pthread_mutex_lock(&with->lock.lock);
    with->waiting++;
    self->status = zreg__turn_wait(&with->turn, &with->lock, self->cancel, &self->err);
    if (self->status == ZREG_OK) {
        with->turn.taken = true;
        with->takers++;
        zreg__turn_end(&with->turn, &with->lock, NULL);
    }
    pthread_mutex_unlock(&with->lock.lock);
    return NULL;
}

static void start(shared *with, waiter *waiters, size_t count)
{
    zreg__turn_lock_init(&with->lock);
    with->turn.taken = true;
    for (size_t i = 0; i < count; i++) {
        waiters[i].with = with;
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_and_take, &waiters[i]), 0);
    }
    for (unsigned waiting = 0; waiting < count;) {
        pthread_mutex_lock(&with->lock.lock);
        waiting = with->waiting;
        pthread_mutex_unlock(&with->lock.lock);
    }
}

static void end(shared *with, const zreg_error *failed)
{
    pthread_mutex_lock(&with->lock.lock);
    zreg__turn_end(&with->turn, &with->lock, failed);
    pthread_mutex_unlock(&with->lock.lock);
}

static void join(shared *with, waiter *waiters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pthread_join(waiters[i].thread, NULL);
    }
    zreg__turn_lock_finish(&with->lock);
}

static void a_failure_is_met_by_all_who_waited(void **state)
{
    shared with = {0};
    waiter waiters[WAITERS] = {0};
    zreg_error failed = {0};

    (void)state;
    zreg__fail(&failed, ZREG_TIMEOUT, "h.example: silent");
    start(&with, waiters, WAITERS);
    end(&with, &failed);
    join(&with, waiters, WAITERS);
    for (size_t i = 0; i < WAITERS; i++) {
        assert_int_equal(waiters[i].status, ZREG_TIMEOUT);
        assert_string_equal(waiters[i].err.message, "h.example: silent");
    }
    assert_int_equal(with.takers, 0);
}

static void a_failure_of_ones_own_leaves_the_turn_to_the_others(void **state)
{
    shared with = {0};
    waiter waiters[WAITERS] = {0};

    (void)state;
    start(&with, waiters, WAITERS);
    end(&with, NULL);
    join(&with, waiters, WAITERS);
    for (size_t i = 0; i < WAITERS; i++) {
        assert_int_equal(waiters[i].status, ZREG_OK);
    }
    assert_int_equal(with.takers, WAITERS);
}

static void who_waits_can_be_cancelled(void **state)
{
    shared with = {0};
    waiter one = {0};

    (void)state;
    assert_int_equal(zreg_cancel_new(&one.cancel, NULL), ZREG_OK);
    start(&with, &one, 1);
    uint64_t began = zreg__clock_ms();
    zreg_cancel_trigger(one.cancel);
    join(&with, &one, 1);
    assert_true(zreg__clock_ms() - began < 5000);
    assert_int_equal(one.status, ZREG_CANCELLED);
    zreg_cancel_free(one.cancel);
}

static void some_failures_concern_the_caller_only(void **state)
{
    zreg_cancel *cancel = NULL;

    (void)state;
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);
    assert_false(zreg__turn_concerns_all(ZREG_OK, cancel));
    assert_false(zreg__turn_concerns_all(ZREG_CANCELLED, cancel));
    assert_false(zreg__turn_concerns_all(ZREG_NOMEM, cancel));
    assert_true(zreg__turn_concerns_all(ZREG_TIMEOUT, cancel));
    assert_true(zreg__turn_concerns_all(ZREG_NET, NULL));
    zreg_cancel_trigger(cancel);
    assert_false(zreg__turn_concerns_all(ZREG_TIMEOUT, cancel));
    zreg_cancel_free(cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_met_by_all_who_waited),
        cmocka_unit_test(a_failure_of_ones_own_leaves_the_turn_to_the_others),
        cmocka_unit_test(who_waits_can_be_cancelled),
        cmocka_unit_test(some_failures_concern_the_caller_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
