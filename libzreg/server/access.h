/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who may do what. The right that a call needs stands in its route; this is the one place that
 * decides, before the store is asked, so that absent and forbidden look the same.
 *
 *   right     user   reader   token                       anonymous, or credentials of elsewhere
 *   OPEN      yes    yes      yes                         yes
 *   PING      yes    yes      yes                         when nothing here needs credentials
 *   CATALOG   yes    yes      scope registry:catalog:*    when anonymous may pull
 *   PULL      yes    yes      scope repository:R:pull     when anonymous may pull
 *   PUSH      yes    no       ...push                     when anonymous may push
 *   DELETE    yes    no       ...delete                   when anonymous may push
 *
 * Engines send a mirror the credentials of the registry that it stands for. So wrong credentials
 * count as none: they may pull where anyone may, and get 401 for all else.
 */
#ifndef ZREG_SERVER_ACCESS_H
#define ZREG_SERVER_ACCESS_H

#include "server/inside.h"

/** Finds out who calls. False: a password has to be checked by its hash, off the event thread. */
bool zreg__access_identify(zreg__call *call);

/** That check. */
void zreg__access_check_password(zreg__call *call);

/** Whether the call may go on. False: answered with 401 or 403. */
bool zreg__access_permit(zreg__call *call);

/** Whether the caller has a right on a repository (its canonical name). */
bool zreg__access_has(const zreg__call *call, zreg__right right, const char *repository);

/** The same without what a token grants. */
bool zreg__access_is_own(const zreg__call *call, zreg__right right);

/** What anyone may do. */
bool zreg__access_is_public(const zreg_server *server, zreg__right right);

#endif
