/* SPDX-License-Identifier: Apache-2.0 */
/** The file of docker (config.json) and podman (auth.json). No I/O. */
#ifndef ZREG_REGISTRY_AUTHFILE_H
#define ZREG_REGISTRY_AUTHFILE_H

#include "base/json.h"
#include "registry/credentials.h"
#include <stdbool.h>

/** Refuses keys that docker, which is written in Go, takes for others (zreg__json_check_case). `path` names the
 *  file in the error. Errors: INVAL, NOMEM. */
zreg_status zreg__authfile_check(const zreg__json *file, const char *path, zreg_error *err);

/**
 * The helper that is responsible for `name` (HOST/REPOSITORY, canonical), and what to ask it for;
 * both in new memory, NULL when no helper is. An entry of credHelpers stands before `auths`, which
 * stands before credsStore; one without a name has the file itself be responsible. Errors: INVAL (a
 * helper's name with foreign characters, or one that is no text), NOMEM.
 */
zreg_status zreg__authfile_helper(char **out_helper, char **out_server, const zreg__json *file,
                                  const char *name, zreg_error *err);

/** The entry of `auths` for `name`; `*out_found` is false when there is none with content.
 *  Errors: INVAL (not base64 of USER:PASSWORD), NOMEM. */
zreg_status zreg__authfile_entry(bool *out_found, zreg__credential *out, const zreg__json *file,
                                 const char *name, zreg_error *err);

/** Removes all entries of `auths` that are for `name` itself; `*out_found` tells whether there was one with
 *  content. Errors: NOMEM. */
zreg_status zreg__authfile_remove(bool *out_found, zreg__json *file, const char *name,
                                  zreg_error *err);

/** Adds an entry for HOST[/REPOSITORY], which has none, under the key that docker has for it: user and password, or
 *  the refresh token that stands for the password. Errors: INVAL (`auths` is no object), NOMEM, LIMIT. */
zreg_status zreg__authfile_add(zreg__json *file, const char *name,
                               const zreg__credential *credential, zreg_error *err);

#endif
