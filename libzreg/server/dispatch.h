/* SPDX-License-Identifier: Apache-2.0 */
/** The way of a request: route, access, handler, log. What http/serve calls. */
#ifndef ZREG_SERVER_DISPATCH_H
#define ZREG_SERVER_DISPATCH_H

#include "http/serve.h"

/** The `user` of these calls is the zreg_server. */
extern const zreg__serve_calls zreg__dispatch_calls;

#endif
