/* SPDX-License-Identifier: Apache-2.0 */
/** What `zreg serve` is told, by options and by files. */
#ifndef CLI_SERVE_SETUP_H
#define CLI_SERVE_SETUP_H

#include "access_log.h"
#include "registry_yaml.h"
#include "serve_tokens.h"
#include "session.h"
#include "watch.h"

/** What a server is started with. Texts and logs are owned, `options` points to them. */
typedef struct serve_setup {
    zreg_server_options options;
    registry_yaml yaml;
    char *listen;
    char *cert;
    char *key;
    char *htpasswd;
    char *client_ca;
    serve_tokens tokens;
    access_log *access_log;
    access_log *audit_log;
    watch users;       /* their file */
    uint32_t grace_ms; /* how long running requests may go on after a signal */
    const session *s;
} serve_setup;

/** Reads all of it, and opens the logs. After an error too it is to be finished. */
zreg_status serve_setup_read(session *s, serve_setup *with);

/** What they say now, without logs. After an error too it is to be finished. */
zreg_status serve_setup_read_again(session *s, serve_setup *again);

/** Exchanges what a reload exchanges: `with` has what was read anew, to be given again with what changes
 *  next, and `again` what was before. */
void serve_setup_keep(serve_setup *with, serve_setup *again);

/** The text of the file of the users as it is now, in new memory; NULL: there is none. */
zreg_status serve_setup_read_users(session *s, const serve_setup *with, char **out);

void serve_setup_finish(serve_setup *with);

#endif
