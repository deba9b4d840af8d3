/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The users of a server and the hashes of their passwords; passwords.h checks them. Nothing in it
 * changes once it is made, so threads may share it.
 */
#ifndef ZREG_SERVER_USERS_H
#define ZREG_SERVER_USERS_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__users zreg__users;

/** Reads the text of an htpasswd file (NULL: no users). Errors: INVAL with the line's number, or as no
 *  line names a user; LIMIT, IO, NOMEM. */
zreg_status zreg__users_new(zreg__users **out, const char *htpasswd, zreg_error *err);

/** A holder more; each calls zreg__users_free. */
zreg__users *zreg__users_share(zreg__users *users);

/** Adds a user whose password is known. Errors: CONFLICT (there is one of this name), NOMEM. */
zreg_status zreg__users_add(zreg__users *users, const char *name, const char *password,
                            zreg_error *err);

bool zreg__users_has(const zreg__users *users, const char *name);
bool zreg__users_empty(const zreg__users *users);

/** Whether it is the password of one who was added with it. */
bool zreg__users_fits(const zreg__users *users, const char *name, const char *password);

/** The hash of a user's password; NULL: there is no such user, or it was added with its password. */
const char *zreg__users_hash(const zreg__users *users, const char *name);

/** A hash to spend the same time on for a name that is nobody's; NULL: no user has a hash. */
const char *zreg__users_decoy(const zreg__users *users, const char *name);

/** The last holder's frees them. Accepts NULL. */
void zreg__users_free(zreg__users *users);

ZREG__DEFINE_AUTO(zreg__users, zreg__users_free)

#endif
