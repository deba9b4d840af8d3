/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What files of settings say of the registries whose names begin alike: which servers to ask in their place.
 *
 * Made by registry/registries_conf.c and registry/hosts_toml.c, and never changed after. No I/O.
 */
#ifndef ZREG_REGISTRY_MIRROR_RULE_H
#define ZREG_REGISTRY_MIRROR_RULE_H

#include "base/compiler.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <zreg/common.h>

/* What a server may be asked for. */
#define ZREG__SERVES_TAGS 1U    /* manifests by tag */
#define ZREG__SERVES_DIGESTS 2U /* manifests by digest, and blobs */

#define ZREG__MIRROR_HEADERS 8

/** One server, and how it is reached. */
typedef struct zreg__mirror_server {
    char *host;         /* HOST[:PORT] */
    char *base;         /* what its paths begin with: "/v2", or what override_path has it be */
    char *path;         /* what stands there in place of the rule's prefix; "": nothing */
    unsigned serves;    /* ZREG__SERVES_... */
    bool tells_name;    /* it is told whose mirror it is: "?ns=HOST" */
    bool plain_http;    /* without TLS */
    bool insecure;      /* any certificate will do */
    bool may_be_plain;  /* without TLS where it speaks none */
    char *folder;       /* what the paths that follow are relative to; or NULL */
    char **authorities; /* files; each list ends with NULL, or is NULL */
    char **certificates;
    char **keys; /* one for each certificate; "": it holds its key */
    char *ca_pem, *client_cert_pem, *client_key_pem; /* what is in them; NULL: nothing */
    char *headers[ZREG__MIRROR_HEADERS + 1];         /* "Name: value", secret; the last is NULL */
} zreg__mirror_server;

/** What holds for names that begin with `prefix`. */
typedef struct zreg__mirror_rule {
    char *prefix; /* HOST[:PORT][/PATH], or "*.DOMAIN[/PATH]" */
    char *file;   /* that says so */
    bool blocked;
    zreg__mirror_server *servers; /* in the order in which they are asked */
    size_t count;
    size_t capacity;
    bool has_origin;            /* `origin` is asked last, in place of the registry itself */
    zreg__mirror_server origin; /* else what there is to say of the registry itself */
    bool insecure;              /* of the registry itself: any certificate, or no TLS */
} zreg__mirror_rule;

typedef struct zreg__mirror_rules {
    zreg__mirror_rule *items;
    size_t count;
    size_t capacity;
} zreg__mirror_rules;

/** How much of `name`, HOST[/REPOSITORY[:TAG]], the prefix stands for; 0: it is of another registry, or of
 *  another port. */
size_t zreg__mirror_rule_match(const char *prefix, const char *name);

/** The rule with the longest prefix, which blocks a host on all of its ports if it blocks it, and how much of `name` that is; NULL: there is none. */
const zreg__mirror_rule *zreg__mirror_rules_find(size_t *out_size, const zreg__mirror_rules *rules,
                                                 const char *name);

/** The repository that a server has in place of HOST/REPOSITORY `name`, of which the rule's prefix stands for the
 *  first `size` characters. New memory; NULL: none is left, or memory runs out. */
char *zreg__mirror_server_repository(const zreg__mirror_server *server, const char *name,
                                     size_t size);

/** Takes over a server. Errors: NOMEM, LIMIT. */
zreg_status zreg__mirror_rule_add(zreg__mirror_rule *rule, zreg__mirror_server *server,
                                  zreg_error *err);

/** Takes over a rule, in place of one with the same prefix. Errors: NOMEM, LIMIT. */
zreg_status zreg__mirror_rules_add(zreg__mirror_rules *rules, zreg__mirror_rule *rule,
                                   zreg_error *err);

/** Adds a copy of the text to a list that ends with NULL. Errors: NOMEM, LIMIT. */
zreg_status zreg__mirror_list_add(char ***list, zreg__span text, zreg_error *err);

void zreg__mirror_server_finish(zreg__mirror_server *server);
void zreg__mirror_rule_finish(zreg__mirror_rule *rule);
void zreg__mirror_rules_finish(zreg__mirror_rules *rules);

ZREG__DEFINE_AUTO_VALUE(zreg__mirror_server, zreg__mirror_server_finish)
ZREG__DEFINE_AUTO_VALUE(zreg__mirror_rule, zreg__mirror_rule_finish)
ZREG__DEFINE_AUTO_VALUE(zreg__mirror_rules, zreg__mirror_rules_finish)

#endif
