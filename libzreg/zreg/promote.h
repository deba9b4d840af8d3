/* SPDX-License-Identifier: Apache-2.0 */
/** The step of the gate after a change has merged: its image gets its final tags. */
#ifndef ZREG_PROMOTE_H
#define ZREG_PROMOTE_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/digest.h>

ZREG_BEGIN_DECLS

/** Settings of promote. */
typedef struct zreg_promote_options {
    size_t size;
    const char *change;               /**< take the temporary tag of this change ... */
    const char *pipeline;             /**< ... or of this pipeline, when `change` is NULL ... */
    const char *from_tag;             /**< ... or this tag itself, before the other two */
    const zreg_digest *expect_digest; /**< refuse (CONFLICT) any other image; NULL: no condition */
    const char *if_current; /**< promote a tag only while it holds this digest, or does not exist
                                 ("absent"); NULL: no condition */
    int keep;               /**< 1: leave the temporary tag; 0: delete it where the registry can */
    zreg_progress_fn progress;
    void *progress_user;
    uint64_t order; /**< where the change stands in the order of merging: any number that is larger
                         for what merged later, of one kind for all promotions of a tag; 0: none, or
                         with `zuul_api` what zreg_zuul_order tells */
    const char *zuul_api;      /**< URL of Zuul's API (<zreg/zuul.h>), or NULL; needs `change` */
    const char *zuul_tenant;   /**< or NULL when the URL is the tenant's own */
    const char *zuul_project;  /**< the project of the change; wanted where numbers of changes
                                       are its own, as on GitHub; or NULL */
    const char *patchset;      /**< of the change, or NULL */
    const char *zuul_pipeline; /**< where the image was built; NULL: "gate" */
    const char *zuul_job;      /**< that built it, or NULL: any */
    const char *zuul_promote_pipeline; /**< NULL: "promote" */
    int unordered;                     /**< 1: with `zuul_api`, do not ask for the order */
    int from_intermediate;    /**< 1: copy what the newest successful build made for the first of
                                       `tags`, instead of taking a temporary tag */
    const char *intermediate; /**< HOST:PORT to copy from instead of the artifact's own */
    uint32_t jobs;            /**< transfers at once of that copy, and requests at once of the look
                                   at the image's parts; 0: 8 */
    int no_verify;            /**< 1: do not look whether the image's parts are there */
    int dry_run;        /**< 1: look at everything, refuse what would be refused, change nothing;
                                   the result tells what would have been done */
    int with_referrers; /**< 1: what belongs to the image counts as its part; see zreg_promote */
} zreg_promote_options;

/** What promote did. Requests of other threads on the same client meanwhile are counted too, those
 *  to Zuul's API are not. */
typedef struct zreg_promote_result {
    zreg_digest digest;        /**< of the image; when it was not promoted, of the later one */
    uint64_t requests;         /**< HTTP requests of the promotion, authentication included */
    uint64_t auth_requests;    /**< of these: for authentication */
    uint64_t blob_requests;    /**< of these: for blobs; 0 unless from_intermediate */
    uint64_t cleanup_requests; /**< further requests, to look at the final tags and to delete the
                                    temporary ones */
    uint32_t
        tags; /**< how many tags were set; with if_current, those that it holds already are not */
    int temporary_deleted; /**< 1: the temporary tags are gone */
    int promoted;          /**< 0: every tag belongs to a change that merged later */
    uint32_t referrers;  /**< with_referrers: how many signatures and whatever else belong to it */
    uint64_t superseded; /**< bit i: tags[i] belongs to a change that merged later, and stays */
    char superseded_by[24]; /**< the number of that change, of the first such tag; "" if unknown */
    uint64_t order;         /**< the order that was given or found out; 0: none */
    uint64_t bytes;         /**< blob bytes that moved; 0 unless from_intermediate */
    uint64_t verify_requests; /**< further requests, to look whether the image's parts are there */
    char cleanup_error[512];  /**< why a temporary tag that should go stays, on one line; "" when
                                   none does */
    uint64_t reserved[8];
} zreg_promote_result;

/**
 * Gives the uploaded image its final tags, by its manifest alone: one GET, one PUT of the same
 * bytes per tag, and no request for a blob.
 *
 * Before that, unless `no_verify` is set, all that the manifest names is looked at in the repository:
 * each blob by HEAD (by GET, whose body is not read, where HEAD does not tell the size), each
 * manifest of an index by GET, `jobs` at once, and counted in `verify_requests` alone. What is
 * missing is named, and nothing was changed. Layers that are fetched elsewhere by their type are not
 * wanted; blobs whose bytes stand in the manifest are. It is not done when no tag is to be set, nor
 * for what was copied from the intermediate registry just now.
 *
 * With `with_referrers`, what belongs to the image, as zreg_copy has it, is brought along from the
 * intermediate registry. Otherwise nothing of it moves: it is tied to digests, which stay, and is in
 * the repository. It is found there before any tag is set, which counts in `verify_requests`, and is
 * looked at as the image's own parts are; `referrers` tells how many. None is no error.
 *
 * The temporary tag of the FIRST of `tags` is the source unless `from_tag` says otherwise. Then the
 * final tags are looked at, and the temporary tags of all `tags` are deleted that hold the image.
 * Once all tags are set this fails no promotion, not by cancellation either: the result then is OK,
 * `temporary_deleted` is 0, and `cleanup_error` says why. Only a final tag that answers with something
 * else is an error.
 *
 * With `order`, a record beside each tag (zreg-order_TAG) tells which change it belongs to, and a
 * tag never goes back: one that a later change has is left alone, which is no error, and the
 * temporary tag goes all the same. A tag of a later change that does not hold what its record says,
 * because a promotion was cut off, is given that image. That takes four requests more for each tag.
 *
 * With `zuul_api`, Zuul is asked for the order. With `from_intermediate` too, it is also asked for
 * the newest successful build of the change that made REPOSITORY:TAG, for the first of `tags`; its
 * image is copied from the intermediate registry, blobs and all, before any tag is set.
 *
 * Errors: NOTFOUND (nothing was uploaded, or built, or a part of the image is missing, and nothing
 * was changed; or a later change's image is gone, which its tag should hold), CORRUPT (a blob has
 * another size than the manifest says, and nothing was changed), CONFLICT (a condition does not hold,
 * and nothing was changed; or a tag does not answer with what it was set to; or others promote it
 * without an end), LIMIT (more than 64 tags, or too many parts), those of the client, of
 * zreg_zuul_order and of zreg_copy. Running it again after an error, or a crash, finishes the rest;
 * once the temporary tag is deleted, that takes `expect_digest` or `order`.
 */
ZREG_API zreg_status zreg_promote(zreg_promote_result *out, zreg_client *client,
                                  const char *repository, const char *const *tags,
                                  const zreg_promote_options *options, zreg_cancel *cancel,
                                  zreg_error *err);

ZREG_END_DECLS

#endif
