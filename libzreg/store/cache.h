/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Manifests that were read, verified and parsed lately, by the key of their revision record.
 *
 * Holds few and small ones, so memory stays flat. The store drops an entry when it writes or
 * deletes the revision, and looks whether the record is there before it uses one. Safe from many
 * threads.
 */
#ifndef ZREG_STORE_CACHE_H
#define ZREG_STORE_CACHE_H

#include "base/compiler.h"
#include <zreg/manifest.h>

typedef struct zreg__cache zreg__cache;

zreg_status zreg__cache_new(zreg__cache **out, zreg_error *err);

/** The manifest once more, for the caller to free; NULL: it is not here. */
zreg_manifest *zreg__cache_get(zreg__cache *cache, const char *key);

/** Keeps a share of the manifest, or not. */
void zreg__cache_put(zreg__cache *cache, const char *key, const zreg_manifest *manifest);

void zreg__cache_drop(zreg__cache *cache, const char *key);
void zreg__cache_free(zreg__cache *cache);

ZREG__DEFINE_AUTO(zreg__cache, zreg__cache_free)

#endif
