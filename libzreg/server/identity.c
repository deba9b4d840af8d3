/* SPDX-License-Identifier: Apache-2.0 */
#include "server/identity.h"

#include "base/limits.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 128
#define MAX_GROUPS 64

bool zreg__identity_is_name(zreg__span name)
{
    for (size_t i = 0; i < name.size; i++) {
        if ((unsigned char)name.text[i] < ' ' || name.text[i] == 0x7f) {
            return false;
        }
    }
    return name.size > 0 && name.size <= MAX_NAME;
}

bool zreg__identity_is_group(zreg__span name)
{
    return zreg__identity_is_name(name) && memchr(name.text, ',', name.size) == NULL;
}

bool zreg__identity_set(zreg__identity *identity, zreg__span name)
{
    char *copy = zreg__identity_is_name(name) ? zreg__strndup(name.text, name.size) : NULL;
    if (copy != NULL) {
        free(identity->name);
        identity->name = copy;
    }
    return copy != NULL;
}

static size_t count_groups(const zreg__identity *identity)
{
    size_t count = identity->groups == NULL ? 0 : 1;
    for (const char *at = identity->groups; at != NULL && *at != '\0'; at++) {
        count += *at == ',' ? 1 : 0;
    }
    return count;
}

bool zreg__identity_add_group(zreg__identity *identity, zreg__span name)
{
    if (!zreg__identity_is_group(name) || count_groups(identity) == MAX_GROUPS) {
        return false;
    }
    char *longer = identity->groups == NULL
                       ? zreg__strndup(name.text, name.size)
                       : zreg__asprintf("%s,%.*s", identity->groups, (int)name.size, name.text);
    if (longer != NULL) {
        free(identity->groups);
        identity->groups = longer;
    }
    return longer != NULL;
}

bool zreg__identity_in_group(const zreg__identity *identity, const char *group)
{
    zreg__span rest = zreg__span_of(identity->groups);
    while (rest.text != NULL) {
        if (zreg__span_is(zreg__span_cut(&rest, ','), group)) {
            return true;
        }
    }
    return false;
}

/* NAME, then "f" or "o" for foreign or our own, and the groups. */
zreg_status zreg__identity_print(zreg__buf *to, const zreg__identity *identity, zreg_error *err)
{
    return zreg__buf_printf(to, err, "%s\n%c%s\n", identity->name == NULL ? "" : identity->name,
                            identity->is_foreign ? 'f' : 'o',
                            identity->groups == NULL ? "" : identity->groups);
}

bool zreg__identity_read(zreg__identity *out, zreg__span *rest)
{
    zreg__span name = zreg__span_cut(rest, '\n');
    zreg__span groups = zreg__span_cut(rest, '\n');
    if (groups.size == 0 || (name.size > 0 && !zreg__identity_set(out, name))) {
        return false;
    }
    out->is_foreign = groups.text[0] == 'f';
    groups = (zreg__span){groups.text + 1, groups.size - 1};
    while (groups.size > 0) {
        if (!zreg__identity_add_group(out, zreg__span_cut(&groups, ','))) {
            return false;
        }
    }
    return true;
}

void zreg__identity_finish(zreg__identity *identity)
{
    free(identity->name);
    free(identity->groups);
    *identity = (zreg__identity){.name = NULL};
}
