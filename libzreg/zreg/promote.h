/* SPDX-License-Identifier: Apache-2.0 */
/** The step of the gate after a change has merged: its image gets its final tags. */
#ifndef ZREG_PROMOTE_H
#define ZREG_PROMOTE_H

#include <zreg/artifact.h>
#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/digest.h>

ZREG_BEGIN_DECLS

/** What a promotion did. */
typedef struct zreg_promoted zreg_promoted;

/** What became of one tag. Text lives as long as the result. */
typedef struct zreg_promoted_tag {
    const char *tag;
    zreg_digest
        digest;     /**< what it was to hold: the image, or that of the later change; "" unknown */
    int set;        /**< 1: it was given to the image. 0: it held it already, is superseded, or, of
                             a promotion that failed, was not reached */
    int superseded; /**< 1: it belongs to a change that merged later, and stays */
    const char *superseded_by; /**< the number of that change; "" if unknown */
} zreg_promoted_tag;

/** A promotion in numbers. Requests of other threads on the same client meanwhile are counted too. */
typedef struct zreg_promote_summary {
    zreg_digest digest;    /**< of the image; when it was not promoted, of the later one */
    int promoted;          /**< 0: every tag belongs to a change that merged later */
    int temporary_deleted; /**< 1: the temporary tags are gone */
    uint32_t tags;         /**< how many tags were set */
    uint64_t order;        /**< the order that was given; 0: none */
    uint32_t referrers; /**< with_referrers: how many signatures and whatever else belong to it */
    uint64_t requests;  /**< HTTP requests of the promotion, authentication included */
    uint64_t auth_requests;    /**< of these: for authentication */
    uint64_t blob_requests;    /**< of these: for blobs; 0 unless from the intermediate registry */
    uint64_t verify_requests;  /**< further requests, to look whether the image's parts are there */
    uint64_t cleanup_requests; /**< further requests, to look at the final tags and to delete the
                                    temporary ones */
    uint64_t bytes; /**< blob bytes that moved; 0 unless from the intermediate registry */
    const char *cleanup_error; /**< why a temporary tag that should go stays, on one line; "" when
                                    none does */
} zreg_promote_summary;

/** Settings of promote. */
typedef struct zreg_promote_options {
    size_t size;
    const char *change;               /**< take the temporary tag of this change ... */
    const char *pipeline;             /**< ... or of this pipeline, when `change` is NULL ... */
    const char *from_tag;             /**< ... or this tag itself, before the other two */
    const zreg_digest *expect_digest; /**< refuse (CONFLICT) any other image; NULL: no condition */
    const char *if_current; /**< promote a tag only while it holds this digest, or does not exist
                                 ("absent"); NULL: no condition */
    uint64_t order; /**< where the change stands in the order of merging: any number that is larger
                         for what merged later, of one kind for all promotions of a tag, such as
                         zreg_zuul_order tells; 0: none */
    int keep;       /**< 1: leave the temporary tag; 0: delete it where the registry can */
    int no_verify;  /**< 1: do not look whether the image's parts are there */
    int dry_run;    /**< 1: look at everything, refuse what would be refused, change nothing; the
                         result tells what would have been done */
    int with_referrers; /**< 1: what belongs to the image counts as its part; see zreg_promote */
    uint32_t jobs;      /**< requests at once of the look at the image's parts; 0: 8 */
    zreg_progress_fn progress;
    void *progress_user;
} zreg_promote_options;

/**
 * Gives the uploaded image its final tags, by its manifest alone: one GET, one PUT of the same
 * bytes per tag, and no request for a blob.
 *
 * Before that, unless `no_verify` is set, all that the manifest names is looked at in the repository:
 * each blob by HEAD (by GET, whose body is not read, where HEAD does not tell the size), each
 * manifest of an index by GET, `jobs` at once, and counted in `verify_requests` alone. What is
 * missing is named, and nothing was changed. Layers that are fetched elsewhere by their type are not
 * wanted; blobs whose bytes stand in the manifest are. It is not done when no tag is to be set.
 *
 * With `with_referrers`, what belongs to the image, as zreg_copy has it, is found before any tag is
 * set, which counts in `verify_requests`, and is looked at as the image's own parts are; `referrers`
 * tells how many. None is no error. Nothing of it moves: it is tied to digests, which stay.
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
 * `*out` is NULL, or to be freed, whatever is returned: beside an error it tells which tags were set
 * before it, if any was.
 *
 * Errors: NOTFOUND (nothing was uploaded, or a part of the image is missing, and nothing was changed;
 * or a later change's image is gone, which its tag should hold), CORRUPT (a blob has another size than
 * the manifest says, and nothing was changed), CONFLICT (a condition does not hold, and nothing was
 * changed; or a tag does not answer with what it was set to; or others promote it without an end),
 * LIMIT (more than 64 tags, or too many parts), those of the client. Running it again after an error,
 * or a crash, finishes the rest; once the temporary tag is deleted, that takes `expect_digest` or
 * `order`.
 */
ZREG_API zreg_status zreg_promote(zreg_promoted **out, zreg_client *client, const char *repository,
                                  const char *const *tags, const zreg_promote_options *options,
                                  zreg_cancel *cancel, zreg_error *err);

/** Settings of promotion from the intermediate registry. What they share with zreg_promote_options
 *  means the same. */
typedef struct zreg_promote_from_intermediate_options {
    size_t size;
    const char *change;               /**< for the record of `order`, or NULL */
    const char *intermediate;         /**< HOST:PORT to copy from instead of the artifact's own */
    const zreg_digest *expect_digest; /**< refuse (CONFLICT) any other image */
    const char *if_current;
    uint64_t order;
    int dry_run;
    int with_referrers; /**< 1: what belongs to the image comes along */
    uint32_t jobs;      /**< transfers at once; 0: 8 */
    zreg_progress_fn progress;
    void *progress_user;
} zreg_promote_from_intermediate_options;

/**
 * Gives tags to the image that a build left in the intermediate registry: of `artifacts`, such as
 * zreg_zuul_builds_artifacts gives for a change, the newest of REPOSITORY:TAG, for the first of
 * `tags`. It is copied, blobs and all, before any tag is set. There is no temporary tag.
 *
 * `*out` and the errors are those of zreg_promote and of zreg_copy; NOTFOUND also when none of the
 * artifacts is of REPOSITORY:TAG.
 */
ZREG_API zreg_status zreg_promote_from_intermediate(
    zreg_promoted **out, zreg_client *client, const zreg_artifacts *artifacts,
    const char *repository, const char *const *tags,
    const zreg_promote_from_intermediate_options *options, zreg_cancel *cancel, zreg_error *err);

/** The promotion in numbers. */
ZREG_API const zreg_promote_summary *zreg_promoted_summary(const zreg_promoted *promoted);

/** How many tags there are: those that were asked for. */
ZREG_API size_t zreg_promoted_count(const zreg_promoted *promoted);

/** Tag number `i`, in the caller's order, or NULL past the end. */
ZREG_API const zreg_promoted_tag *zreg_promoted_at(const zreg_promoted *promoted, size_t i);

/** {"digest", "promoted", "tags": [tag...], "superseded": [tag...], "superseded_by",
 *  "order", "requests", "auth_requests", "blob_requests", "cleanup_requests", "verify_requests", "bytes", "referrers",
 *  "temporary_deleted", "cleanup_error"}, where `tags` are those that hold the image now; zreg_free it. */
ZREG_API zreg_status zreg_promoted_json(char **out_json, const zreg_promoted *promoted,
                                        zreg_error *err);

/** Frees the result. Accepts NULL. */
ZREG_API void zreg_promoted_free(zreg_promoted *promoted);

ZREG_END_DECLS

#endif
