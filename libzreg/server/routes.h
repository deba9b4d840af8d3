/* SPDX-License-Identifier: Apache-2.0 */
/** The table of endpoints. */
#ifndef ZREG_SERVER_ROUTES_H
#define ZREG_SERVER_ROUTES_H

#include "server/inside.h"

/** Sets the call's route, and the parts of its path. False: answered (400, 404 or 405). */
bool zreg__routes_find(zreg__call *call);

#endif
