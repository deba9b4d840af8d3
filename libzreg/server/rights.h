/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who may do what: one table of rules, tags that stay, and what the whole server refuses
 * (docs/design/0016-rights.md). It never changes; a reload makes another. Deciding takes no memory
 * and no lock.
 *
 * What a caller may do is what the rules together grant to him. Without a table of the owner's own the
 * rules are: anyone as `anonymous` says, users all, those of `read_only` pull and catalog.
 */
#ifndef ZREG_SERVER_RIGHTS_H
#define ZREG_SERVER_RIGHTS_H

#include "base/compiler.h"
#include "server/identity.h"
#include "server/users.h"
#include <zreg/server.h>

typedef struct zreg__rights zreg__rights;

#define ZREG__RIGHTS_ALL                                                                           \
    (ZREG_SERVER_PULL | ZREG_SERVER_PUSH | ZREG_SERVER_DELETE | ZREG_SERVER_CATALOG)

/** Reads rules, groups, immutable_tags, no_writes, no_deletes, anonymous (not DEFAULT, unless there
 *  are rules) and read_only. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__rights_new(zreg__rights **out, const zreg_server_options *options,
                             const zreg__users *users, zreg_error *err);

/** A holder more; each calls zreg__rights_free. */
zreg__rights *zreg__rights_share(zreg__rights *rights);

/** The last holder's frees them. Accepts NULL. */
void zreg__rights_free(zreg__rights *rights);

/** What a caller may do with a repository, by its name in the store: bits of zreg_server_right. */
uint32_t zreg__rights_of(const zreg__rights *rights, const zreg__identity *caller,
                         const char *repository);

/** What a caller may do with some repository or other. */
uint32_t zreg__rights_somewhere(const zreg__rights *rights, const zreg__identity *caller);

/** Whether anyone may do all with all. */
bool zreg__rights_are_open(const zreg__rights *rights);

/** Whether a tag stays once it is set. */
bool zreg__rights_keep_tag(const zreg__rights *rights, const char *repository, const char *tag);

/** Whether some tags of a repository may stay. */
bool zreg__rights_keep_tags(const zreg__rights *rights, const char *repository);

bool zreg__rights_no_writes(const zreg__rights *rights);
bool zreg__rights_no_deletes(const zreg__rights *rights);

ZREG__DEFINE_AUTO(zreg__rights, zreg__rights_free)

#endif
