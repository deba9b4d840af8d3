/* SPDX-License-Identifier: Apache-2.0 */
/** hosts.toml of containerd (docs/hosts.md there): the servers of one registry. No I/O. */
#ifndef ZREG_REGISTRY_HOSTS_TOML_H
#define ZREG_REGISTRY_HOSTS_TOML_H

#include "registry/mirror_rule.h"

/**
 * The rule that a file has for the registry `host`. `path` names the file in errors; what it says of files is
 * relative to the folder of that. Errors: INVAL, LIMIT, UNSUPPORTED (a header that cannot be sent), NOMEM.
 */
zreg_status zreg__hosts_toml_read(zreg__mirror_rule *out, zreg__span text, const char *path,
                                  const char *host, zreg_error *err);

#endif
