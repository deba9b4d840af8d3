/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The users of a server and their passwords.
 *
 * A password is checked against its slow hash once; after that a keyed digest of user and password
 * is remembered for the run, right ones and lately wrong ones, and compared in constant time. Safe
 * from many threads.
 */
#ifndef ZREG_SERVER_USERS_H
#define ZREG_SERVER_USERS_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__users zreg__users;

typedef enum zreg__users_verdict {
    ZREG__USERS_WRONG,
    ZREG__USERS_RIGHT,
    ZREG__USERS_UNSURE, /* the slow check has to decide */
} zreg__users_verdict;

/** Reads the text of an htpasswd file (NULL: no users). Errors: INVAL with the line's number. */
zreg_status zreg__users_new(zreg__users **out, const char *htpasswd, zreg_error *err);

/** Adds a user whose password is known. */
zreg_status zreg__users_add(zreg__users *users, const char *name, const char *password,
                            zreg_error *err);

/** Lets a user pull only. Errors: INVAL (there is no such user). */
zreg_status zreg__users_limit(zreg__users *users, const char *name, zreg_error *err);

/** Whether this user may pull only; false for one that is not known. */
bool zreg__users_is_limited(const zreg__users *users, const char *name);

bool zreg__users_empty(const zreg__users *users);

/** At once, from memory. */
zreg__users_verdict zreg__users_recall(zreg__users *users, const char *name, const char *password);

/** By the hash; takes about 50 ms, for unknown users too. */
bool zreg__users_check(zreg__users *users, const char *name, const char *password);

void zreg__users_free(zreg__users *users);

ZREG__DEFINE_AUTO(zreg__users, zreg__users_free)

#endif
