/* SPDX-License-Identifier: Apache-2.0 */
/** The registry.yaml that operators of zuul-registry have. */
#ifndef CLI_REGISTRY_YAML_H
#define CLI_REGISTRY_YAML_H

#include "session.h"

/** What the file says; texts are owned, NULL when not given. */
typedef struct registry_yaml {
    char *address;
    char *port;
    char *tls_cert;      /* path */
    char *tls_key;       /* path */
    char *tls_client_ca; /* path */
    bool tls_client_required;
    char *public_url;
    char *secret;           /* signs tokens */
    char **token_key_files; /* in its place; ends with NULL; NULL: none */
    char *token_realm;      /* of a token service, with the next three */
    char *token_service;
    char *token_issuer;
    char *token_trust; /* path */
    char *root;
    char *htpasswd;      /* a line for each user, or */
    char *htpasswd_file; /* path of a file with them */
    char **read_only;    /* those who may pull only, ends with NULL; NULL: nobody */
    zreg_anonymous anonymous;
    zreg_durability durability;
    bool shadow;
    bool sparse_indexes;
    zreg_server_rule **rules; /* these and the next two end with NULL; NULL: not given */
    zreg_server_group **groups;
    char **immutable_tags;
    bool no_writes;
    bool no_deletes;
    uint32_t uploads_per_user;
    zreg_server_limits limits; /* as ZREG_OPTIONS makes them, and what the file says */
    char **trusted_proxies;    /* ends with NULL; NULL: none */
    bool proxy_protocol;
    bool metrics;
    char *metrics_listen;
    char *access_log; /* path */
    char *audit_log;  /* path */
    uint32_t grace_s; /* as it was where the file says nothing */
} registry_yaml;

/** The words of these two enums, from their value 1 on; end with NULL. */
extern const char *const registry_yaml_anonymous[];
extern const char *const registry_yaml_durability[];

/** Reads the file. A key that the server would not heed is an error, because a registry that
 *  silently ignores a part of its settings may be less safe than its operator believes. */
zreg_status registry_yaml_read(session *s, registry_yaml *out, const char *path);

void registry_yaml_finish(registry_yaml *settings);

#endif
