/* SPDX-License-Identifier: Apache-2.0 */
/** The age of a tag of a registry whose protocol tells none. */
#ifndef ZREG_GATE_CLEANUP_AGE_H
#define ZREG_GATE_CLEANUP_AGE_H

#include "gate/cleanup_rule.h"
#include <zreg/client.h>

/**
 * Last-Modified of the manifest where the registry sends it; else when the image was built: the
 * annotation org.opencontainers.image.created, or "created" of its config (of an index: of its
 * youngest image). Times before this millennium are those of reproducible builds and say nothing.
 * Errors: those of the client, except that a tag that is gone has no age.
 */
zreg_status zreg__cleanup_age_find(zreg__cleanup_age *out, zreg_client *client, const zreg_ref *tag,
                                   int64_t now_s, zreg_cancel *cancel, zreg_error *err);

#endif
