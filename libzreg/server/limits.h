/* SPDX-License-Identifier: Apache-2.0 */
/** What a server's peers may take: what was asked for, and what stands for 0. */
#ifndef ZREG_SERVER_LIMITS_H
#define ZREG_SERVER_LIMITS_H

#include "http/serve.h"
#include <zreg/server.h>

/** `given` may be NULL; `*out_body` is the largest body of one request. More connections than the process
 *  has descriptors for are not taken, and `log`, which may be NULL, tells. Errors:
 *  INVAL. */
zreg_status zreg__server_limits_read(zreg__serve_limits *out, uint64_t *out_body,
                                     const zreg_server_limits *given, const zreg__log *log,
                                     zreg_error *err);

#endif
