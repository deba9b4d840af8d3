/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often a process is looked at, once it has not ended at once. */
#define LOOK_MS 20

static int set_descriptors(posix_spawn_file_actions_t *actions, const int fds[3])
{
    int failed = 0;
    for (int fd = 0; fd <= 2 && failed == 0; fd++) {
        failed = fds[fd] < 0 ? posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0)
                             : posix_spawn_file_actions_adddup2(actions, fds[fd], fd);
    }
    return failed;
}

/* Whether a program that we start may ask the person at our terminal. In a group of its own it would be
 * stopped when it reads what is typed. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    bool foreground = fd >= 0 && tcgetpgrp(fd) == getpgrp();
    if (fd >= 0) {
        close(fd);
    }
    return foreground;
}

/* A thread of ours may block all signals, and a program that ignores some leaves that to its children. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    short group = has_terminal() ? 0 : POSIX_SPAWN_SETPGROUP;
    int failed = posix_spawnattr_setflags(
        attributes, (short)(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    failed = failed == 0 ? posix_spawnattr_setpgroup(attributes, 0) : failed;
    failed = failed == 0 ? posix_spawnattr_setsigmask(attributes, &none) : failed;
    return failed == 0 ? posix_spawnattr_setsigdefault(attributes, &all) : failed;
}

static int spawn(pid_t *out, const char *const *argv, const int fds[3],
                 posix_spawn_file_actions_t *actions)
{
    posix_spawnattr_t attributes;
    int failed = posix_spawnattr_init(&attributes);
    if (failed != 0) {
        return failed;
    }
    failed = set_attributes(&attributes);
    failed = failed == 0 ? set_descriptors(actions, fds) : failed;
    /* What posix_spawnp takes is not const, though it changes nothing. */
    failed = failed == 0 ? posix_spawnp(out, argv[0], actions, &attributes,
                                        (char *const *)(uintptr_t)argv, environ)
                         : failed;
    posix_spawnattr_destroy(&attributes);
    return failed;
}

zreg_status zreg__process_start(pid_t *out, const char *const *argv, const int fds[3],
                                zreg_error *err)
{
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed == 0) {
        failed = spawn(out, argv, fds, &actions);
        posix_spawn_file_actions_destroy(&actions);
    }
    return failed == 0 ? ZREG_OK : zreg__fail_errno(err, failed, "cannot run %s", argv[0]);
}

void zreg__process_kill(pid_t pid)
{
    kill(getpgid(pid) == getpgrp() ? pid : -pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

bool zreg__process_ended(int *out, pid_t pid)
{
    int how = 0;
    pid_t ended = waitpid(pid, &how, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) {
        return false;
    }
    *out = ended < 0 ? ZREG__PROCESS_UNKNOWN : how;
    return true;
}

zreg_status zreg__process_wait(int *out, pid_t pid, const char *name, uint32_t ms,
                               const zreg_cancel *cancel, zreg_error *err)
{
    uint64_t until = zreg__clock_ms() + ms;
    uint64_t look_ms = 1;
    while (!zreg__process_ended(out, pid)) {
        zreg_status status = zreg__clock_ms() < until
                                 ? zreg__cancel_sleep(cancel, look_ms, err)
                                 : zreg__fail(err, ZREG_IO, "%s did not end within %u s", name,
                                              (unsigned)(ms / 1000));
        if (status != ZREG_OK) {
            zreg__process_kill(pid);
            return status;
        }
        look_ms = look_ms < LOOK_MS ? 2 * look_ms : LOOK_MS;
    }
    return ZREG_OK;
}
