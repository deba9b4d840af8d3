/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which artifact of each REPOSITORY:TAG wins, and why the others lose. Pure: no I/O.
 *
 * How Zuul makes the list (14.3.0, and since it tells the branch of an artifact):
 *
 *   a. It COLLECTS from the item itself, then from the items ahead, nearest first: of each the jobs
 *      that provide what this job requires, in the order of the job graph; of each job what it
 *      returned, the last first, because zuul_return puts what is returned later in front.
 *   b. It turns all of that ROUND: furthest item first, own item last, and within an item the last
 *      job first, and within a job the oldest image first. These entries have `project` and `job`.
 *   c. It APPENDS what the job's own parents returned, in the order of the job graph, the last
 *      image of each first. These have `branch` too, or `ref` for a tag. As what was collected
 *      lacks that, artifacts of the item's own jobs are named twice.
 *
 * The rules that follow:
 *
 *   0. The same url, digest, image, project, change and job is one artifact, named twice. It stands
 *      where it was appended; else where its build returned it last.
 *   1. Changes. The change that stands LAST in the list is the nearest, and wins.
 *   2. Builds of one change. The job that stands later in the job graph wins, as with all that Zuul
 *      hands on; so a change means the same image to its own jobs and to those behind it. That is
 *      the build that stands FIRST of those turned round, and LAST of those appended, which win.
 *      (For a change that is in no queue Zuul asks its database, which has the jobs in the order of
 *      their start. The list does not tell, so of two jobs that make one image the first wins then.)
 *   3. One build that returned an image more than once. The newest wins: the last of those turned
 *      round, the first of those appended.
 *
 * A list without Zuul's `project` and `job`, as publish makes it, counts as appended.
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
