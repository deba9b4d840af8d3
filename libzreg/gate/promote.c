/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "base/strings.h"
#include "gate/names.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/client.h"
#include <zreg/gate.h>

/* One promotion: what is asked for, and what is known so far. */
typedef struct job {
    zreg_client *client;
    zreg_promote_options set;
    const char *const *tags;
    zreg_cancel *cancel;
    zreg_ref *source; /* REPOSITORY:TEMPORARY */
    zreg_manifest *manifest;
    zreg_strings *pending; /* tags that do not hold the manifest yet, as far as was asked */
} job;

static void job_finish(job *run)
{
    zreg_ref_free(run->source);
    zreg_manifest_free(run->manifest);
    zreg_strings_free(run->pending);
}

ZREG__DEFINE_AUTO_VALUE(job, job_finish)

static zreg_status find_source(job *run, const char *repository, zreg_error *err)
{
    ZREG__AUTO_FREE char *temporary = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *untagged = NULL;
    const char *tag = run->set.from_tag;
    ZREG__TRY(zreg__names_repository(&untagged, repository, err));
    if (tag == NULL) {
        ZREG__TRY(
            zreg_temporary_tag(&temporary, run->set.change, run->set.pipeline, run->tags[0], err));
        tag = temporary;
    }
    return zreg_ref_with_tag(&run->source, untagged, tag, err);
}

static zreg_status check_condition(const char *if_current, zreg_error *err)
{
    zreg_digest checked;
    if (if_current == NULL || zreg__str_equal(if_current, "absent")) {
        return ZREG_OK;
    }
    return zreg_digest_parse(&checked, if_current, err);
}

static zreg_status check_tags(const job *run, zreg_error *err)
{
    if (run->tags == NULL || run->tags[0] == NULL) {
        return zreg__fail(err, ZREG_INVAL, "promote: give at least one tag");
    }
    for (size_t i = 0; run->tags[i] != NULL; i++) {
        if (!zreg__reference_is_tag(zreg__span_of(run->tags[i]))) {
            return zreg__fail(err, ZREG_INVAL, "promote: \"%s\" is no valid tag", run->tags[i]);
        }
    }
    return ZREG_OK;
}

/* An earlier run may have promoted the image and deleted its temporary tag. Whoever told the digest
 * gets the rest done; nobody else can know whether it is the right image. */
static zreg_status get_by_digest(job *run, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *pinned = NULL;
    ZREG__TRY(zreg_ref_with_digest(&pinned, run->source, run->set.expect_digest, err));
    return zreg_client_manifest_get(&run->manifest, run->client, pinned, run->cancel, err);
}

static zreg_status get_source(job *run, zreg_error *err)
{
    zreg_status status =
        zreg_client_manifest_get(&run->manifest, run->client, run->source, run->cancel, err);
    if (status == ZREG_NOTFOUND && run->set.expect_digest != NULL) {
        zreg__error_clear(err);
        status = get_by_digest(run, err);
    }
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "promote");
    }
    const zreg_digest *found = zreg_manifest_digest(run->manifest);
    if (run->set.expect_digest != NULL && !zreg_digest_equal(found, run->set.expect_digest)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "promote: %s is %s, not the expected %s; nothing was changed",
                          zreg_ref_text(run->source), found->text, run->set.expect_digest->text);
    }
    return ZREG_OK;
}

/* `current` is "" for a tag that does not exist. */
static zreg_status read_current(zreg_digest *current, const job *run, const char *tag,
                                zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_tag(&ref, run->source, tag, err));
    zreg_status status = zreg_client_manifest_head(current, run->client, ref, run->cancel, err);
    if (status != ZREG_NOTFOUND) {
        return status;
    }
    zreg__error_clear(err);
    current->text[0] = '\0';
    return ZREG_OK;
}

static bool is_allowed(const job *run, const zreg_digest *current)
{
    const char *wanted = run->set.if_current;
    return zreg__str_equal(current->text, zreg__str_equal(wanted, "absent") ? "" : wanted);
}

/* A tag that holds the image already is done, whatever the condition says: so a promotion that was
 * cut off can be run again. */
static zreg_status check_current(job *run, const char *tag, zreg_error *err)
{
    zreg_digest current;
    ZREG__TRY(read_current(&current, run, tag, err));
    if (zreg_digest_equal(&current, zreg_manifest_digest(run->manifest))) {
        return ZREG_OK;
    }
    if (!is_allowed(run, &current)) {
        return zreg__fail(err, ZREG_CONFLICT, "promote: tag %s is %s, not %s; nothing was changed",
                          tag, current.text[0] == '\0' ? "absent" : current.text,
                          run->set.if_current);
    }
    return zreg__strings_add(run->pending, tag, ZREG__MAX_TAGS, err);
}

static zreg_status find_pending(job *run, zreg_error *err)
{
    ZREG__TRY(zreg__strings_new(&run->pending, err));
    for (size_t i = 0; run->tags[i] != NULL; i++) {
        if (run->set.if_current == NULL) {
            ZREG__TRY(zreg__strings_add(run->pending, run->tags[i], ZREG__MAX_TAGS, err));
        } else {
            ZREG__TRY(check_current(run, run->tags[i], err));
        }
    }
    return ZREG_OK;
}

static zreg_status report(const job *run, const char *tag, size_t done, size_t total,
                          zreg_error *err)
{
    if (run->set.progress == NULL) {
        return ZREG_OK;
    }
    zreg_progress progress = {.phase = "promote",
                              .item = tag,
                              .blobs_done = (uint32_t)done,
                              .blobs_total = (uint32_t)total};
    if (run->set.progress(&progress, run->set.progress_user) != 0) {
        return zreg__fail(err, ZREG_CALLBACK, "promote: stopped by the caller after tag %s", tag);
    }
    return ZREG_OK;
}

static zreg_status put_tags(const job *run, zreg_error *err)
{
    size_t total = zreg_strings_count(run->pending);
    for (size_t i = 0; i < total; i++) {
        const char *tag = zreg_strings_at(run->pending, i);
        ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
        ZREG__TRY(zreg_ref_with_tag(&ref, run->source, tag, err));
        ZREG__TRY(zreg_client_manifest_put(run->client, ref, run->manifest, run->cancel, err));
        ZREG__TRY(report(run, tag, i + 1, total, err));
    }
    return ZREG_OK;
}

/* A tag that was named by the caller is not known to be temporary, and stays. */
static bool may_delete(const job *run)
{
    if (run->set.keep || run->set.from_tag != NULL) {
        return false;
    }
    for (size_t i = 0; run->tags[i] != NULL; i++) {
        if (zreg__str_equal(run->tags[i], zreg_ref_tag(run->source))) {
            return false;
        }
    }
    return true;
}

/* The image is promoted by now; a registry that cannot or will not delete a tag spoils nothing. */
static zreg_status delete_temporary(int *deleted, const job *run, zreg_error *err)
{
    zreg_error why = {ZREG_OK};
    zreg_status status = zreg_client_tag_delete(run->client, run->source, run->cancel, &why);
    if (status == ZREG_UNSUPPORTED || status == ZREG_DENIED) {
        zreg__log_line(zreg__client_log(run->client), ZREG_LOG_WARNING,
                       "promote: the temporary tag stays: %s", why.message);
        return ZREG_OK;
    }
    if (status != ZREG_OK && status != ZREG_NOTFOUND) {
        return zreg__fail(err, status, "promote: all tags are set, deleting %s failed: %s",
                          zreg_ref_text(run->source), why.message);
    }
    *deleted = 1;
    return ZREG_OK;
}

static zreg_status move_tags(zreg_promote_result *result, job *run, zreg_error *err)
{
    zreg_counters before;
    zreg_counters after;
    zreg_client_counters(&before, run->client, NULL);
    ZREG__TRY(zreg__client_expect(run->client, run->source, "pull,push", NULL, err));
    ZREG__TRY(get_source(run, err));
    ZREG__TRY(find_pending(run, err));
    ZREG__TRY(put_tags(run, err));
    zreg_client_counters(&after, run->client, NULL);
    result->digest = *zreg_manifest_digest(run->manifest);
    result->requests = after.requests - before.requests;
    result->auth_requests = after.auth_requests - before.auth_requests;
    result->blob_requests = after.blob_requests - before.blob_requests;
    result->tags = (uint32_t)zreg_strings_count(run->pending);
    return ZREG_OK;
}

static zreg_status clean_up(zreg_promote_result *result, const job *run, zreg_error *err)
{
    zreg_counters before;
    zreg_counters after;
    zreg_client_counters(&before, run->client, NULL);
    ZREG__TRY(delete_temporary(&result->temporary_deleted, run, err));
    zreg_client_counters(&after, run->client, NULL);
    result->cleanup_requests = after.requests - before.requests;
    return ZREG_OK;
}

zreg_status zreg_promote(zreg_promote_result *out, zreg_client *client, const char *repository,
                         const char *const *tags, const zreg_promote_options *options,
                         zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(job) job run = {.client = client, .tags = tags, .cancel = cancel};
    zreg_promote_result result = {.requests = 0};
    ZREG__TRY(ZREG__OPTIONS_READ(&run.set, options, err));
    ZREG__TRY(check_tags(&run, err));
    ZREG__TRY(check_condition(run.set.if_current, err));
    ZREG__TRY(find_source(&run, repository, err));
    ZREG__TRY(move_tags(&result, &run, err));
    if (may_delete(&run)) {
        ZREG__TRY(clean_up(&result, &run, err));
    }
    *out = result;
    return ZREG_OK;
}
