/* SPDX-License-Identifier: Apache-2.0 */
/** A port of its own for those who watch the server: /healthz, /readyz and /metrics, in plain HTTP. It
 *  answers as long as the server lives, while it drains too. */
#ifndef ZREG_SERVER_MONITOR_H
#define ZREG_SERVER_MONITOR_H

#include "server/inside.h"

/** Opens the socket, so that the address is known. Errors: INVAL, IO, NOMEM. */
zreg_status zreg__monitor_open(zreg_server *server, const char *listen, zreg_error *err);

#endif
