/* SPDX-License-Identifier: Apache-2.0 */
/** The connection record of a buildset registry, as `zreg serve --buildset` and Zuul's jobs give it:
 *  {host, port, username, password, cert}. No I/O. */
#ifndef ZREG_HOST_CONNECTION_H
#define ZREG_HOST_CONNECTION_H

#include "base/compiler.h"
#include <stddef.h>
#include <zreg/common.h>

/** The name that stands for a registry known by its address: engines cannot all read IPv6. */
#define ZREG__HOST_ALIAS "zuul-jobs.buildset-registry"

/** What is unset is NULL. */
typedef struct zreg__node_connection {
    char *address;   /* the IP address for the alias; NULL: the host has a name */
    char *authority; /* NAME:PORT, as engines are told */
    char *auth;      /* base64 of USER:PASSWORD; a secret */
    char *ca_pem;    /* the certificates, as PEM made anew */
} zreg__node_connection;

/** Reads and checks a record. Errors: INVAL (with the member named, never its value), NOMEM. */
zreg_status zreg__node_connection_read(zreg__node_connection *out, const char *json, size_t size,
                                       zreg_error *err);

void zreg__node_connection_finish(zreg__node_connection *connection);

ZREG__DEFINE_AUTO_VALUE(zreg__node_connection, zreg__node_connection_finish)

#endif
