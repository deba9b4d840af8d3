/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of cleanup's result (public part: <zreg/cleanup.h>). */
#ifndef ZREG_GATE_CLEANED_H
#define ZREG_GATE_CLEANED_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/cleanup.h>

struct zreg_cleaned {
    zreg_cleaned_tag *items; /* texts are owned */
    size_t count;
    size_t capacity;
    bool dry_run;
};

/** A result with room for `capacity` tags. Errors: NOMEM. */
zreg_status zreg__cleaned_new(zreg_cleaned **out, size_t capacity, zreg_error *err);

/** Adds a tag; texts are copied. There must be room. Errors: NOMEM. */
zreg_status zreg__cleaned_add(zreg_cleaned *cleaned, const zreg_cleaned_tag *tag, zreg_error *err);

ZREG__DEFINE_AUTO(zreg_cleaned, zreg_cleaned_free)

#endif
