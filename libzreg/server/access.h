/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who may do what. The right that a call needs stands in its route, who has which in rights.h; this is
 * the one place that compares them, before the store is asked, so that absent and forbidden look the
 * same.
 *
 *   right     granted by rules, or                        a token needs
 *   OPEN      always                                      nothing
 *   PING      who is known; where anyone may do all       nothing
 *   CATALOG   by a rule for any repository                scope registry:catalog:*
 *   PULL      -                                           scope repository:R:pull
 *   PUSH      -                                           ...push
 *   DELETE    -                                           ...delete
 *
 * A token grants what its scopes name and its owner may; what anyone may needs no scope. One of a token
 * service outside grants what it says: the service decides, no rule of ours.
 *
 * Engines send a mirror the credentials of the registry that it stands for. So wrong credentials
 * count as none: they may pull where anyone may, and get 401 for all else. A certificate that a client
 * showed makes it a user, unless its request has credentials that are right.
 */
#ifndef ZREG_SERVER_ACCESS_H
#define ZREG_SERVER_ACCESS_H

#include "server/inside.h"

typedef enum zreg__access_known {
    ZREG__ACCESS_KNOWN,   /* who it is, or that it is nobody known */
    ZREG__ACCESS_UNSURE,  /* a password has to be checked by its hash, off the event thread */
    ZREG__ACCESS_REFUSED, /* answered: too many passwords were wrong */
} zreg__access_known;

/** Finds out who calls. */
zreg__access_known zreg__access_identify(zreg__call *call);

/** That check. */
void zreg__access_check_password(zreg__call *call);

/** Whether the call may go on. False: answered with 401 or 403. */
bool zreg__access_permit(zreg__call *call);

/** Whether the caller has a right on a repository (its canonical name). */
bool zreg__access_has(const zreg__call *call, zreg__right right, const char *repository);

/** The same for anyone. */
bool zreg__access_is_public(const zreg__call *call, zreg__right right, const char *repository);

/** Whether the caller lacks a right that another token might give him: one of ours does if he has the right;
 *  of a token service outside that is known only where its token speaks of the repository. */
bool zreg__access_could_have(const zreg__call *call, zreg__right right, const char *repository);

/** Answers 401, with the scopes to ask a token for. */
void zreg__access_challenge(zreg__call *call);

/** Whether the caller is shown a repository in the catalog. */
bool zreg__access_sees(const zreg__call *call, const char *repository);

#endif
