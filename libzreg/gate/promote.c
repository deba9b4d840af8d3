/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "gate/promoted.h"
#include "gate/promotion.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/client.h"
#include <stdio.h>

static zreg_status check_condition(const char *if_current, zreg_error *err)
{
    zreg_digest checked;
    if (if_current == NULL || zreg__str_equal(if_current, "absent")) {
        return ZREG_OK;
    }
    return zreg_digest_parse(&checked, if_current, err);
}

static zreg_status check_tags(zreg__promotion *run, zreg_error *err)
{
    if (run->tags == NULL || run->tags[0] == NULL) {
        return zreg__fail(err, ZREG_INVAL, "promote: give at least one tag");
    }
    for (; run->tags[run->count] != NULL; run->count++) {
        if (!zreg__reference_is_tag(zreg__span_of(run->tags[run->count]))) {
            return zreg__fail(err, ZREG_INVAL, "promote: \"%s\" is no valid tag",
                              run->tags[run->count]);
        }
        if (run->count == ZREG__MAX_PROMOTED_TAGS) {
            return zreg__fail(err, ZREG_LIMIT, "promote: at most %d tags at once",
                              ZREG__MAX_PROMOTED_TAGS);
        }
    }
    return ZREG_OK;
}

static zreg_status check_current(zreg__promotion *run, size_t i, zreg_error *err)
{
    zreg_digest current;
    ZREG__TRY(zreg__promotion_head(&current, run, run->tags[i], err));
    if (zreg_digest_equal(&current, zreg_manifest_digest(run->manifest))) {
        return ZREG_OK;
    }
    run->pending |= (uint64_t)1 << i;
    return zreg__promotion_allow(run, i, &current, err);
}

static zreg_status find_pending(zreg__promotion *run, zreg_error *err)
{
    if (run->set.if_current == NULL) {
        run->pending = zreg__promotion_all(run) & ~run->superseded;
        return ZREG_OK;
    }
    for (size_t i = 0; i < run->count; i++) {
        if (!zreg__promotion_has(run->superseded, i)) {
            ZREG__TRY(check_current(run, i, err));
        }
    }
    return ZREG_OK;
}

static zreg_status report(const zreg__promotion *run, size_t i, zreg_error *err)
{
    if (run->set.progress == NULL) {
        return ZREG_OK;
    }
    zreg_progress progress = {.phase = "promote",
                              .item = run->tags[i],
                              .blobs_done = (uint32_t)i + 1,
                              .blobs_total = (uint32_t)run->count};
    if (run->set.progress(&progress, run->set.progress_user) != 0) {
        return zreg__fail(err, ZREG_CALLBACK, "promote: stopped by the caller after tag %s",
                          run->tags[i]);
    }
    return ZREG_OK;
}

static zreg_status set_tags(zreg__promotion *run, zreg_error *err)
{
    for (size_t i = 0; i < run->count; i++) {
        if (zreg__promotion_has(run->pending | run->astray, i)) {
            ZREG__TRY(zreg__promotion_set(run, i, err));
            run->reached |= (uint64_t)1 << i;
            ZREG__TRY(report(run, i, err));
        }
    }
    return ZREG_OK;
}

static zreg_status move_tags(zreg__promotion *run, zreg_error *err)
{
    ZREG__TRY(zreg__client_expect(run->client, run->source, "pull,push", NULL, err));
    ZREG__TRY(zreg__promotion_read_records(run, err));
    if (run->superseded != zreg__promotion_all(run)) {
        ZREG__TRY(zreg__promotion_find_image(run, err));
        ZREG__TRY(find_pending(run, err));
        ZREG__TRY(zreg__promotion_verify(run, err));
    }
    return run->set.dry_run ? ZREG_OK : set_tags(run, err);
}

/* Nothing of this fails the promotion: what cannot be told in the result is in the log. */
static void note_left(zreg_promoted *promoted, const zreg__promotion *run, const char *what,
                      const zreg_error *why)
{
    char text[512];
    if (why->code == ZREG_OK) {
        return;
    }
    snprintf(text, sizeof(text), "%s: %.400s", what, why->message);
    zreg__log_line(zreg__client_log(run->client), ZREG_LOG_WARNING, "promote: %s", text);
    (void)zreg__promoted_left(promoted, text, NULL);
}

/* By now all tags are set: nothing but a tag that answers otherwise is an error. A tag that was
 * named by the caller is not known to be temporary, and stays. From the intermediate registry an
 * image comes without one. */
static zreg_status clean_up(zreg_promoted *promoted, zreg__promotion *run, zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    if (run->set.dry_run || run->set.keep || run->set.from_tag != NULL || run->artifact != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__promotion_confirm(run, &why, err));
    note_left(promoted, run, "the temporary tag stays, for the final tags could not be looked at",
              &why);
    if (why.code == ZREG_OK) {
        (void)zreg__promotion_clean_up(&promoted->summary.temporary_deleted, run, &why);
        note_left(promoted, run, "the temporary tag stays", &why);
    }
    return ZREG_OK;
}

static zreg_status describe_tag(zreg_promoted *promoted, const zreg__promotion *run, size_t i,
                                zreg_error *err)
{
    zreg_promoted_tag *tag = &promoted->tags[i];
    bool reached = run->set.dry_run || zreg__promotion_has(run->reached, i);
    tag->set = zreg__promotion_has(run->pending, i) && reached;
    promoted->summary.tags += (uint32_t)tag->set;
    if (zreg__promotion_has(run->superseded, i)) {
        tag->digest = run->records[i].digest;
        return zreg__promoted_supersede(promoted, i, run->records[i].change, err);
    }
    if (run->manifest != NULL) {
        tag->digest = *zreg_manifest_digest(run->manifest);
    }
    return ZREG_OK;
}

static zreg_status describe(zreg_promoted *promoted, const zreg__promotion *run, zreg_error *err)
{
    zreg_promote_summary *summary = &promoted->summary;
    summary->promoted = run->superseded != zreg__promotion_all(run);
    summary->bytes = run->bytes;
    summary->referrers = run->referrers;
    summary->order = run->set.order;
    for (size_t i = 0; i < run->count; i++) {
        ZREG__TRY(describe_tag(promoted, run, i, err));
    }
    if (!summary->promoted) {
        summary->digest = run->records[0].digest;
    } else if (run->manifest != NULL) {
        summary->digest = *zreg_manifest_digest(run->manifest);
    }
    return ZREG_OK;
}

static zreg_status count_requests(zreg_promoted *promoted, zreg__promotion *run, zreg_error *err)
{
    zreg_counters before;
    zreg_counters moved;
    zreg_counters after;
    const zreg_counters *verify = &run->verify;
    zreg_promote_summary *summary = &promoted->summary;
    zreg_client_counters(&before, run->client, NULL);
    zreg_status status = move_tags(run, err);
    zreg_client_counters(&moved, run->client, NULL);
    if (status == ZREG_OK) {
        status = clean_up(promoted, run, err);
    }
    zreg_client_counters(&after, run->client, NULL);
    summary->requests = moved.requests - before.requests - verify->requests;
    summary->auth_requests = moved.auth_requests - before.auth_requests - verify->auth_requests;
    summary->blob_requests = moved.blob_requests - before.blob_requests - verify->blob_requests;
    summary->verify_requests = verify->requests;
    summary->cleanup_requests = after.requests - moved.requests;
    return status;
}

/* Beside an error the result is given out only if something has been done. */
static zreg_status promote(zreg_promoted **out, zreg__promotion *run, zreg_error *err)
{
    ZREG__AUTO(zreg_promoted) zreg_promoted *promoted = NULL;
    ZREG__TRY(zreg__promoted_new(&promoted, run->tags, run->count, err));
    zreg_status status = count_requests(promoted, run, err);
    if (status != ZREG_OK && run->reached == 0 && run->bytes == 0) {
        return status;
    }
    promoted->failed = status != ZREG_OK;
    zreg_status described = describe(promoted, run, err);
    if (described == ZREG_OK) {
        *out = zreg__steal(&promoted);
    }
    return status != ZREG_OK ? status : described;
}

zreg_status zreg_promote(zreg_promoted **out, zreg_client *client, const char *repository,
                         const char *const *tags, const zreg_promote_options *options,
                         zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    *out = NULL;
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__AUTO(zreg__promotion)
    zreg__promotion run = {.client = client, .tags = tags, .cancel = cancel};
    ZREG__TRY(ZREG__OPTIONS_READ(&run.set, options, err));
    ZREG__TRY(check_tags(&run, err));
    ZREG__TRY(check_condition(run.set.if_current, err));
    ZREG__TRY(zreg__promotion_find_source(&run, repository, err));
    return promote(out, &run, err);
}

static void share(zreg_promote_options *to, const zreg_promote_from_intermediate_options *from)
{
    to->change = from->change;
    to->expect_digest = from->expect_digest;
    to->if_current = from->if_current;
    to->order = from->order;
    to->dry_run = from->dry_run;
    to->with_referrers = from->with_referrers;
    to->jobs = from->jobs;
    to->progress = from->progress;
    to->progress_user = from->progress_user;
}

zreg_status zreg_promote_from_intermediate(zreg_promoted **out, zreg_client *client,
                                           const zreg_artifacts *artifacts, const char *repository,
                                           const char *const *tags,
                                           const zreg_promote_from_intermediate_options *options,
                                           zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    *out = NULL;
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__AUTO(zreg__promotion)
    zreg__promotion run = {.client = client, .tags = tags, .cancel = cancel};
    zreg_promote_from_intermediate_options set;
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    share(&run.set, &set);
    run.intermediate = set.intermediate;
    ZREG__TRY(check_tags(&run, err));
    ZREG__TRY(check_condition(run.set.if_current, err));
    ZREG__TRY(zreg__promotion_choose_artifact(&run, artifacts, repository, err));
    return promote(out, &run, err);
}
