/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The one rule for fork(): an object with threads, connections, files or a descriptor belongs to the
 * process that made it. In a forked child it may only be freed, which there touches nothing that the
 * parent shares; every other call fails. Such an object keeps the pid of its maker, and asks here.
 * Values (references, manifests, results) are memory alone and may be used on.
 */
#ifndef ZREG_BASE_FORK_H
#define ZREG_BASE_FORK_H

#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>
#include <zreg/common.h>

/** True in a child of the process `maker`. Safe inside a signal handler. */
static inline bool zreg__forked(pid_t maker)
{
    return getpid() != maker;
}

/** Errors: INVAL (this is a child of the process `maker`). `what` is "the client", ... */
zreg_status zreg__fork_check(pid_t maker, const char *what, zreg_error *err);

#endif
