/* SPDX-License-Identifier: Apache-2.0 */
/** Hashes of passwords, as they stand in an htpasswd file. */
#ifndef CLI_PASSWORDS_H
#define CLI_PASSWORDS_H

#include "session.h"

/** The bcrypt hash of a password, in new memory. */
zreg_status passwords_hash(session *s, char **out, const char *password);

#endif
