/* SPDX-License-Identifier: Apache-2.0 */
/** The steps of the gate before a change merges: populate (<zreg/populate.h>), publish, upload. */
#ifndef ZREG_GATE_H
#define ZREG_GATE_H

#include <zreg/artifact.h>
#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/copy.h>
#include <zreg/populate.h>
#include <zreg/server.h>

ZREG_BEGIN_DECLS

/** Settings of publish. */
typedef struct zreg_publish_options {
    size_t size;
    const char *build;    /**< UUID of the build, required; becomes part of the tag */
    const char *change;   /**< number of the change, or NULL */
    const char *patchset; /**< or NULL */
    zreg_server *server;  /**< read from this server directly; `from` may then be NULL */
    uint32_t jobs;
    zreg_progress_fn progress;
    void *progress_user;
    int with_referrers;   /**< 1: what belongs to the images moves with them, as in zreg_copy */
    const char *project;  /**< name of the project of the change, or NULL */
    const char *pipeline; /**< or NULL; with project, change and patchset a record is left */
} zreg_publish_options;

/**
 * Buildset to intermediate: copies each of `images` ("REPOSITORY:TAG") to
 * `to`/REPOSITORY:BUILD_TAG and gives the artifacts to return to Zuul, in its own shape with
 * digest, media_type, platforms, change and build added to the metadata. The record, a tag in the
 * repository zreg/published/SHA256 of `to`, lets zreg_populate tell of a change ahead that Zuul gives
 * no image of whether it has some; a registry that does not take it is no error.
 * `from` and `to` are HOST:PORT. `*out` is NULL, or to be freed, whatever is returned: beside an error
 * it has the artifacts that were published before it, if there are any. Errors: INVAL, NOTFOUND, those
 * of zreg_copy.
 */
ZREG_API zreg_status zreg_publish(zreg_artifacts **out, zreg_client *client, const char *from,
                                  const char *to, const char *const *images,
                                  const zreg_publish_options *options, zreg_cancel *cancel,
                                  zreg_error *err);

/**
 * The temporary tag: change_CHANGE_TAG, or PIPELINE_TAG when `change` is NULL or empty.
 * Errors: INVAL (neither is given, or the result is no tag). Free `*out` with zreg_free.
 */
ZREG_API zreg_status zreg_temporary_tag(char **out, const char *change, const char *pipeline,
                                        const char *tag, zreg_error *err);

/** Settings of upload. */
typedef struct zreg_upload_options {
    size_t size;
    const char *change;   /**< number of the change; NULL: use `pipeline` */
    const char *pipeline; /**< name of the pipeline, for items without a change */
    uint32_t jobs;
    zreg_server *src_server; /**< read `src` from this server directly */
    zreg_progress_fn progress;
    void *progress_user;
    int with_referrers; /**< 1: what belongs to the image moves with it, as in zreg_copy */
    int dry_run; /**< 1: nothing is changed, and the result tells what would be, as in zreg_copy */
    int force;   /**< 1: each part is looked for at the destination, as in zreg_copy */
} zreg_upload_options;

/** zreg_upload for a caller whose zreg_copy_result has `out_size` bytes: call that one. */
ZREG_API zreg_status zreg_upload_sized(zreg_copy_result *out, size_t out_size, zreg_client *client,
                                       const char *src, const char *repository, const char *tag,
                                       const zreg_upload_options *options, zreg_cancel *cancel,
                                       zreg_error *err);

/**
 * Copies `src` to `repository` (HOST/REPOSITORY) under the temporary tag of `tag`.
 * Errors: those of zreg_temporary_tag and zreg_copy.
 */
static inline zreg_status zreg_upload(zreg_copy_result *out, zreg_client *client, const char *src,
                                      const char *repository, const char *tag,
                                      const zreg_upload_options *options, zreg_cancel *cancel,
                                      zreg_error *err)
{
    return zreg_upload_sized(out, sizeof(*out), client, src, repository, tag, options, cancel, err);
}

ZREG_END_DECLS

#endif
