/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which artifact of each REPOSITORY:TAG wins, and why the others lose. Pure: no I/O.
 *
 * How Zuul orders the list, and the rule that follows from it:
 *
 *   1. Changes. Zuul collects the artifacts of the changes ahead from the nearest to the furthest
 *      and then reverses the list; those of earlier jobs of the item itself are appended. So the
 *      change that stands LAST in the list is the nearest, and wins.
 *   2. Builds of one change. The build that stands last in the list wins.
 *   3. One build that returned an image more than once. zuul_return puts what is returned later
 *      in FRONT, so within a build Zuul keeps the newest first. The reversal of rule 1 turns that
 *      round for the changes ahead, and not for the item's own jobs. So, when the document says
 *      which item it is about, the last wins for the changes ahead and the first for the item's
 *      own. In a bare list the two cannot be told apart; it is taken as Zuul keeps it, newest
 *      first, so the first wins. zreg__artifact.newest_first says which case it is.
 *
 * A change or build counts as standing where its last artifact stands, whatever the image is.
 * Artifacts without a change count as one change. Without a build, the job stands for it; without
 * either, each artifact counts as a build.
 */
#ifndef ZREG_GATE_ORDER_H
#define ZREG_GATE_ORDER_H

#include "base/compiler.h"
#include "gate/artifact.h"

/** One artifact in the order. */
typedef struct zreg__order_entry {
    const zreg_artifact *artifact; /* borrowed from the list */
    const zreg_artifact *winner;   /* the one it lost to; NULL: it won */
    char reason[192];              /* why, one sentence */
    size_t group;                  /* list position of the first artifact of this REPOSITORY:TAG */
    size_t change_rank;            /* rule 1 */
    size_t build_rank;             /* rule 2 */
    size_t upload_rank;            /* rule 3 */
} zreg__order_entry;

/** All artifacts: grouped by REPOSITORY:TAG in order of first appearance, in each group the winner
 *  first and the others from the next best to the worst. */
typedef struct zreg__order {
    zreg__order_entry *entries;
    size_t count;
} zreg__order;

/** Orders a list (NULL is an empty one), which must outlive it. Errors: NOMEM, IO. */
zreg_status zreg__order_make(zreg__order *out, const zreg_artifacts *artifacts, zreg_error *err);

/** The number of the first entry after the group of entry `i`. */
size_t zreg__order_group_end(const zreg__order *order, size_t i);

void zreg__order_finish(zreg__order *order);

ZREG__DEFINE_AUTO_VALUE(zreg__order, zreg__order_finish)

#endif
