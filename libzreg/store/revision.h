/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The revision record of a manifest in a repository: a JSON object with mediaType, size, time and,
 * where the manifest has them, subject, manifests, blobs. What garbage collection follows. A child of
 * an index that may be a blob stands in both lists.
 */
#ifndef ZREG_STORE_REVISION_H
#define ZREG_STORE_REVISION_H

#include "base/limits.h"
#include <stdbool.h>
#include <zreg/manifest.h>

typedef struct zreg__revision {
    char media_type[ZREG__MAX_MEDIA_TYPE + 1];
    zreg_digest subject; /* text "": none */
    uint64_t size_bytes;
} zreg__revision;

/** Whether a child of an index may be a blob, such as a layer in a cache of BuildKit: its type is that
 *  of no manifest. */
bool zreg__revision_may_be_blob(const zreg_descriptor *child);

/** The record's text in new memory. */
zreg_status zreg__revision_print(char **out, const zreg_manifest *manifest, zreg_error *err);

/** Errors: IO (the record is damaged). */
zreg_status zreg__revision_parse(zreg__revision *out, const void *bytes, size_t size,
                                 zreg_error *err);

#define ZREG__REVISION_MAX_BYTES (2 * ZREG__MIB)

#endif
