/* SPDX-License-Identifier: Apache-2.0 */
/** The client of a run, and how it reaches each host: from the options that all verbs share which
 *  speak with registries, session_registry_options. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "session.h"

/** Makes the session's client and its token. --username and --password-file are for the host of
 *  `place`, the one place that this verb is about; places that are no registry have no host. */
zreg_status client_open(session *s, const char *place);

#endif
