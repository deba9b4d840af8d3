/* SPDX-License-Identifier: Apache-2.0 */
/** What a table of rights consists of; made in rights_new.c, read in rights.c. */
#ifndef ZREG_SERVER_RIGHTS_INSIDE_H
#define ZREG_SERVER_RIGHTS_INSIDE_H

#include "server/rights.h"
#include <stdatomic.h>

/** A list of texts. */
typedef struct zreg__rights_texts {
    char **items;
    size_t count;
} zreg__rights_texts;

typedef struct zreg__rights_group {
    char *name;
    zreg__rights_texts members; /* in order, so that one is found quickly */
} zreg__rights_group;

typedef enum zreg__rights_kind {
    ZREG__RIGHTS_ANYONE,
    ZREG__RIGHTS_USERS,   /* who has a name */
    ZREG__RIGHTS_WRITERS, /* who has one that is not among the readers */
    ZREG__RIGHTS_USER,
    ZREG__RIGHTS_GROUP,
} zreg__rights_kind;

typedef struct zreg__rights_caller {
    zreg__rights_kind kind;
    char *name;                      /* of a user or group */
    const zreg__rights_group *group; /* NULL: only credentials tell who is in it */
} zreg__rights_caller;

typedef struct zreg__rights_rule {
    zreg__rights_caller *callers;
    size_t caller_count;
    zreg__rights_texts patterns;
    uint32_t granted;
} zreg__rights_rule;

struct zreg__rights {
    atomic_uint holders;
    zreg__rights_group *groups;
    size_t group_count;
    zreg__rights_rule *rules;
    size_t rule_count;
    zreg__rights_texts readers; /* in order */
    zreg__rights_texts kept;    /* REPOSITORIES[:TAGS] */
    bool no_writes;
    bool no_deletes;
};

/** The part of REPOSITORIES[:TAGS] for repositories, and that for tags, whose text is NULL for none. */
zreg__span zreg__rights_cut(const char *kept, zreg__span *out_tags);

#endif
