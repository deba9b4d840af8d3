/* SPDX-License-Identifier: Apache-2.0 */
/** Certificates of hosts in folders, as docker, podman and containerd have them. */
#ifndef ZREG_REGISTRY_SITE_TRUST_H
#define ZREG_REGISTRY_SITE_TRUST_H

#include "registry/mirror_rule.h"

/** Adds the files that a folder has for one host: *.crt are authorities, NAME.cert and NAME.key a client's
 *  certificate with its key. Nothing there is fine; so is a folder that cannot be read, if it `may_fail`. Errors:
 *  INVAL (a certificate without its key), LIMIT, NOMEM. */
zreg_status zreg__site_trust_list(zreg__mirror_server *to, const char *folder, bool may_fail,
                                  zreg_error *err);

/** Reads the files that a server names. Of several certificates of a client the first counts. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__site_trust_read(zreg__mirror_server *server, zreg_error *err);

#endif
