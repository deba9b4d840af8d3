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
    char *url;   /* where people read about it */
    bool merged; /* it is ahead no more; see gate/merged.h */
    char *why;   /* its last image that could not be brought in; NULL: none */
} zreg__item;

/** All items ahead, the furthest first, as Zuul has them. */
typedef struct zreg__items {
    zreg__item *list;
    size_t count;
    bool known;     /* the document tells which items there are */
    char *pipeline; /* of all of them; NULL when the document does not tell */
} zreg__items;

/** Reads `items` of Zuul's variables, without those of the document's own item: the last, and what
 *  `buildset_refs` names. `out` is to be finished also after an error. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__items_read(zreg__items *out, const zreg__json *zuul, zreg_error *err);

/** The item whose own jobs made the artifact; NULL: none of them. */
zreg__item *zreg__items_find(const zreg__items *items, const zreg_artifact *artifact);

/** Keeps, for the item that made the artifact, why it was not brought in. Errors: NOMEM. */
zreg_status zreg__items_explain(zreg__items *items, const zreg_artifact *artifact, const char *why,
                                zreg_error *err);

/** True when the item's own jobs made the artifact. */
bool zreg__item_made(const zreg__item *item, const zreg_artifact *artifact);

/** Frees what an item holds. */
void zreg__item_finish(zreg__item *item);

void zreg__items_finish(zreg__items *items);

ZREG__DEFINE_AUTO_VALUE(zreg__items, zreg__items_finish)

#endif
