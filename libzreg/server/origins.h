/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which change each tag, manifest and blob of this server came from, as far as it was told
 * (oci/origin.h). For the access log only: kept in memory, bounded, and asked when a line is
 * written. A digest may have come from several changes. Safe from many threads.
 */
#ifndef ZREG_SERVER_ORIGINS_H
#define ZREG_SERVER_ORIGINS_H

#include "oci/origin.h"
#include "store/store.h"

typedef struct zreg__origins zreg__origins;

#define ZREG__ORIGINS_OF_ONE 4

/** What is known of one name, the latest first; lives as long as the server. */
typedef struct zreg__origins_list {
    const zreg__origin *items[ZREG__ORIGINS_OF_ONE];
    size_t count;
} zreg__origins_list;

/** Errors: NOMEM. */
zreg_status zreg__origins_new(zreg__origins **out, zreg_error *err);

/** Says where a manifest that was just stored came from, with all that it names; `tag` may be NULL.
 *  `origin` NULL: from this buildset itself. What does not fit is left out. */
void zreg__origins_note(zreg__origins *origins, zreg__store *store, const char *repository,
                        const char *tag, const zreg_manifest *manifest, const zreg__origin *origin);

/** What is known of a tag or digest in a repository. */
zreg__origins_list zreg__origins_find(zreg__origins *origins, const char *repository,
                                      const char *reference);

/** Accepts NULL. */
void zreg__origins_free(zreg__origins *origins);

#endif
