/* SPDX-License-Identifier: Apache-2.0 */
/** The name of an entry in a layer, taken apart. */
#ifndef ZREG_IMAGE_ENTRYNAME_H
#define ZREG_IMAGE_ENTRYNAME_H

#include "base/compiler.h"
#include <zreg/common.h>

/** New memory. */
typedef struct zreg__entryname {
    char *folder; /* as it came, with the slash at its end; "" for the top */
    char *name;   /* without slashes, and without what says nothing; "" for the top itself */
} zreg__entryname;

/** Errors: CORRUPT (it leads out of the image), NOMEM. */
zreg_status zreg__entryname_split(zreg__entryname *out, const char *name, zreg_error *err);

void zreg__entryname_finish(zreg__entryname *name);

ZREG__DEFINE_AUTO_VALUE(zreg__entryname, zreg__entryname_finish)

#endif
