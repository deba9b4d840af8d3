/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of a sync's result (public part: <zreg/sync.h>). */
#ifndef ZREG_IMAGE_SYNCED_H
#define ZREG_IMAGE_SYNCED_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/sync.h>

struct zreg_synced {
    char *src;
    char *dst;
    zreg_synced_tag *items; /* texts are owned; FAILED with the code OK: not reached yet */
    size_t count;
    size_t capacity;
    bool dry_run;
};

/** Errors: NOMEM. */
zreg_status zreg__synced_new(zreg_synced **out, const char *src, const char *dst, bool dry_run,
                             zreg_error *err);

/** Adds a tag that is not reached yet. Errors: NOMEM. */
zreg_status zreg__synced_add(zreg_synced *synced, const char *tag, zreg_error *err);

/** Whether it is not reached yet. */
bool zreg__synced_waits(const zreg_synced_tag *tag);

/** Says why one failed. Errors: NOMEM. */
zreg_status zreg__synced_failed(zreg_synced_tag *tag, zreg_status code, const char *reason,
                                zreg_error *err);

ZREG__DEFINE_AUTO(zreg_synced, zreg_synced_free)

#endif
