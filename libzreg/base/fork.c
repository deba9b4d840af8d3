/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fork.h"

#include "base/error.h"

zreg_status zreg__fork_check(pid_t maker, const char *what, zreg_error *err)
{
    return zreg__forked(maker) ? zreg__fail(err, ZREG_INVAL,
                                            "%s was made before fork() and belongs to the parent "
                                            "process; this child may only free it: make another",
                                            what)
                               : ZREG_OK;
}
