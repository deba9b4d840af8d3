/* SPDX-License-Identifier: Apache-2.0 */
/** The access log: one JSON line for each request, without secrets (<zreg/server.h>). */
#ifndef ZREG_SERVER_ACCESSLOG_H
#define ZREG_SERVER_ACCESSLOG_H

#include "server/inside.h"

/** `completed`: the answer went out whole. Status 0 stands for a peer that left before. */
void zreg__accesslog_write(const zreg__call *call, bool completed);

#endif
