/* SPDX-License-Identifier: Apache-2.0 */
/** The limits of a server by their names in registry.yaml. */
#ifndef CLI_SERVER_LIMITS_H
#define CLI_SERVER_LIMITS_H

#include <stdbool.h>
#include <zreg.h>

/** Sets a limit from its text, a number above 0; false: there is no such limit, or no such number. */
bool server_limits_set(zreg_server_limits *limits, const char *name, const char *text);

bool server_limits_equal(const zreg_server_limits *one, const zreg_server_limits *other);

#endif
