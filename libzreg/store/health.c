/* SPDX-License-Identifier: Apache-2.0 */
#include "store/health.h"

#include "store/inside.h"

zreg_status zreg__store_space(uint64_t *out_free_bytes, uint64_t *out_size_bytes,
                              zreg__store *store, zreg_error *err)
{
    return store->driver->space(out_free_bytes, out_size_bytes, store->self, err);
}

zreg_status zreg__store_probe(zreg__store *store, zreg_error *err)
{
    static const char bytes[] = "can be written\n";
    return store->driver->put(store->self, ZREG__KEYS_PROBE, bytes, sizeof(bytes) - 1,
                              zreg__store_syncs_manifests(store), err);
}

uint64_t zreg__store_open_uploads(const zreg__store *store)
{
    return atomic_load_explicit((atomic_uint_fast64_t *)&store->uploads, memory_order_relaxed);
}
