/* SPDX-License-Identifier: Apache-2.0 */
/** Descriptors inside a parsed document (image-spec, descriptor.md). */
#ifndef ZREG_OCI_DESCRIPTOR_H
#define ZREG_OCI_DESCRIPTOR_H

#include "base/json.h"
#include <zreg/manifest.h>

/**
 * Reads and checks a descriptor: media type, digest and size are required. Text points into
 * `json`, which must outlive `out`; zreg__descriptor_finish it. `where` names the place in errors
 * ("layer 3"). Errors: INVAL, UNSUPPORTED (digest algorithm), LIMIT (absurd size), NOMEM.
 */
zreg_status zreg__descriptor_read(zreg_descriptor *out, const zreg__json *json, const char *where,
                                  zreg_error *err);

/** Refuses what zreg__json_check_case does, in a descriptor and its platform; _read does so too. */
zreg_status zreg__descriptor_check_case(const zreg__json *json, const char *where, zreg_error *err);

/** Frees what a descriptor that was read has of its own; all zero is fine. */
void zreg__descriptor_finish(zreg_descriptor *descriptor);

/** The same for the keys of a manifest or an index. */
zreg_status zreg__manifest_check_case(const zreg__json *json, const char *what, zreg_error *err);

/**
 * The member "annotations" as key, value, key, value, ..., NULL, in memory to be freed, pointing
 * into `json`; NULL when there are none. A value that is null is "", as readers in Go have it.
 * Errors: INVAL (no object of strings), NOMEM.
 */
zreg_status zreg__descriptor_annotations(const char ***out, const zreg__json *json,
                                         const char *where, zreg_error *err);

#endif
