/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who calls, as his credentials say: a name, and groups where the credentials tell of some. What he
 * may do is decided elsewhere, by these alone.
 */
#ifndef ZREG_SERVER_IDENTITY_H
#define ZREG_SERVER_IDENTITY_H

#include "base/buf.h"
#include "base/str.h"
#include <stdbool.h>

/** Begins as zero, which is nobody. */
typedef struct zreg__identity {
    char *name;      /* NULL: nobody that is known here */
    char *groups;    /* "a,b", of the credentials themselves; NULL: none */
    bool is_foreign; /* vouched for by a certificate or a token service: no user of ours */
} zreg__identity;

/** Whether a text can be the name of a user or group: 1 to 128 bytes, no control characters. Those of
 *  groups have no comma either. */
bool zreg__identity_is_name(zreg__span name);
bool zreg__identity_is_group(zreg__span name);

/** Sets the name; false: it is none, or memory ran out. */
bool zreg__identity_set(zreg__identity *identity, zreg__span name);

/** Adds a group; false: its name is none, there are more than 64, or memory ran out. */
bool zreg__identity_add_group(zreg__identity *identity, zreg__span name);

/** Whether the credentials tell of this group. */
bool zreg__identity_in_group(const zreg__identity *identity, const char *group);

/** As two lines, and back; false: these are not such. */
zreg_status zreg__identity_print(zreg__buf *to, const zreg__identity *identity, zreg_error *err);
bool zreg__identity_read(zreg__identity *out, zreg__span *rest);

/** Makes it nobody. */
void zreg__identity_finish(zreg__identity *identity);

#endif
