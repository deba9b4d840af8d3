/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/options.h"
#include "base/str.h"
#include "gate/cleaned.h"
#include "gate/cleanup_age.h"
#include "gate/cleanup_rule.h"
#include "gate/names.h"
#include "oci/reference.h"
#include "registry/client.h"
#include "registry/tagapi.h"

/* One cleanup: what is asked for, and how far it is. */
typedef struct job {
    zreg_client *client;
    zreg_cleanup_options set;
    zreg_cancel *cancel;
    zreg_ref *repository;
    const zreg__tagapi *api;
    zreg__dated_tags tags;
    zreg__cleanup_rule rule;
    int64_t now_s;
    uint32_t deleted;
    uint32_t failed;
    zreg_error first; /* the first failure */
} job;

static void job_finish(job *run)
{
    zreg_ref_free(run->repository);
    zreg__dated_tags_finish(&run->tags);
    zreg__cleanup_rule_finish(&run->rule);
}

ZREG__DEFINE_AUTO_VALUE(job, job_finish)

static zreg_status find_age(zreg__cleanup_age *out, const job *run, const zreg__dated_tag *tag,
                            const zreg_ref *ref, zreg_error *err)
{
    *out = (zreg__cleanup_age){
        .age_s = -1, .of = "pushed", .unknown = "the registry does not tell it"};
    if (run->rule.any_age) {
        return ZREG_OK;
    }
    if (run->api == NULL) {
        return zreg__cleanup_age_find(out, run->client, ref, run->now_s, run->cancel, err);
    }
    if (tag->pushed_s != ZREG__NO_TIME) {
        /* Clocks differ: what was pushed in the future is new. */
        out->age_s = tag->pushed_s < run->now_s ? run->now_s - tag->pushed_s : 0;
    }
    return ZREG_OK;
}

/* A tag that is refused need not stop the others: Hub and Quay have tags that nobody may delete. */
static bool goes_on(const zreg_error *why)
{
    return why->code == ZREG_CONFLICT || why->code == ZREG_INVAL ||
           (why->code == ZREG_DENIED && why->http_status == 403);
}

static zreg_status delete_tag(zreg_cleaned_tag *shown, char reason[ZREG__REASON_BYTES], job *run,
                              const zreg_ref *ref, zreg_error *err)
{
    zreg_error why = {ZREG_OK};
    zreg_status status = zreg_client_tag_delete(run->client, ref, run->cancel, &why);
    if (status == ZREG_OK || status == ZREG_NOTFOUND) {
        if (status == ZREG_NOTFOUND) {
            zreg__str_copy(reason, ZREG__REASON_BYTES, "was gone already");
        }
        shown->deleted = 1;
        run->deleted++;
        return ZREG_OK;
    }
    if (goes_on(&why)) {
        run->first = run->failed++ == 0 ? why : run->first;
        return ZREG_OK;
    }
    return zreg__fail(err, status, "cleanup: %u tags were deleted, then: %s",
                      (unsigned)run->deleted, why.message);
}

static zreg_status decide(zreg_cleaned_tag *shown, char reason[ZREG__REASON_BYTES], job *run,
                          const zreg__dated_tag *tag, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    zreg__cleanup_age age;
    if (!zreg__cleanup_rule_fits(&run->rule, tag->name, reason)) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    ZREG__TRY(zreg_ref_with_tag(&ref, run->repository, tag->name, err));
    ZREG__TRY(find_age(&age, run, tag, ref, err));
    shown->age_s = age.age_s;
    if (!zreg__cleanup_rule_is_old(&run->rule, &age, reason)) {
        return ZREG_OK;
    }
    if (run->set.dry_run) {
        shown->deleted = 1;
        return ZREG_OK;
    }
    return delete_tag(shown, reason, run, ref, err);
}

static zreg_status report(const job *run, size_t done, zreg_error *err)
{
    if (run->set.progress == NULL) {
        return ZREG_OK;
    }
    zreg_progress progress = {.phase = "cleanup",
                              .item = zreg_ref_text(run->repository),
                              .blobs_done = (uint32_t)done,
                              .blobs_total = (uint32_t)run->tags.count};
    return run->set.progress(&progress, run->set.progress_user) == 0
               ? ZREG_OK
               : zreg__fail(err, ZREG_CALLBACK, "cleanup: stopped by the caller");
}

static zreg_status go_through(zreg_cleaned *cleaned, job *run, zreg_error *err)
{
    for (size_t i = 0; i < run->tags.count; i++) {
        char reason[ZREG__REASON_BYTES] = "";
        const zreg__dated_tag *tag = &run->tags.items[i];
        zreg_cleaned_tag shown = {
            .tag = tag->name,
            .reason = reason,
            .age_s =
                run->api != NULL && tag->pushed_s != ZREG__NO_TIME && tag->pushed_s < run->now_s
                    ? run->now_s - tag->pushed_s
                    : -1,
        };
        ZREG__TRY(decide(&shown, reason, run, tag, err));
        ZREG__TRY(zreg__cleaned_add(cleaned, &shown, err));
        ZREG__TRY(report(run, i + 1, err));
    }
    if (run->failed == 0) {
        return ZREG_OK;
    }
    return zreg__fail(err, run->first.code,
                      "cleanup: %u tags were deleted and %u could not be; the first: %s",
                      (unsigned)run->deleted, (unsigned)run->failed, run->first.message);
}

zreg_status zreg_cleanup_tags(zreg_cleaned **out, zreg_client *client, const char *repository,
                              const zreg_cleanup_options *options, zreg_cancel *cancel,
                              zreg_error *err)
{
    zreg__error_clear(err);
    *out = NULL;
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__AUTO(job) job run = {.client = client, .cancel = cancel, .now_s = zreg__clock_unix_s()};
    ZREG__AUTO(zreg_cleaned) zreg_cleaned *cleaned = NULL;
    zreg__host *host = NULL;
    ZREG__TRY(ZREG__OPTIONS_READ(&run.set, options, err));
    ZREG__TRY(zreg__cleanup_rule_make(&run.rule, run.set.match, run.set.older_than_s,
                                      run.set.any_age != 0, err));
    ZREG__TRY(zreg__names_repository(&run.repository, repository, err));
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(run.repository), err));
    ZREG__TRY(zreg__client_writes(client, run.repository, err));
    run.api = zreg__tagapi_of(host);
    zreg_status status = zreg__tagapi_list(&run.tags, run.api, client, run.repository, cancel, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "cleanup");
    }
    ZREG__TRY(zreg__cleaned_new(&cleaned, run.tags.count, err));
    cleaned->dry_run = run.set.dry_run != 0;
    status = go_through(cleaned, &run, err);
    if (status == ZREG_OK || run.deleted > 0) {
        *out = zreg__steal(&cleaned);
    }
    return status;
}
