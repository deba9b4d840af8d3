/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of a promotion's result (public part: <zreg/promote.h>). */
#ifndef ZREG_GATE_PROMOTED_H
#define ZREG_GATE_PROMOTED_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/promote.h>

struct zreg_promoted {
    zreg_promote_summary summary; /* its text is owned */
    zreg_promoted_tag *tags;      /* texts are owned */
    size_t count;
    bool failed; /* beside an error: only what was set is known to hold the image */
};

/** A result for these tags, `count` of them, of which nothing is told yet. Errors: NOMEM. */
zreg_status zreg__promoted_new(zreg_promoted **out, const char *const *tags, size_t count,
                               zreg_error *err);

/** Says that tag number `i` belongs to `change`, which merged later. Errors: NOMEM. */
zreg_status zreg__promoted_supersede(zreg_promoted *promoted, size_t i, const char *change,
                                     zreg_error *err);

/** Says why a temporary tag stays. The first reason is kept. Errors: NOMEM. */
zreg_status zreg__promoted_left(zreg_promoted *promoted, const char *why, zreg_error *err);

ZREG__DEFINE_AUTO(zreg_promoted, zreg_promoted_free)

#endif
