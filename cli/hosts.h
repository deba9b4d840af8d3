/* SPDX-License-Identifier: Apache-2.0 */
/** How each host is reached, from the options --username, --password-file, --creds-file,
 *  --connection, --plain-http, --http2 and --insecure. */
#ifndef CLI_HOSTS_H
#define CLI_HOSTS_H

#include "session.h"

/** Tells the session's client; `place` is the one that --username is for. */
zreg_status hosts_configure(session *s, const char *place);

#endif
