/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd_send.h"

#include "base/cancel.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* A pipe that is ready takes PIPE_BUF bytes without a wait. */
static zreg_status send_piece(int fd, const char *bytes, size_t size, const char *what,
                              zreg_cancel *cancel, zreg_error *err)
{
    for (size_t done = 0; done < size;) {
        struct pollfd polled[] = {{.fd = fd, .events = POLLOUT},
                                  {.fd = zreg__cancel_fd(cancel), .events = POLLIN}};
        size_t left = size - done;
        bool ready = poll(polled, ZREG__COUNT(polled), -1) > 0 && polled[0].revents != 0;
        ZREG__TRY(zreg__cancel_check(cancel, err));
        ssize_t sent = ready ? write(fd, bytes + done, left < PIPE_BUF ? left : PIPE_BUF) : 0;
        if (sent < 0 && errno != EINTR && errno != EAGAIN) {
            return zreg__fail_errno(err, errno, "%s", what);
        }
        done += sent > 0 ? (size_t)sent : 0;
    }
    return ZREG_OK;
}

/* A signal of ours would end the process of who called us. */
zreg_status zreg__fd_send(int fd, const void *bytes, size_t size, const char *what,
                       zreg_cancel *cancel, zreg_error *err)
{
    const struct timespec now = {0};
    sigset_t pipe_only, before, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    zreg_status status = send_piece(fd, bytes, size, what, cancel, err);
    if (status != ZREG_OK && !sigismember(&pending, SIGPIPE)) {
        (void)sigtimedwait(&pipe_only, NULL, &now);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}
