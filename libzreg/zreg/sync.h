/* SPDX-License-Identifier: Apache-2.0 */
/** Sync: the tags of one repository or layout are brought up to date in another place. */
#ifndef ZREG_SYNC_H
#define ZREG_SYNC_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/copy.h>
#include <zreg/digest.h>

ZREG_BEGIN_DECLS

/** What a sync did with each tag. */
typedef struct zreg_synced zreg_synced;

/** What became of one tag; after a dry run, what would have. Values never change. */
typedef enum zreg_sync_state {
    ZREG_SYNC_PRESENT = 0, /**< the destination had it already */
    ZREG_SYNC_COPIED = 1,  /**< it is new there, or means another image now */
    ZREG_SYNC_DELETED = 2, /**< it was there and not at the source (`delete_others`) */
    ZREG_SYNC_FAILED = 3,  /**< see `code` and `reason`; or it was not reached */
} zreg_sync_state;

/** One tag. Text lives as long as the result. */
typedef struct zreg_synced_tag {
    const char *tag;
    const char *reason; /**< why it failed, for people; or "" */
    zreg_digest
        digest; /**< what it means at the destination, or is to mean; "" when that is not known */
    zreg_digest
        before;     /**< what it meant there before; "": it was not there, or that is not known */
    uint64_t bytes; /**< blob bytes that moved for it */
    zreg_sync_state state;
    zreg_status code; /**< why it failed; or OK */
} zreg_synced_tag;

/** Settings of a sync. */
typedef struct zreg_sync_options {
    size_t size;
    const char *const *tags;      /**< only tags that fit one of these patterns; NULL: all */
    const char *const *exclude;   /**< none that fits one of these; NULL: none is left out */
    const char *const *platforms; /**< as of zreg_copy; NULL: whole images */
    uint32_t jobs;                /**< tags looked at, and transfers, at once; 0: 8 */
    int with_referrers;           /**< 1: signatures and what else belongs to an image come along */
    int delete_others; /**< 1: tags of the destination that are not at the source, and that
                                       the patterns fit, are deleted */
    int dry_run;       /**< 1: change nothing, tell what would be changed */
    zreg_progress_fn progress;
    void *progress_user;
    int force; /**< 1: what the destination has is looked at as zreg_copy does with `force` */
} zreg_sync_options;

/**
 * Brings the tags of `src` up to date at `dst`: of a repository (HOST/REPOSITORY) or an OCI layout (oci:DIR,
 * oci-archive:FILE), in a repository or a layout (oci:DIR).
 *
 * All tags are listed, and looked at on both sides by their digests, `jobs` at once; what differs is copied, one tag
 * after another with `jobs` transfers, as zreg_copy does it: what is there is not sent again, and no tag is seen
 * before its image is whole. The names in a layout are its tags; of one that is a whole reference the tag counts, and
 * two images of one tag are an error of that tag. A pattern is that of a shell: `*`, `?`, `[a-z]`, and `\` before one of these (POSIX,
 * fnmatch). Nothing is deleted unless `delete_others` asks for it, and nothing when the source has no tag that fits:
 * that is more likely a mistake.
 *
 * A tag that fails does not stop the others; the call then fails in the end, with the first error. `*out` is NULL,
 * or to be freed, whatever is returned: beside an error it tells what was done. It may be run again.
 * Errors: INVAL (a tag or digest in `src` or `dst`, the same repository twice, delete_others of a layout),
 * CONFLICT (delete_others, and nothing fits at the source), those of the client and of zreg_copy.
 */
ZREG_API zreg_status zreg_sync(zreg_synced **out, zreg_client *client, const char *src,
                               const char *dst, const zreg_sync_options *options,
                               zreg_cancel *cancel, zreg_error *err);

/** How many tags the result tells of: those at the source that the patterns fit, and those deleted. */
ZREG_API size_t zreg_synced_count(const zreg_synced *synced);

/** Tag number `i`, in the source's order and then those deleted; NULL past the end. */
ZREG_API const zreg_synced_tag *zreg_synced_at(const zreg_synced *synced, size_t i);

/**
 * {"src", "dst", "dry_run", "copied", "present", "deleted", "failed", "bytes", "tags": [{"tag", "state", "digest",
 * "before", "bytes", "error": {"code", "message"}}]}, where what is not known is null, as is "error" where there is
 * none; zreg_free it.
 */
ZREG_API zreg_status zreg_synced_json(char **out_json, const zreg_synced *synced, zreg_error *err);

/** Frees the result. Accepts NULL. */
ZREG_API void zreg_synced_free(zreg_synced *synced);

ZREG_END_DECLS

#endif
