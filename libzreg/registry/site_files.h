/* SPDX-License-Identifier: Apache-2.0 */
/** Reads the files of registry/site.h: where they lie, and what they hold. */
#ifndef ZREG_REGISTRY_SITE_FILES_H
#define ZREG_REGISTRY_SITE_FILES_H

#include "base/buf.h"
#include "registry/mirror_rule.h"

/** Reads `path` and what lies in the folder `path`.d. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__site_files_read(zreg__mirror_rules *to, const char *path, zreg_error *err);

/** Reads those that podman reads. The same errors. */
zreg_status zreg__site_files_read_usual(zreg__mirror_rules *to, zreg_error *err);

/** The names in a folder that end with `suffix`, sorted, as a list that ends with NULL: free it with
 *  zreg__site_files_free_names. NULL: there is no such folder, or it cannot be read and `may_fail`. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__site_files_names(char ***out, const char *folder, const char *suffix,
                                   bool may_fail, zreg_error *err);

void zreg__site_files_free_names(char **names);

/** Reads a file that must be there; INVAL otherwise. */
zreg_status zreg__site_files_text(zreg__buf *to, const char *path, zreg_error *err);

#endif
