/* SPDX-License-Identifier: Apache-2.0 */
/** The table of endpoints. */
#ifndef ZREG_SERVER_ROUTES_H
#define ZREG_SERVER_ROUTES_H

#include "server/inside.h"

/** Sets the call's route, and the parts of its path. False: answered (400, 404 or 405). */
bool zreg__routes_find(zreg__call *call);

/** How many endpoints there are, and the number of each; no endpoint has the number after them. */
size_t zreg__routes_count(void);
size_t zreg__routes_number(const zreg__route *route);
const zreg__route *zreg__routes_at(size_t number);

#endif
