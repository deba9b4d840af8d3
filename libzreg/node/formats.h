/* SPDX-License-Identifier: Apache-2.0 */
/** How our part is taken out of a file again, when others changed the file since: one row for each
 *  kind of file. No I/O. */
#ifndef ZREG_HOST_FORMATS_H
#define ZREG_HOST_FORMATS_H

#include "node/content.h"

typedef struct zreg__format {
    const char *name; /* in the record */
    /* `current`, which exists, without what `written` added to `original`. Errors: CONFLICT (it cannot be told
     * apart), INVAL (the file is no longer of its kind). */
    zreg_status (*remove)(zreg__content *out, const zreg__content *original,
                          const zreg__content *written, const zreg__content *current,
                          zreg_error *err);
} zreg__format;

extern const zreg__format zreg__format_block; /* lines between comments (node/block.h) */
extern const zreg__format zreg__format_json;  /* members of an object (node/jsonfile.h) */
extern const zreg__format zreg__format_whole; /* the file is ours alone */

/** The row of that name, or NULL. */
const zreg__format *zreg__formats_find(const char *name);

#endif
