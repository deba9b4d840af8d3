/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who changes the tags of a repository, and when: deleting a manifest looks at all of them, so nothing
 * may be tagged there meanwhile. Pushes go on beside each other, a delete alone; other repositories, which
 * may be other people's, wait for neither.
 */
#ifndef ZREG_STORE_GUARD_H
#define ZREG_STORE_GUARD_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__guards zreg__guards;
typedef struct zreg__guard zreg__guard; /* of one repository, as long as somebody is there */

zreg_status zreg__guards_new(zreg__guards **out, zreg_error *err);
void zreg__guards_free(zreg__guards *guards);

/** Waits until the caller may be there, `alone` or beside others. Errors: NOMEM. */
zreg_status zreg__guard_enter(zreg__guard **out, zreg__guards *guards, const char *repository,
                              bool alone, zreg_error *err);
void zreg__guard_leave(zreg__guard *guard);

/** For those beside each other: held while a tag that stays is looked at and changed. */
void zreg__guard_lock_tags(zreg__guard *guard);
void zreg__guard_unlock_tags(zreg__guard *guard);

ZREG__DEFINE_AUTO(zreg__guards, zreg__guards_free)
ZREG__DEFINE_AUTO(zreg__guard, zreg__guard_leave)

#endif
