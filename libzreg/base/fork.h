/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The one rule for fork(): an object with threads, connections, files or a descriptor belongs to the
 * process that made it. In a forked child it may only be freed, which there touches nothing that the
 * parent shares; every other call fails. Such an object keeps its maker, and asks here: forks are
 * counted as they happen, so that to ask costs no system call. Values (references, manifests, results)
 * are memory alone and may be used on.
 */
#ifndef ZREG_BASE_FORK_H
#define ZREG_BASE_FORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <zreg/common.h>

/** A process, by the forks that led to it. */
typedef unsigned zreg__maker;

extern atomic_uint zreg__forks;

/** This process. Errors: NOMEM. */
zreg_status zreg__fork_maker(zreg__maker *out, zreg_error *err);

/** True in a child of the process `maker`. Safe inside a signal handler. */
static inline bool zreg__forked(zreg__maker maker)
{
    return atomic_load_explicit(&zreg__forks, memory_order_relaxed) != maker;
}

/** Errors: INVAL (this is a child of the process `maker`). `what` is "the client", ... */
zreg_status zreg__fork_check(zreg__maker maker, const char *what, zreg_error *err);

#endif
