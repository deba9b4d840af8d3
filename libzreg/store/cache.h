/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Manifests that were read, verified and parsed lately, by the key of their revision record.
 *
 * Holds few and small ones, so memory stays flat. The store drops an entry when it has written or
 * deleted the revision, and looks whether the record is there before it uses one. What was read before a
 * drop is not kept after it. Safe from many threads.
 */
#ifndef ZREG_STORE_CACHE_H
#define ZREG_STORE_CACHE_H

#include "base/compiler.h"
#include <zreg/manifest.h>

typedef struct zreg__cache zreg__cache;

zreg_status zreg__cache_new(zreg__cache **out, zreg_error *err);

/** The manifest once more, for the caller to free; NULL: it is not here. `*out_drops` is for
 *  zreg__cache_put(). */
zreg_manifest *zreg__cache_get(uint64_t *out_drops, zreg__cache *cache, const char *key);

/** Keeps a share of a manifest that was read after zreg__cache_get() gave `drops`; or not, as when
 *  something was dropped since. */
void zreg__cache_put(zreg__cache *cache, const char *key, const zreg_manifest *manifest,
                     uint64_t drops);

void zreg__cache_drop(zreg__cache *cache, const char *key);
void zreg__cache_free(zreg__cache *cache);

ZREG__DEFINE_AUTO(zreg__cache, zreg__cache_free)

#endif
