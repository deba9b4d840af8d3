/* SPDX-License-Identifier: Apache-2.0 */
/** Other programs, which run beside us and have ended when we go on. Each leads a process group of its own, so
 *  that what it has started is killed with it; but where we are in the foreground of our terminal it stays in our
 *  group, may ask the person there, and is killed alone. Ctrl-C then reaches what it has started, too. */
#ifndef ZREG_BASE_PROCESS_H
#define ZREG_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <zreg/cancel.h>

/** In place of a status: the program that uses us ignores SIGCHLD, or collects its children itself. */
#define ZREG__PROCESS_UNKNOWN (-1)

/** Starts argv[0], looked for in $PATH unless it has a slash, with argv, which ends with NULL, and `fds` as
 *  its three standard descriptors; -1: /dev/null. No signal is blocked or ignored in it, whatever this
 *  thread blocks. It must be waited for or killed. Errors: IO. */
zreg_status zreg__process_start(pid_t *out, const char *const *argv, const int fds[3],
                                zreg_error *err);

/** Waits until it has ended, at most `ms`, then it is killed; so it is when `cancel` is triggered. `*out`
 *  is its status as of waitpid, or ZREG__PROCESS_UNKNOWN. `name` is for errors. Errors: IO, those of zreg__cancel_check. */
zreg_status zreg__process_wait(int *out, pid_t pid, const char *name, uint32_t ms,
                               const zreg_cancel *cancel, zreg_error *err);

/** Whether it has ended; then it needs no more waiting, and `*out` is as of zreg__process_wait. */
bool zreg__process_ended(int *out, pid_t pid);

/** Ends it at once, with its group where that is its own. */
void zreg__process_kill(pid_t pid);

#endif
