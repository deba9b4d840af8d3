/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fork.h"

#include "base/error.h"

#include <pthread.h>

atomic_uint zreg__forks = 1;

static pthread_once_t watched = PTHREAD_ONCE_INIT;
static bool watches;

static void count_fork(void)
{
    atomic_fetch_add(&zreg__forks, 1);
}

static void watch(void)
{
    watches = pthread_atfork(NULL, NULL, count_fork) == 0;
}

zreg_status zreg__fork_maker(zreg__maker *out, zreg_error *err)
{
    (void)pthread_once(&watched, watch);
    *out = atomic_load(&zreg__forks);
    return watches ? ZREG_OK : zreg__fail_nomem(err);
}

zreg_status zreg__fork_check(zreg__maker maker, const char *what, zreg_error *err)
{
    return zreg__forked(maker) ? zreg__fail(err, ZREG_INVAL,
                                            "%s was made before fork() and belongs to the parent "
                                            "process; this child may only free it: make another",
                                            what)
                               : ZREG_OK;
}
