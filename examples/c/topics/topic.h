/* SPDX-License-Identifier: Apache-2.0 */
/* What programs of several topics do alike. A page of the manual shows what its program uses of it in place. */
#ifndef TOPIC_H
#define TOPIC_H

#include <stdio.h>
#include <stdlib.h>

#include <zreg.h>

/* An error ends the program. */
static inline void must(zreg_status status, const zreg_error *err)
{
    if (status != ZREG_OK) {
        fprintf(stderr, "%s: %s\n", zreg_status_name(status), err->message);
        exit(1);
    }
}

/* A registry in this process, without TLS and users, and a client for it. */
static inline zreg_server *open_registry(zreg_client **client)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_error err = {0};
    zreg_server *server = NULL;

    options.buildset = 1;
    options.plain_http = 1;
    options.anonymous = ZREG_ANONYMOUS_PUSH;
    must(zreg_server_start(&server, &options, &err), &err);
    must(zreg_client_new(client, NULL, &err), &err);
    return server;
}

#endif
