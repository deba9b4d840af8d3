/* SPDX-License-Identifier: Apache-2.0 */
/** Populate: the images of the changes ahead into a buildset registry, and what is ahead. */
#ifndef ZREG_POPULATE_H
#define ZREG_POPULATE_H

#include <zreg/artifact.h>
#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/copy.h>
#include <zreg/server.h>

ZREG_BEGIN_DECLS

/** What populate brought into a buildset registry. */
typedef struct zreg_populated zreg_populated;

/** One image that is now in the buildset registry. Text lives as long as the result. */
typedef struct zreg_populated_image {
    const char *repository;
    const char *tag;
    const char *digest;
    const char *change;
    const char *build;
    uint64_t bytes;                /**< blob bytes that moved for it */
    uint64_t requests;             /**< HTTP requests that it took */
    const char *const *superseded; /**< URLs of the artifacts that it won over; ends with NULL */
    const char *project;           /**< of the change; "" when Zuul did not tell */
    const char *reason;            /**< why it is this image, one sentence */
} zreg_populated_image;

/** One item of Zuul's queue that is ahead: a change whose images the job is meant to see. Text
 *  lives as long as the result; what is unset is "". */
typedef struct zreg_populated_item {
    const char *project;
    const char *change; /**< "" for an item that is no change */
    const char *patchset;
    const char *url;           /**< where people read about it */
    const char *const *images; /**< REPOSITORY:TAG of those that are in the buildset registry now;
                                    ends with NULL */
    const char *reason;        /**< why there are none, for people; "" when there are */
    int merged; /**< 1: it is not ahead any more: it has merged, and its promotion has not finished */
    int missed; /**< 1: it has published images in this pipeline, and Zuul gave this job none */
} zreg_populated_item;

/** Settings of populate. */
typedef struct zreg_populate_options {
    size_t size;
    zreg_server *server;      /**< fill this server directly; `to` may then be NULL */
    const char *intermediate; /**< HOST:PORT to read from instead of the artifacts' own, or NULL */
    uint32_t jobs;            /**< transfers at once; 0: 8 */
    zreg_progress_fn progress;
    void *progress_user;
    int with_referrers;       /**< 1: what belongs to the images moves with them, as in zreg_copy */
    const char *zuul_api;     /**< URL of Zuul's API (<zreg/zuul.h>), or NULL: do not ask Zuul */
    const char *zuul_tenant;  /**< or NULL when the URL is the tenant's own */
    const char *zuul_project; /**< look at changes of this project only, or NULL */
    const char *zuul_pipeline;         /**< the pipeline that merges changes; NULL: "gate" */
    const char *zuul_job;              /**< look at this job only, or NULL */
    const char *zuul_promote_pipeline; /**< the pipeline that promotes; NULL: "promote" */
    const char *records; /**< HOST:PORT with the records of publish, to look at them, or NULL */
} zreg_populate_options;

/**
 * Intermediate to buildset: copies, for each REPOSITORY:TAG, the image of the last change's last
 * build, as a whole index, pinned to the artifact's digest when it tells one. Superseded artifacts
 * are not copied. `to` is HOST:PORT. An empty list of artifacts is a success with no image. When the
 * artifacts were read from all of Zuul's variables, the result tells of each item ahead which images
 * came from it, or why none did: look at it, since what is not brought in comes from upstream.
 *
 * With `records`, of the 64 nearest items that gave nothing it is told for certain whether they have
 * published images, at one request each: then the configuration of Zuul is wrong, `missed` is 1 and
 * the reason says what to do.
 *
 * A change that has merged is not ahead any more, but until it is promoted the public registry has
 * the image before. With `zuul_api` its images are brought in too, of each name that no artifact has
 * the newest, among the newest 100 builds that Zuul lists; a change that was never promoted counts as
 * one that still will be. What the intermediate registry no longer has is told, and is no error.
 *
 * `*out` is NULL, or to be freed, whatever is returned: beside an error it has the images that were
 * brought in before it, if there are any; they stay and are complete. Running it again finishes the
 * rest. Errors: CONFLICT (the registry's digest is not the artifact's), those of zreg_copy and, with
 * `zuul_api`, of zreg_zuul_builds_find.
 */
ZREG_API zreg_status zreg_populate(zreg_populated **out, zreg_client *client,
                                   const zreg_artifacts *artifacts, const char *to,
                                   const zreg_populate_options *options, zreg_cancel *cancel,
                                   zreg_error *err);

/** How many images there are. */
ZREG_API size_t zreg_populated_count(const zreg_populated *populated);

/** Image number `i`, or NULL past the end. */
ZREG_API const zreg_populated_image *zreg_populated_at(const zreg_populated *populated, size_t i);

/** 1: the artifacts came with all of Zuul's variables, which tell what is ahead; 0: it is not known
 *  whether anything is. */
ZREG_API int zreg_populated_items_known(const zreg_populated *populated);

/** How many items are ahead, those that have merged included. */
ZREG_API size_t zreg_populated_items_count(const zreg_populated *populated);

/** Item number `i`, the furthest first, or NULL past the end. */
ZREG_API const zreg_populated_item *zreg_populated_items_at(const zreg_populated *populated,
                                                            size_t i);

/** {"images": [{repository, tag, digest, project, change, reason, superseded: [...]}], "items":
 *  [{project, change, patchset, url, images: [...], reason, merged, missed}], "bytes"}, where what is unset is null,
 *  and so is "items" when they are not known; zreg_free it. */
ZREG_API zreg_status zreg_populated_json(char **out_json, const zreg_populated *populated,
                                         zreg_error *err);

/** Frees the result. Accepts NULL. */
ZREG_API void zreg_populated_free(zreg_populated *populated);

ZREG_END_DECLS

#endif
