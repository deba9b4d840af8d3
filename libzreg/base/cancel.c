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
#include <sys/eventfd.h>
#include <unistd.h>

struct zreg_cancel {
    pid_t maker;
    atomic_int triggered;
    int fd;
};

zreg_status zreg_cancel_new(zreg_cancel **out, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO_FREE zreg_cancel *cancel = zreg__new(zreg_cancel);
    if (cancel == NULL) {
        return zreg__fail_nomem(err);
    }
    cancel->maker = getpid();
    cancel->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (cancel->fd < 0) {
        return zreg__fail_errno(err, errno, "eventfd for a cancel token");
    }
    *out = zreg__steal(&cancel);
    return ZREG_OK;
}

void zreg_cancel_trigger(zreg_cancel *cancel)
{
    /* A forked child shares the descriptor with its parent, whom it must not wake. */
    if (cancel == NULL || zreg__forked(cancel->maker) ||
        atomic_exchange(&cancel->triggered, 1) != 0) {
        return;
    }
    int saved = errno;
    uint64_t one = 1;
    ssize_t written = write(cancel->fd, &one, sizeof(one));
    (void)written; /* cannot fail: the counter is written once */
    errno = saved;
}

int zreg_cancel_triggered(const zreg_cancel *cancel)
{
    return cancel != NULL && atomic_load(&cancel->triggered) != 0;
}

void zreg_cancel_free(zreg_cancel *cancel)
{
    if (cancel != NULL) {
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
    if (cancel != NULL) {
        ZREG__TRY(zreg__fork_check(cancel->maker, "the cancel token", err));
    }
    return zreg_cancel_triggered(cancel) ? zreg__fail(err, ZREG_CANCELLED, "cancelled") : ZREG_OK;
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
