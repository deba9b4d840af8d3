/* SPDX-License-Identifier: Apache-2.0 */
/** Where the files of docker and podman lie, and what stands in them. Of an object, which one thread makes, many
 *  may read. */
#ifndef ZREG_REGISTRY_AUTHFILES_H
#define ZREG_REGISTRY_AUTHFILES_H

#include "base/compiler.h"
#include "base/json.h"

#define ZREG__AUTHFILES 3

/** Files in the order in which they count. */
typedef struct zreg__authfiles {
    size_t count;
    char *paths[ZREG__AUTHFILES];
    zreg__json *files[ZREG__AUTHFILES]; /* NULL: there is none */
    bool required;                      /* the one file was named, and must be there */
} zreg__authfiles;

/** Finds out which files count: `authfile` as in zreg_client_options, and the environment. Reads none.
 *  Errors: NOMEM. */
zreg_status zreg__authfiles_find(zreg__authfiles *out, const char *authfile, zreg_error *err);

/** Reads those that are there. Errors: INVAL, NOMEM. */
zreg_status zreg__authfiles_read(zreg__authfiles *files, zreg_error *err);

/** Reads one file; `*out` stays NULL where there is none, or an empty one. A byte order mark before it does no
 *  harm. Errors: INVAL, NOMEM. */
zreg_status zreg__authfiles_read_one(zreg__json **out, const char *path, bool required,
                                     zreg_error *err);

/** Which of the files is written to: the first that is there, or else the last. There must be one. */
const char *zreg__authfiles_to_write(const zreg__authfiles *files);

/** Frees all, and wipes what is secret. */
void zreg__authfiles_finish(zreg__authfiles *files);

ZREG__DEFINE_AUTO_VALUE(zreg__authfiles, zreg__authfiles_finish)

#endif
