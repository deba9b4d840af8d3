/* SPDX-License-Identifier: Apache-2.0 */
/** The connection record of a buildset registry, as `zreg serve --buildset` and Zuul's jobs give it:
 *  {host, port, username, password, cert}. What it means for engines: node/connection.h. */
#ifndef ZREG_OCI_CONNECTION_RECORD_H
#define ZREG_OCI_CONNECTION_RECORD_H

#include "base/json.h"

/** What is unset is "". */
typedef struct zreg__connection_record {
    zreg__json *document; /* holds the texts; a secret */
    const char *host;
    unsigned port;
    const char *username;
    const char *password;
    const char *cert; /* PEM */
} zreg__connection_record;

/** Errors: INVAL (with the member named, never its value), NOMEM. */
zreg_status zreg__connection_record_read(zreg__connection_record *out, const char *json,
                                         size_t size, zreg_error *err);

/** HOST:PORT as it stands in a reference, in new memory. Errors: INVAL (no name and no address), NOMEM. */
zreg_status zreg__connection_record_authority(char **out, const zreg__connection_record *record,
                                              zreg_error *err);

void zreg__connection_record_finish(zreg__connection_record *record);

ZREG__DEFINE_AUTO_VALUE(zreg__connection_record, zreg__connection_record_finish)

#endif
