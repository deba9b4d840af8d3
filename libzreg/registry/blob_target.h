/* SPDX-License-Identifier: Apache-2.0 */
/** What reading, writing and looking for blobs have in common. */
#ifndef ZREG_REGISTRY_BLOB_TARGET_H
#define ZREG_REGISTRY_BLOB_TARGET_H

#include "base/hash.h"
#include "registry/request.h"

/** Which blob, where. */
typedef struct zreg__blob_target {
    zreg__host *host;
    char *repository;
    char *path; /* "/v2/.../blobs/<digest>", or NULL */
    char *what; /* "blob <digest> of <host>/<repository>" */
} zreg__blob_target;

/** `digest` may be NULL for a blob that is not known yet. Errors: INVAL, NOMEM. */
zreg_status zreg__blob_target_of(zreg__blob_target *out, zreg_client *client, const zreg_ref *ref,
                                 const zreg_digest *digest, zreg_error *err);

void zreg__blob_target_finish(zreg__blob_target *target);

ZREG__DEFINE_AUTO_VALUE(zreg__blob_target, zreg__blob_target_finish)

#endif
