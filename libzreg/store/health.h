/* SPDX-License-Identifier: Apache-2.0 */
/** How a store fares: for those who watch it. */
#ifndef ZREG_STORE_HEALTH_H
#define ZREG_STORE_HEALTH_H

#include "store/store.h"

/** Free space, as far as this process may use it, and the size of its place. */
zreg_status zreg__store_space(uint64_t *out_free_bytes, uint64_t *out_size_bytes,
                              zreg__store *store, zreg_error *err);

/** Writes a few bytes as a push does, synced where manifests are. */
zreg_status zreg__store_probe(zreg__store *store, zreg_error *err);

/** Uploads that were begun, in earlier runs too, and neither committed nor aborted. */
uint64_t zreg__store_open_uploads(const zreg__store *store);

#endif
