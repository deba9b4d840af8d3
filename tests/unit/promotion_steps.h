/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A promotion as single steps: which request does zreg_promote make next, after these answers?
 *
 * It is the library itself that tells. What it does depends on its arguments and on the answers
 * alone, so it is called with the answers so far, and stopped at the request that has none. The
 * place where that happened is a point; each is found out once. The program that links this wraps
 * the client's calls for manifests (local.mk), and nothing is sent.
 *
 * Promoter number p, from 1, promotes its image with the order p. A value is the number of a
 * promoter whose image a tag holds, or whose record stands there; 0: none.
 */
#ifndef TEST_PROMOTION_STEPS_H
#define TEST_PROMOTION_STEPS_H

#include <stdbool.h>
#include <stdint.h>
#include <zreg/common.h>

#define MAX_PROMOTERS 3
#define MAX_TAGS 2

typedef enum step_kind {
    READ_RECORD,
    READ_TAG,
    READ_TEMPORARY, /* answered 1 when it is there, else 0 */
    READ_DIGEST,    /* of an image or its record, which are never deleted; answered 0 */
    WRITE_RECORD,
    WRITE_TAG,
    DELETE_TEMPORARY, /* answered 1 when it was there, else 0 */
    END,
} step_kind;

typedef struct step {
    step_kind kind;
    int tag;              /* which, from 0 */
    int value;            /* what is written */
    zreg_status status;   /* END: how it ended, */
    uint64_t superseded;  /* and which tags it left to a later one */
    bool temporary_stays; /* and that the temporary tag was left behind */
} step;

/** A place in a promotion: the same answers lead to the same one. Below 65536. */
typedef unsigned point;

/** Promotions of `tags` tags; with `keep` they leave the temporary tags. Before the rest; steps_finish
 *  frees everything. */
void steps_start(int tags, bool keep);
void steps_finish(void);

/** Where promoter `p` begins. */
point steps_begin(int p);

/** What happens at a point. */
const step *steps_at(point at);

/** Where it goes on after the answer; for writes it is 0. */
point steps_after(point at, int answer);

/** How many points there are so far: as often was zreg_promote called. */
unsigned steps_count(void);

#endif
