/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One promotion under way. promote.c says in which order its steps are taken; each step has a file.
 *
 * A set of tags is a bit mask: bit i is tags[i]. `superseded` and `pending` have no bit in common.
 */
#ifndef ZREG_GATE_PROMOTION_H
#define ZREG_GATE_PROMOTION_H

#include "base/compiler.h"
#include "gate/record.h"
#include "image/belongings.h"
#include <stdbool.h>
#include <zreg/artifact.h>
#include <zreg/gate.h>
#include <zreg/promote.h>
#include <zreg/ref.h>

typedef struct zreg__promotion {
    zreg_client *client;
    zreg_promote_options set;
    const char *const *tags; /* ends with NULL; at most ZREG__MAX_PROMOTED_TAGS */
    size_t count;
    zreg_cancel *cancel;
    zreg_ref *repository;
    zreg_ref *source;              /* REPOSITORY:TEMPORARY, or what the caller named */
    zreg_manifest *manifest;       /* the image; NULL when every tag is superseded */
    zreg__record *records;         /* of each tag, when an order was given */
    const zreg_artifact *artifact; /* the caller's, when the image comes from the intermediate */
    const char *intermediate;      /* registry, and where that is; NULL: where the artifact says */
    uint64_t bytes;                /* of blobs that moved for it */
    uint64_t superseded;           /* these belong to a change that merged later */
    uint64_t pending;              /* these are to be set */
    uint64_t reached;              /* these were set, as far as they are `pending` still */
    uint64_t astray;               /* these, of `superseded`, do not hold what their record says */
    zreg_counters verify;          /* requests of zreg__promotion_verify */
    zreg__belongings belongings;   /* of the image, with `with_referrers` */
    uint32_t referrers;            /* how many these are, or came from the intermediate registry */
} zreg__promotion;

static inline bool zreg__promotion_has(uint64_t set, size_t i)
{
    return (set >> i & 1) != 0;
}

/** Frees what it owns. */
void zreg__promotion_finish(zreg__promotion *run);

ZREG__DEFINE_AUTO_VALUE(zreg__promotion, zreg__promotion_finish)

/** Every tag. */
uint64_t zreg__promotion_all(const zreg__promotion *run);

/** The digest that this same change was promoted as before; NULL when no record says so. */
const zreg_digest *zreg__promotion_known(const zreg__promotion *run);

/** Stores `manifest` under `tag`. */
zreg_status zreg__promotion_put(const zreg__promotion *run, const char *tag,
                                const zreg_manifest *manifest, zreg_error *err);

/** The digest that `tag` holds, "" when there is no such tag. */
zreg_status zreg__promotion_head(zreg_digest *out, const zreg__promotion *run, const char *tag,
                                 zreg_error *err);

/** Finds out which tag holds the image: the caller's, or the temporary one. Errors: INVAL. */
zreg_status zreg__promotion_find_source(zreg__promotion *run, const char *repository,
                                        zreg_error *err);

/** Takes the newest artifact of REPOSITORY:TAG, of the first tag; the list must outlive the promotion.
 *  Errors: INVAL, NOTFOUND. */
zreg_status zreg__promotion_choose_artifact(zreg__promotion *run, const zreg_artifacts *artifacts,
                                            const char *repository, zreg_error *err);

/** Copies the artifact's image to the repository, without a tag; `source` then names it there. In a
 *  dry run it only fetches the manifest. Errors: those of zreg_copy. */
zreg_status zreg__promotion_fetch(zreg__promotion *run, zreg_error *err);

/** Fails unless the caller's condition allows to change tag number `i`, which holds `current`. What
 *  holds the image already is fine. Errors: CONFLICT. */
zreg_status zreg__promotion_allow(zreg__promotion *run, size_t i, const zreg_digest *current,
                                  zreg_error *err);

/** Reads the record of each tag, and finds out which tags are superseded, and which of these are
 *  astray. Without an order it asks nothing. Errors: CONFLICT (a foreign tag stands in the record's
 *  place, or a condition does not hold). */
zreg_status zreg__promotion_read_records(zreg__promotion *run, zreg_error *err);

/** Fetches the manifest of the image, from the intermediate registry with all that it names.
 *  Errors: NOTFOUND, CONFLICT (it is not what the caller expects), those of zreg_copy. */
zreg_status zreg__promotion_find_image(zreg__promotion *run, zreg_error *err);

/** Finds what belongs to the image where `image` names it; without `with_referrers` it asks nothing.
 *  Errors: those of zreg__belongings_find. */
zreg_status zreg__promotion_find_referrers(zreg__promotion *run, const zreg_ref *image,
                                           zreg_error *err);

/** Begins a plan of the image and of what was found to belong to it. */
zreg_status zreg__promotion_plan(zreg__plan **out, const zreg__promotion *run, zreg_error *err);

/** Finds what belongs to the image, and looks whether all that they name is there, unless the caller does not want to know, no tag
 *  is to be set, or it was copied just now. Errors: NOTFOUND and CORRUPT (it is not whole), LIMIT, those of the client. */
zreg_status zreg__promotion_verify(zreg__promotion *run, zreg_error *err);

/** Gives tag number `i` to the image; with an order, as zreg__promotion_settle does. */
zreg_status zreg__promotion_set(zreg__promotion *run, size_t i, zreg_error *err);

/**
 * With an order: makes the record of tag number `i` this image's, unless it is a later change's, and
 * the tag hold what the record says, until both are seen to agree. The record is written first and
 * read again after each write. `current` is what the tag holds, "" for unknown.
 * Errors: CONFLICT (others do not leave the tag alone), NOTFOUND (the later image is gone).
 */
zreg_status zreg__promotion_settle(zreg__promotion *run, size_t i, const zreg_digest *current,
                                   zreg_error *err);

/**
 * Looks whether each tag that was set answers with the image, and with an order settles one that
 * does not. `unseen` (cleared) gets why the tags could not be looked at, which is no error.
 * Errors: CONFLICT.
 */
zreg_status zreg__promotion_confirm(zreg__promotion *run, zreg_error *unseen, zreg_error *err);

/** Deletes the temporary tags. `*deleted`: none is left that should go; `*deleted` is set in any
 *  case, for what fails here spoils nothing. */
zreg_status zreg__promotion_clean_up(int *deleted, const zreg__promotion *run, zreg_error *err);

#endif
