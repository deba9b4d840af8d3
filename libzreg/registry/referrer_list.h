/* SPDX-License-Identifier: Apache-2.0 */
/** The list of zreg_client_referrers: descriptors, and the documents that they stand in. */
#ifndef ZREG_REGISTRY_REFERRER_LIST_H
#define ZREG_REGISTRY_REFERRER_LIST_H

#include "base/compiler.h"
#include <zreg/referrers.h>

/** An empty list of what has this artifact type, or of all when it is NULL. Errors: NOMEM. */
zreg_status zreg__referrer_list_new(zreg_referrers **out, const char *artifact_type,
                                    zreg_error *err);

/** Adds what an index names; the list holds on to it. `what` is for errors. Errors: LIMIT, NOMEM. */
zreg_status zreg__referrer_list_add(zreg_referrers *to, const zreg_manifest *index,
                                    const char *what, zreg_error *err);

ZREG__DEFINE_AUTO(zreg_referrers, zreg_referrers_free)

#endif
