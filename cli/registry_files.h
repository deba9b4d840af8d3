/* SPDX-License-Identifier: Apache-2.0 */
/** Which files of other tools on this machine say how registries are reached: podman's, as its users expect, and
 *  those that are named. */
#ifndef CLI_REGISTRY_FILES_H
#define CLI_REGISTRY_FILES_H

#include "session.h"

/** Sets what the options say of them, and whether the verb takes what it reads from mirrors. */
void registry_files_take(const session *s, zreg_client_options *options);

#endif
