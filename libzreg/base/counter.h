/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Numbers that are counted on every request. One thread raises a counter and any may read it, so that
 * raising it is a plain addition; what several threads raise takes atomic_fetch_add.
 */
#ifndef ZREG_BASE_COUNTER_H
#define ZREG_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef atomic_uint_fast64_t zreg__counter;

/** By its own thread alone. */
static inline void zreg__counter_add(zreg__counter *counter, uint64_t more)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, before + more, memory_order_relaxed);
}

static inline uint64_t zreg__counter_get(const zreg__counter *counter)
{
    return atomic_load_explicit((zreg__counter *)counter, memory_order_relaxed);
}

#endif
