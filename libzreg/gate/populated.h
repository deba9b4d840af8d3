/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of populate's result (public part: <zreg/populate.h>). */
#ifndef ZREG_GATE_POPULATED_H
#define ZREG_GATE_POPULATED_H

#include "base/compiler.h"
#include "base/strings.h"
#include "gate/order.h"
#include <zreg/populate.h>

/** One image. `shown` is what callers see; its texts belong to the entry. */
typedef struct zreg__populated_entry {
    zreg_populated_image shown;
    zreg_strings *superseded;
} zreg__populated_entry;

/** One item ahead, in the same way. */
typedef struct zreg__populated_item {
    zreg_populated_item shown;
    zreg_strings *images;
    bool given; /* Zuul gave images of it, though others may have superseded them */
} zreg__populated_item;

struct zreg_populated {
    zreg__populated_entry *images;
    size_t count;
    size_t capacity;
    zreg__populated_item *items;
    size_t items_count;
    bool items_known;
};

/** A result with room for `capacity` images. Errors: NOMEM. */
zreg_status zreg__populated_new(zreg_populated **out, size_t capacity, zreg_error *err);

/** Adds an image: texts are copied, `superseded` is taken over on success. There must be room.
 *  Errors: NOMEM. */
zreg_status zreg__populated_add(zreg_populated *populated, const zreg_artifact *artifact,
                                const zreg_copy_result *copied, const char *reason,
                                zreg_strings **superseded, zreg_error *err);

/** Says of each item ahead which of the images came from it, or why none did. Pure; to be called
 *  once, after the last image. Errors: NOMEM. */
zreg_status zreg__populated_tell_items(zreg_populated *populated, const zreg__items *ahead,
                                       const zreg__items *merged, const zreg__order *order,
                                       zreg_error *err);

/** Says of an item that gave nothing what it has published. Errors: NOMEM. */
zreg_status zreg__populated_tell_missed(zreg__populated_item *item, const char *published,
                                        zreg_error *err);

void zreg__populated_items_finish(zreg_populated *populated);

ZREG__DEFINE_AUTO(zreg_populated, zreg_populated_free)

#endif
