/* SPDX-License-Identifier: Apache-2.0 */
/** registries.conf of podman, version 2 (containers-registries.conf(5)). No I/O. */
#ifndef ZREG_REGISTRY_REGISTRIES_CONF_H
#define ZREG_REGISTRY_REGISTRIES_CONF_H

#include "registry/mirror_rule.h"

/**
 * Adds a rule for each registry of the file, in place of rules of files before that have its prefix. What it says of
 * short names is not read. `path` names it in errors. Errors: INVAL (no TOML, a value of the wrong type, a location
 * that is none), LIMIT, NOMEM.
 */
zreg_status zreg__registries_conf_read(zreg__mirror_rules *to, zreg__span text, const char *path,
                                       zreg_error *err);

#endif
