/* SPDX-License-Identifier: Apache-2.0 */
/** The registry.yaml that operators of zuul-registry have. */
#ifndef CLI_REGISTRY_YAML_H
#define CLI_REGISTRY_YAML_H

#include "session.h"

/** What the file says; texts are owned, NULL when not given. */
typedef struct registry_yaml {
    char *address;
    char *port;
    char *tls_cert; /* path */
    char *tls_key;  /* path */
    char *root;
    char *htpasswd;   /* a line for each user */
    char **read_only; /* those who may pull only, ends with NULL; NULL: nobody */
    bool public_read; /* anyone may pull */
} registry_yaml;

/** Reads the file. A key that the server would not heed is an error, because a registry that
 *  silently ignores a part of its settings may be less safe than its operator believes. */
zreg_status registry_yaml_read(session *s, registry_yaml *out, const char *path);

void registry_yaml_finish(registry_yaml *settings);

#endif
