/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The items of Zuul's queue that are ahead of the one a document is about (`zuul.items`): changes
 * whose images its job is meant to see.
 *
 * Invariants: every text is set ("" when unknown), short and free of control characters.
 */
#ifndef ZREG_GATE_ITEMS_H
#define ZREG_GATE_ITEMS_H

#include "base/compiler.h"
#include "base/json.h"
#include <stdbool.h>
#include <zreg/artifact.h>

/** One item ahead. */
typedef struct zreg__item {
    char *project;
    char *change; /* "" when it is no change */
    char *patchset;
    char *url; /* where people read about it */
} zreg__item;

/** All items ahead, the furthest first, as Zuul has them. */
typedef struct zreg__items {
    zreg__item *list;
    size_t count;
    bool known; /* the document tells which items there are */
} zreg__items;

/** Reads `items` of Zuul's variables, without those of the document's own item: the last, and what
 *  `buildset_refs` names. `out` is to be finished also after an error. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__items_read(zreg__items *out, const zreg__json *zuul, zreg_error *err);

/** True when the item's own jobs made the artifact. */
bool zreg__item_made(const zreg__item *item, const zreg_artifact *artifact);

/** Frees what an item holds. */
void zreg__item_finish(zreg__item *item);

void zreg__items_finish(zreg__items *items);

#endif
