/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct zreg_cancel {
    zreg__maker maker;
    atomic_uint holders;
    atomic_int triggered;
    _Atomic uint64_t deadline_ms; /* by zreg__clock_ms; UINT64_MAX: none */
    int fd; /* a timer that is never read: readable for good once it has fired */
};

zreg_status zreg_cancel_new(zreg_cancel **out, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO_FREE zreg_cancel *cancel = zreg__new(zreg_cancel);
    if (cancel == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__fork_maker(&cancel->maker, err));
    atomic_init(&cancel->holders, 1);
    atomic_init(&cancel->deadline_ms, UINT64_MAX);
    cancel->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (cancel->fd < 0) {
        return zreg__fail_errno(err, errno, "timerfd for a cancel token");
    }
    *out = zreg__steal(&cancel);
    return ZREG_OK;
}

/* A system call alone, so safe inside a signal handler. It cannot fail: `fd` is a timer. */
static void fire_at(const zreg_cancel *cancel, struct timespec when)
{
    struct itimerspec timer = {.it_value = when};
    int saved = errno;
    (void)timerfd_settime(cancel->fd, TFD_TIMER_ABSTIME, &timer, NULL);
    errno = saved;
}

static void fire_now(const zreg_cancel *cancel)
{
    fire_at(cancel, (struct timespec){.tv_nsec = 1});
}

void zreg_cancel_trigger(zreg_cancel *cancel)
{
    /* A forked child shares the descriptor with its parent, whom it must not wake. */
    if (cancel == NULL || zreg__forked(cancel->maker) ||
        atomic_exchange(&cancel->triggered, 1) != 0) {
        return;
    }
    fire_now(cancel);
}

void zreg_cancel_after(zreg_cancel *cancel, uint32_t timeout_ms)
{
    if (cancel == NULL || zreg__forked(cancel->maker)) {
        return;
    }
    uint64_t when = zreg__clock_ms() + timeout_ms;
    uint64_t before = atomic_load(&cancel->deadline_ms);
    do {
        if (before <= when) {
            return; /* the earliest deadline counts */
        }
    } while (!atomic_compare_exchange_weak(&cancel->deadline_ms, &before, when));
    fire_at(cancel, (struct timespec){(time_t)(when / 1000), (long)(when % 1000) * 1000000 + 1});
    if (zreg_cancel_triggered(cancel)) {
        fire_now(cancel); /* what this call has just put off */
    }
}

int zreg_cancel_triggered(const zreg_cancel *cancel)
{
    return cancel != NULL && (atomic_load(&cancel->triggered) != 0 ||
                              zreg__clock_ms() >= atomic_load(&cancel->deadline_ms));
}

zreg_cancel *zreg__cancel_share(zreg_cancel *cancel)
{
    if (cancel != NULL) {
        atomic_fetch_add(&cancel->holders, 1);
    }
    return cancel;
}

void zreg_cancel_free(zreg_cancel *cancel)
{
    if (cancel != NULL && atomic_fetch_sub(&cancel->holders, 1) == 1) {
        close(cancel->fd);
        free(cancel);
    }
}

int zreg__cancel_fd(const zreg_cancel *cancel)
{
    return cancel == NULL ? -1 : cancel->fd;
}

zreg_status zreg__cancel_check(const zreg_cancel *cancel, zreg_error *err)
{
    if (cancel == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__fork_check(cancel->maker, "the cancel token", err));
    if (atomic_load(&cancel->triggered) != 0) {
        return zreg__fail(err, ZREG_CANCELLED, "cancelled");
    }
    return zreg_cancel_triggered(cancel) ? zreg__fail(err, ZREG_TIMEOUT, "the call's time is up")
                                         : ZREG_OK;
}

zreg_status zreg__cancel_sleep(const zreg_cancel *cancel, uint64_t ms, zreg_error *err)
{
    uint64_t end = zreg__clock_ms() + ms;
    struct pollfd fd = {.fd = zreg__cancel_fd(cancel), .events = POLLIN};
    for (uint64_t now = end - ms; now < end && !zreg_cancel_triggered(cancel);
         now = zreg__clock_ms()) {
        uint64_t left = end - now;
        poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left);
    }
    return zreg__cancel_check(cancel, err);
}
