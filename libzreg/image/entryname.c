/* SPDX-License-Identifier: Apache-2.0 */
#include "image/entryname.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

void zreg__entryname_finish(zreg__entryname *name)
{
    free(name->folder);
    free(name->name);
}

static zreg_status check_name(const char *name, zreg_error *err)
{
    for (zreg__span rest = zreg__span_of(name); rest.text != NULL;) {
        if (zreg__span_is(zreg__span_cut(&rest, '/'), "..")) {
            return zreg__fail(err, ZREG_CORRUPT, "the name \"%.200s\" leads out of the image",
                              name);
        }
    }
    return ZREG_OK;
}

zreg_status zreg__entryname_split(zreg__entryname *out, const char *name, zreg_error *err)
{
    size_t size = strlen(name);
    ZREG__TRY(check_name(name, err));
    while (size > 0 && (name[size - 1] == '/' ||
                        (name[size - 1] == '.' && (size == 1 || name[size - 2] == '/')))) {
        size--;
    }
    size_t start = size;
    while (start > 0 && name[start - 1] != '/') {
        start--;
    }
    out->folder = zreg__strndup(name, start);
    out->name = zreg__strndup(name + start, size - start);
    return out->folder != NULL && out->name != NULL ? ZREG_OK : zreg__fail_nomem(err);
}
