/* SPDX-License-Identifier: Apache-2.0 */
/** What the readers of single keys share; each says with line and reason what is wrong. */
#ifndef ZREG_CLI_REGISTRY_YAML_INSIDE_H
#define ZREG_CLI_REGISTRY_YAML_INSIDE_H

#include "registry_yaml.h"
#include <yaml.h>

typedef struct registry_yaml_reader {
    session *s;
    const char *path;
    yaml_document_t document;
    registry_yaml *out;
    zreg_server_rule *rule;        /* that is being read */
    const yaml_node_t *users;      /* the list; NULL: none */
    const yaml_node_t *access;     /* the first user with `access`, */
    const yaml_node_t *accessless; /* and the first without it; NULL: none */
} registry_yaml_reader;

typedef zreg_status (*registry_yaml_read_fn)(registry_yaml_reader *r, const yaml_node_t *value);

/** Reads a value of one kind to where it is kept; `name` is the key, for errors. */
typedef zreg_status (*registry_yaml_keep_fn)(registry_yaml_reader *r, void *to,
                                             const yaml_node_t *value, const char *name);

/** One of the two is set. */
typedef struct registry_yaml_key {
    const char *name;
    registry_yaml_read_fn read;
    registry_yaml_keep_fn keep;
    size_t offset; /* of the member of registry_yaml that is kept */
} registry_yaml_key;

/** A key whose value goes into a member as it is: a text, a list of them, true or false, or a number. */
#define REGISTRY_YAML_KEEPS(key, member)                                                           \
    {                                                                                              \
        .name = key, .keep = REGISTRY_YAML_KEEPER(((registry_yaml *)NULL)->member),                \
        .offset = offsetof(registry_yaml, member)                                                  \
    }
/* clang-format off */
#define REGISTRY_YAML_KEEPER(value)                                                                \
    _Generic((value),                                                                              \
             char *: registry_yaml_keep,                                                           \
             char **: registry_yaml_keep_texts,                                                    \
             bool: registry_yaml_keep_flag,                                                        \
             uint32_t: registry_yaml_keep_number)
/* clang-format on */

/* ---- registry_yaml_nodes.c ---- */

/** Fails: what is wrong stands at the node. */
zreg_status registry_yaml_wrong(registry_yaml_reader *r, const yaml_node_t *node, const char *what);

/** Fails where a key stands twice in a mapping, or a text has a NUL within. */
zreg_status registry_yaml_check_nodes(registry_yaml_reader *r);

/** The text of a plain value; NULL: it is a list or a mapping. */
const char *registry_yaml_scalar(const yaml_node_t *node);

/** Keeps a plain value that is not empty, in a char *. */
zreg_status registry_yaml_keep(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                               const char *name);

/** Keeps one text, or a list of them, in a char **. */
zreg_status registry_yaml_keep_texts(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                                     const char *name);
zreg_status registry_yaml_texts(registry_yaml_reader *r, char ***out, const yaml_node_t *value);

void registry_yaml_free_texts(char **texts);

/** Keeps "true" or "false", in a bool. */
zreg_status registry_yaml_keep_flag(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                                    const char *name);

/** Keeps a number, in a uint32_t. */
zreg_status registry_yaml_keep_number(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                                      const char *name);

/** The place of a value among `words`, which end with NULL. */
zreg_status registry_yaml_choice(registry_yaml_reader *r, size_t *out, const yaml_node_t *value,
                                 const char *const *words, const char *what);

/** Runs the reader of each key of a mapping; `keys` ends with an empty row. */
zreg_status registry_yaml_mapping(registry_yaml_reader *r, const yaml_node_t *mapping,
                                  const registry_yaml_key *keys);

/** One member of a mapping; NULL, or "", where there is none. */
const yaml_node_t *registry_yaml_member(registry_yaml_reader *r, const yaml_node_t *mapping,
                                        const char *name);
const char *registry_yaml_member_text(registry_yaml_reader *r, const yaml_node_t *mapping,
                                      const char *name);

/* ---- registry_yaml_rights.c ---- */

zreg_status registry_yaml_rights(registry_yaml_reader *r, const yaml_node_t *rules);
zreg_status registry_yaml_groups(registry_yaml_reader *r, const yaml_node_t *groups);

/** Once all is read: who users are, what they may do and what signs their tokens is said once. */
zreg_status registry_yaml_check_access(registry_yaml_reader *r, const yaml_node_t *registry);

#endif
