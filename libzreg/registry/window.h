/* SPDX-License-Identifier: Apache-2.0 */
/** The last bytes of a stream, so that they can be sent again. Positions count from its beginning. */
#ifndef ZREG_REGISTRY_WINDOW_H
#define ZREG_REGISTRY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zreg/common.h>

/** What one window holds at most. */
#define ZREG__WINDOW_BYTES ((size_t)4 << 20)

/** Begin with all zero. Takes memory as it is needed. */
typedef struct zreg__window {
    char *bytes;
    size_t capacity;
    uint64_t end;
} zreg__window;

/** Adds bytes at the end; the oldest make room. Errors: NOMEM. */
zreg_status zreg__window_add(zreg__window *window, const char *bytes, size_t size, zreg_error *err);

/** Forgets what stands from byte `at` on; it may be added again. */
void zreg__window_drop_from(zreg__window *window, uint64_t at);

/** Whether all from this position to the end is there. */
bool zreg__window_has(const zreg__window *window, uint64_t at);

/** As many bytes as lie together from `at` on, which must be there; valid until more are added. */
const char *zreg__window_at(size_t *out_size, const zreg__window *window, uint64_t at);

void zreg__window_finish(zreg__window *window);

#endif
