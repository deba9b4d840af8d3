/* SPDX-License-Identifier: Apache-2.0 */
/** Names in requests: path and query, and the one name that a repository has in the store. */
#ifndef ZREG_SERVER_TARGET_H
#define ZREG_SERVER_TARGET_H

#include "server/inside.h"

/** Sets path and query from the target. False: answered with 400. */
bool zreg__target_split(zreg__call *call);

/**
 * Sets the canonical repository from the name in the path and `?ns=`: "x", "library/x",
 * "docker.io/library/x" are one, and so are "quay.io/y" and "y" with ns=quay.io. False: answered
 * with NAME_INVALID.
 */
bool zreg__target_set_repository(zreg__call *call);

/** Whether the Host header may be repeated in an answer. */
const char *zreg__target_host(const zreg__call *call);

#endif
