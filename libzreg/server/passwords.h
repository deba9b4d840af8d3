/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Checking passwords at a cost that strangers cannot raise.
 *
 * The hash of a password is slow on purpose. So what it said is remembered for a while, by a digest
 * under a key of this run over name, password and the line of the htpasswd file that decided: a line
 * that changes is decided anew. Who has neither been right nor wrong with the same words lately has
 * a budget, by his address, which only those who turn out to be right get back. Safe from many
 * threads.
 */
#ifndef ZREG_SERVER_PASSWORDS_H
#define ZREG_SERVER_PASSWORDS_H

#include "http/address.h"
#include "server/users.h"

typedef struct zreg__passwords zreg__passwords;

typedef enum zreg__passwords_verdict {
    ZREG__PASSWORDS_WRONG,
    ZREG__PASSWORDS_RIGHT,
    ZREG__PASSWORDS_UNSURE, /* the hash has to decide */
} zreg__passwords_verdict;

/** Errors: IO, NOMEM. */
zreg_status zreg__passwords_new(zreg__passwords **out, zreg_error *err);

/** At once, from memory. */
zreg__passwords_verdict zreg__passwords_recall(zreg__passwords *passwords, const zreg__users *users,
                                               const char *name, const char *password);

/** Whether `peer` may have a password checked: 0, and it is counted, unless the same words have just been;
 *  else after how many seconds it may again. */
unsigned zreg__passwords_admit(zreg__passwords *passwords, const zreg__users *users,
                               const char *name, const char *password, const zreg__address *peer);

/** By the hash, for one who was admitted. It takes as long for users who do not exist. */
bool zreg__passwords_check(zreg__passwords *passwords, const zreg__users *users, const char *name,
                           const char *password, const zreg__address *peer);

/** Wipes what it knows. Accepts NULL. */
void zreg__passwords_free(zreg__passwords *passwords);

ZREG__DEFINE_AUTO(zreg__passwords, zreg__passwords_free)

#endif
