/* SPDX-License-Identifier: Apache-2.0 */
/** Headers of tar entries (POSIX.1 pax interchange format). Pure: the same entry, the same bytes. */
#ifndef ZREG_IMAGE_TARHEADER_H
#define ZREG_IMAGE_TARHEADER_H

#include "base/buf.h"
#include <stdbool.h>
#include <sys/types.h>
#include <zreg/common.h>

#define ZREG__TAR_BLOCK 512

typedef enum zreg__tarheader_type {
    ZREG__TAR_FILE = '0',
    ZREG__TAR_HARDLINK = '1',
    ZREG__TAR_SYMLINK = '2',
    ZREG__TAR_FOLDER = '5',
} zreg__tarheader_type;

/** One entry, owned by 0:0. */
typedef struct zreg__tarheader {
    zreg__tarheader_type type;
    const char *path;   /* relative; of a folder with a slash at its end */
    const char *target; /* of a link, else "" */
    mode_t mode;
    uint64_t size_bytes; /* of a file, else 0 */
    int64_t mtime_s;     /* not negative */
} zreg__tarheader;

/** Adds the header's blocks; what does not fit in a plain header goes into a pax header before
 *  it. Errors: LIMIT (the buffer's maximum), NOMEM. */
zreg_status zreg__tarheader_add(zreg__buf *to, const zreg__tarheader *entry, zreg_error *err);

/** A header that came from elsewhere, with another name, type, target and size: mode, owner, time and all else stay as
 *  they were. `records` are pax records to go before it. Errors: LIMIT, NOMEM. */
zreg_status zreg__tarheader_add_as(zreg__buf *to, const zreg__tarheader *entry, const void *block,
                                   const zreg__buf *records, zreg_error *err);

/* --- reading: `block` is ZREG__TAR_BLOCK bytes */

/** Whether it is all zeros, as at the end of an archive. */
bool zreg__tarheader_is_end(const void *block);

/** Whether it is a header by its checksum. */
bool zreg__tarheader_is_valid(const void *block);

/** Its type: one of the above, or another. */
char zreg__tarheader_type_of(const void *block);

/** The size of what follows. False: it is no number. */
bool zreg__tarheader_size(uint64_t *out, const void *block);

/** The name, with its prefix, and the target of a link; in new memory, or NULL. */
char *zreg__tarheader_name(const void *block);
char *zreg__tarheader_target(const void *block);

#endif
