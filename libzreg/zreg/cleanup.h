/* SPDX-License-Identifier: Apache-2.0 */
/** Cleanup: temporary tags that nobody promoted are deleted once they are old. */
#ifndef ZREG_CLEANUP_H
#define ZREG_CLEANUP_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/copy.h>

ZREG_BEGIN_DECLS

/** What cleanup did with each tag of a repository. */
typedef struct zreg_cleaned zreg_cleaned;

/** One tag. Text lives as long as the result. */
typedef struct zreg_cleaned_tag {
    const char *tag;
    const char *reason; /**< why it was deleted or kept, for people */
    int64_t age_s; /**< seconds since it was pushed, as far as the registry tells; -1: unknown */
    int deleted;   /**< 1: it is gone; after a dry run: it would be */
} zreg_cleaned_tag;

/** Settings of cleanup. */
typedef struct zreg_cleanup_options {
    size_t size;
    const char *match;     /**< the tags to delete, as a POSIX extended regular expression for the
                               whole tag; NULL: "change_[0-9]+_.+" */
    uint64_t older_than_s; /**< delete what is at least so old; 0: 86,400, a day */
    int any_age;           /**< 1: whatever the age, which is not even looked at */
    int dry_run;           /**< 1: delete nothing, tell what would be deleted */
    zreg_progress_fn progress;
    void *progress_user;
} zreg_cleanup_options;

/**
 * Deletes the temporary tags of `repository` (HOST/REPOSITORY) that match and are old enough; never
 * a tag without the form PIPELINE_TAG, and never a digest, so other tags of an image stay.
 *
 * A `match` that does not name its pipeline (it fits "latest", or any other pipeline's tags) is
 * refused. The age is that of the tag where the interface of zreg_client_set_tag_api, or a
 * registry's Last-Modified, tells it; else that of the image's build, which may be greater. A tag
 * whose age cannot be learned is kept. A tag that cannot be deleted does not stop the others; the
 * call then fails in the end. `*out` is NULL, or to be freed, whatever is returned: beside an error it
 * tells what was gone through, if a tag was deleted. It may be run again.
 * Errors: INVAL (a name or pattern), UNSUPPORTED (the registry cannot delete a tag), those of the
 * client.
 */
ZREG_API zreg_status zreg_cleanup_tags(zreg_cleaned **out, zreg_client *client,
                                       const char *repository, const zreg_cleanup_options *options,
                                       zreg_cancel *cancel, zreg_error *err);

/** How many tags the repository had. */
ZREG_API size_t zreg_cleaned_count(const zreg_cleaned *cleaned);

/** Tag number `i`, or NULL past the end. */
ZREG_API const zreg_cleaned_tag *zreg_cleaned_at(const zreg_cleaned *cleaned, size_t i);

/**
 * {"deleted": [{tag, age_s, reason}], "kept": [{tag, age_s, reason}], "dry_run"}, where an unknown
 * age is null; zreg_free it.
 */
ZREG_API zreg_status zreg_cleaned_json(char **out_json, const zreg_cleaned *cleaned,
                                       zreg_error *err);

/** Frees the result. Accepts NULL. */
ZREG_API void zreg_cleaned_free(zreg_cleaned *cleaned);

ZREG_END_DECLS

#endif
