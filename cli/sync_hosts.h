/* SPDX-License-Identifier: Apache-2.0 */
/** A sync of a whole registry: a line that names a host stands for one of each of its repositories. */
#ifndef CLI_SYNC_HOSTS_H
#define CLI_SYNC_HOSTS_H

#include "sync_file.h"

/** Whether the line's source is a registry and not one repository of it. */
bool sync_hosts_is_host(const sync_line *line);

/** Refuses what cannot be a destination of a host, before anything is sent. Errors: INVAL, as wrong use. */
zreg_status sync_hosts_check(session *s, const sync_line *line);

/** What is done for each repository; the texts of `line` live as long as the call. */
typedef zreg_status (*sync_hosts_fn)(session *s, void *user, const sync_line *line);

/** Asks for the catalog, and calls `each` for the repositories that --repositories and --exclude-repositories leave,
 *  until it fails or the session is cancelled. Errors: those of zreg_client_catalog, and of `each`. */
zreg_status sync_hosts_walk(session *s, const sync_line *line, sync_hosts_fn each, void *user);

#endif
