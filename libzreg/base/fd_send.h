/* SPDX-License-Identifier: Apache-2.0 */
/** Writing to a pipe, or whatever else a descriptor is, without a wait that cannot be cancelled. */
#ifndef ZREG_BASE_FD_SEND_H
#define ZREG_BASE_FD_SEND_H

#include <stddef.h>
#include <zreg/cancel.h>
#include <zreg/common.h>

/** Writes all bytes. SIGPIPE is raised for nobody; a reader that went away is an error. `what` is for errors: "send
 *  the archive". Errors: IO, CANCELLED, TIMEOUT. */
zreg_status zreg__fd_send(int fd, const void *bytes, size_t size, const char *what,
                       zreg_cancel *cancel, zreg_error *err);

#endif
