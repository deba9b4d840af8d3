/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "gate/names.h"
#include "gate/promotion.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/client.h"
#include <stdio.h>

static void promotion_finish(zreg__promotion *run)
{
    zreg_ref_free(run->repository);
    zreg_ref_free(run->source);
    zreg_manifest_free(run->manifest);
    zreg__belongings_finish(&run->belongings);
    free(run->records);
    zreg_artifacts_free(run->artifacts);
}

ZREG__DEFINE_AUTO_VALUE(zreg__promotion, promotion_finish)

uint64_t zreg__promotion_all(const zreg__promotion *run)
{
    return run->count == 64 ? UINT64_MAX : ((uint64_t)1 << run->count) - 1;
}

zreg_status zreg__promotion_put(const zreg__promotion *run, const char *tag,
                                const zreg_manifest *manifest, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_tag(&ref, run->repository, tag, err));
    return zreg_client_manifest_put(run->client, ref, manifest, run->cancel, err);
}

zreg_status zreg__promotion_head(zreg_digest *out, const zreg__promotion *run, const char *tag,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_tag(&ref, run->repository, tag, err));
    zreg_status status = zreg_client_manifest_head(out, run->client, ref, run->cancel, err);
    if (status != ZREG_NOTFOUND) {
        return status;
    }
    zreg__error_clear(err);
    out->text[0] = '\0';
    return ZREG_OK;
}

static zreg_status find_source(zreg__promotion *run, const char *repository, zreg_error *err)
{
    ZREG__AUTO_FREE char *temporary = NULL;
    const char *tag = run->set.from_tag;
    ZREG__TRY(zreg__names_repository(&run->repository, repository, err));
    if (tag == NULL) {
        ZREG__TRY(
            zreg_temporary_tag(&temporary, run->set.change, run->set.pipeline, run->tags[0], err));
        tag = temporary;
    }
    return zreg_ref_with_tag(&run->source, run->repository, tag, err);
}

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

/* An earlier run may have promoted the image and deleted its temporary tag. Whoever told the digest
 * or the order gets the rest done; nobody else can know whether it is the right image. */
static const zreg_digest *told_digest(const zreg__promotion *run)
{
    return run->set.expect_digest != NULL ? run->set.expect_digest : zreg__promotion_known(run);
}

static zreg_status get_by_digest(zreg__promotion *run, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *pinned = NULL;
    ZREG__TRY(zreg_ref_with_digest(&pinned, run->repository, told_digest(run), err));
    return zreg_client_manifest_get(&run->manifest, run->client, pinned, run->cancel, err);
}

static zreg_status get_source(zreg__promotion *run, zreg_error *err)
{
    if (run->manifest != NULL) {
        return ZREG_OK;
    }
    zreg_status status =
        zreg_client_manifest_get(&run->manifest, run->client, run->source, run->cancel, err);
    if (status == ZREG_NOTFOUND && told_digest(run) != NULL) {
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

static bool is_allowed(const zreg__promotion *run, const zreg_digest *current)
{
    const char *wanted = run->set.if_current;
    return wanted == NULL ||
           zreg__str_equal(current->text, zreg__str_equal(wanted, "absent") ? "" : wanted);
}

/* What would be promoted, when it was not fetched yet; "" when that is gone. */
static zreg_status own_digest(zreg_digest *out, const zreg__promotion *run, zreg_error *err)
{
    if (run->manifest != NULL) {
        *out = *zreg_manifest_digest(run->manifest);
        return ZREG_OK;
    }
    return zreg__promotion_head(out, run, zreg_ref_tag(run->source), err);
}

/* A tag that holds the image already is done, whatever the condition says: so a promotion that was
 * cut off can be run again. */
zreg_status zreg__promotion_allow(zreg__promotion *run, size_t i, const zreg_digest *current,
                                  zreg_error *err)
{
    zreg_digest own;
    if (is_allowed(run, current)) {
        return ZREG_OK;
    }
    ZREG__TRY(own_digest(&own, run, err));
    if (current->text[0] != '\0' && zreg_digest_equal(current, &own)) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_CONFLICT, "promote: tag %s is %s, not %s; nothing was changed",
                      run->tags[i], current->text[0] == '\0' ? "absent" : current->text,
                      run->set.if_current);
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
            ZREG__TRY(report(run, i, err));
        }
    }
    return ZREG_OK;
}

zreg_status zreg__promotion_find_image(zreg__promotion *run, zreg_error *err)
{
    if (run->artifact != NULL) {
        ZREG__TRY(zreg__promotion_fetch(run, err));
    }
    return get_source(run, err);
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

static void note_left(zreg_promote_result *result, const zreg__promotion *run, const char *what,
                      const zreg_error *why)
{
    char *text = result->cleanup_error;
    if (why->code == ZREG_OK) {
        return;
    }
    snprintf(text, sizeof(result->cleanup_error), "%s: %.400s", what, why->message);
    zreg__log_line(zreg__client_log(run->client), ZREG_LOG_WARNING, "promote: %s", text);
}

/* By now all tags are set: nothing but a tag that answers otherwise is an error. A tag that was
 * named by the caller is not known to be temporary, and stays. From the intermediate registry an
 * image comes without one. */
static zreg_status clean_up(zreg_promote_result *result, zreg__promotion *run, zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    if (run->set.dry_run || run->set.keep || run->set.from_tag != NULL || run->artifact != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__promotion_confirm(run, &why, err));
    note_left(result, run, "the temporary tag stays, for the final tags could not be looked at",
              &why);
    if (why.code == ZREG_OK) {
        (void)zreg__promotion_clean_up(&result->temporary_deleted, run, &why);
        note_left(result, run, "the temporary tag stays", &why);
    }
    return ZREG_OK;
}

static uint32_t count_of(uint64_t set)
{
    return (uint32_t)__builtin_popcountll(set);
}

static void describe(zreg_promote_result *result, const zreg__promotion *run)
{
    result->promoted = run->superseded != zreg__promotion_all(run);
    result->superseded = run->superseded;
    result->bytes = run->bytes;
    result->referrers = run->referrers;
    result->order = run->set.order;
    result->tags = count_of(run->pending);
    result->digest =
        result->promoted ? *zreg_manifest_digest(run->manifest) : run->records[0].digest;
    for (size_t i = 0; i < run->count && run->superseded != 0; i++) {
        if (zreg__promotion_has(run->superseded, i)) {
            zreg__str_copy(result->superseded_by, sizeof(result->superseded_by),
                           run->records[i].change);
            return;
        }
    }
}

static zreg_status promote(zreg_promote_result *result, zreg__promotion *run, zreg_error *err)
{
    zreg_counters before;
    zreg_counters moved;
    zreg_counters after;
    zreg_client_counters(&before, run->client, NULL);
    ZREG__TRY(move_tags(run, err));
    zreg_client_counters(&moved, run->client, NULL);
    ZREG__TRY(clean_up(result, run, err));
    zreg_client_counters(&after, run->client, NULL);
    const zreg_counters *verify = &run->verify;
    result->requests = moved.requests - before.requests - verify->requests;
    result->auth_requests = moved.auth_requests - before.auth_requests - verify->auth_requests;
    result->blob_requests = moved.blob_requests - before.blob_requests - verify->blob_requests;
    result->verify_requests = verify->requests;
    result->cleanup_requests = after.requests - moved.requests;
    describe(result, run);
    return ZREG_OK;
}

zreg_status zreg_promote(zreg_promote_result *out, zreg_client *client, const char *repository,
                         const char *const *tags, const zreg_promote_options *options,
                         zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__AUTO(zreg__promotion)
    zreg__promotion run = {.client = client, .tags = tags, .cancel = cancel};
    zreg_promote_result result = {.requests = 0};
    ZREG__TRY(ZREG__OPTIONS_READ(&run.set, options, err));
    ZREG__TRY(check_tags(&run, err));
    ZREG__TRY(check_condition(run.set.if_current, err));
    ZREG__TRY(find_source(&run, repository, err));
    ZREG__TRY(zreg__promotion_ask_zuul(&run, err));
    ZREG__TRY(promote(&result, &run, err));
    *out = result;
    return ZREG_OK;
}
