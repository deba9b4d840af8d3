/* SPDX-License-Identifier: Apache-2.0 */
/** Token scopes (docker token authentication): which rights on which repositories. No I/O. */
#ifndef ZREG_REGISTRY_SCOPE_H
#define ZREG_REGISTRY_SCOPE_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"
#include <stdbool.h>
#include <zreg/common.h>

enum { ZREG__PULL = 1, ZREG__PUSH = 2, ZREG__DELETE = 4 };

/** Rights on one repository; with actions 0 a scope of another kind, as the registry wrote it. */
typedef struct zreg__scope {
    char *name;
    unsigned actions;
} zreg__scope;

/** A few scopes, the first being what the request itself is about. */
typedef struct zreg__scopes {
    size_t count;
    zreg__scope items[ZREG__MAX_SCOPES];
} zreg__scopes;

/** Adds rights to what is there. Scopes past ZREG__MAX_SCOPES are left out: a token that lacks
 *  them is asked for again when they are needed. Errors: NOMEM. */
zreg_status zreg__scopes_add(zreg__scopes *scopes, const char *repository, unsigned actions,
                             zreg_error *err);

/** Adds all of `more`. */
zreg_status zreg__scopes_merge(zreg__scopes *scopes, const zreg__scopes *more, zreg_error *err);

/** Adds the scopes of a challenge ("repository:a/b:pull,push" and others, separated by spaces). */
zreg_status zreg__scopes_parse(zreg__scopes *scopes, const char *text, zreg_error *err);

/** True when each right in `needed` is in `scopes`. */
bool zreg__scopes_cover(const zreg__scopes *scopes, const zreg__scopes *needed);

/** Adds "&scope=..." for each. */
zreg_status zreg__scopes_query(const zreg__scopes *scopes, zreg__buf *to, zreg_error *err);

/** "pull,push" as bits; 0 when there is any other word. */
unsigned zreg__scope_actions(const char *text);

void zreg__scopes_finish(zreg__scopes *scopes);

ZREG__DEFINE_AUTO_VALUE(zreg__scopes, zreg__scopes_finish)

#endif
