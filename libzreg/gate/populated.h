/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of populate's result (public part: <zreg/gate.h>). */
#ifndef ZREG_GATE_POPULATED_H
#define ZREG_GATE_POPULATED_H

#include "base/compiler.h"
#include "base/strings.h"
#include <zreg/gate.h>

/** One image. `shown` is what callers see; its texts belong to the entry. */
typedef struct zreg__populated_entry {
    zreg_populated_image shown;
    zreg_strings *superseded;
} zreg__populated_entry;

struct zreg_populated {
    zreg__populated_entry *items;
    size_t count;
    size_t capacity;
};

/** A result with room for `capacity` images. Errors: NOMEM. */
zreg_status zreg__populated_new(zreg_populated **out, size_t capacity, zreg_error *err);

/** Adds an image: texts are copied, `superseded` is taken over on success. There must be room.
 *  Errors: NOMEM. */
zreg_status zreg__populated_add(zreg_populated *populated, const zreg_artifact *artifact,
                                const zreg_copy_result *copied, zreg_strings **superseded,
                                zreg_error *err);

ZREG__DEFINE_AUTO(zreg_populated, zreg_populated_free)

#endif
