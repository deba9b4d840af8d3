/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of a resolution (public part: <zreg/resolve.h>). */
#ifndef ZREG_GATE_RESOLUTION_H
#define ZREG_GATE_RESOLUTION_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/resolve.h>

struct zreg_resolution {
    char *ref;
    zreg_candidate *items; /* texts are owned; once decided, the winner is the first */
    size_t count;
    size_t capacity;
    bool decided;
};

/** A resolution of `ref` without candidates. Errors: NOMEM. */
zreg_status zreg__resolution_new(zreg_resolution **out, const char *ref, zreg_error *err);

/** Adds a candidate after the others; texts are copied, NULL becomes "". Errors: NOMEM. */
zreg_status zreg__resolution_add(zreg_resolution *resolution, const zreg_candidate *candidate,
                                 zreg_error *err);

/** Says that the candidate added last won, and puts it first. */
void zreg__resolution_decide(zreg_resolution *resolution);

ZREG__DEFINE_AUTO(zreg_resolution, zreg_resolution_free)

#endif
