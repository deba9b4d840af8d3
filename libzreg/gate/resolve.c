/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/options.h"
#include "base/str.h"
#include "gate/merged.h"
#include "gate/names.h"
#include "gate/order.h"
#include "gate/resolution.h"
#include "oci/reference.h"
#include "registry/client.h"
#include <zreg/resolve.h>

/* One resolution: the places are looked at in order, and the first that has the image wins. */
typedef struct job {
    zreg_client *client;
    zreg_ref *ref;
    const zreg_artifacts *artifacts;
    zreg_resolve_options set;
    zreg_cancel *cancel;
    zreg_resolution *resolution;
    bool upstream_asked;
    bool upstream_found;
    zreg_digest upstream; /* what it holds, when it was found */
} job;

static void job_finish(job *run)
{
    zreg_ref_free(run->ref);
    zreg_resolution_free(run->resolution);
}

ZREG__DEFINE_AUTO_VALUE(job, job_finish)

static zreg_status win(job *run, const zreg_candidate *candidate, zreg_error *err)
{
    ZREG__TRY(zreg__resolution_add(run->resolution, candidate, err));
    zreg__resolution_decide(run->resolution);
    return ZREG_OK;
}

static zreg_status lose(job *run, zreg_candidate *candidate, const char *reason, zreg_error *err)
{
    candidate->reason = reason;
    return zreg__resolution_add(run->resolution, candidate, err);
}

/* Only "not there" lets the next place have its turn: a registry that cannot be asked might hold
 * the image of the change ahead, and another image in its stead would be a silent lie. */
static zreg_status ask(bool *found, zreg_digest *digest, const job *run, const zreg_ref *place,
                       zreg_error *err)
{
    zreg_status status = zreg_client_manifest_head(digest, run->client, place, run->cancel, err);
    *found = status == ZREG_OK;
    if (status != ZREG_NOTFOUND) {
        return status;
    }
    zreg__error_clear(err);
    return ZREG_OK;
}

static bool is_same_repository(const job *run, const zreg_artifact *artifact)
{
    return zreg__str_equal(artifact->repository, zreg_ref_canonical_name(run->ref));
}

/* Which change an image in the buildset registry came from, when an artifact tells. */
static const zreg_artifact *find_by_digest(const job *run, const zreg_digest *digest)
{
    for (size_t i = zreg_artifacts_count(run->artifacts); i > 0; i--) {
        const zreg_artifact *artifact = zreg_artifacts_at(run->artifacts, i - 1);
        if (is_same_repository(run, artifact) && zreg__str_equal(artifact->digest, digest->text)) {
            return artifact;
        }
    }
    return NULL;
}

static zreg_status try_buildset(job *run, zreg_error *err)
{
    bool found = false;
    zreg_digest digest;
    const zreg_digest *wanted = zreg_ref_digest(run->ref);
    ZREG__AUTO(zreg_ref) zreg_ref *place = NULL;
    if (run->set.buildset == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__names_place(&place, run->set.buildset, zreg_ref_canonical_name(run->ref),
                                zreg_ref_tag(run->ref), wanted == NULL ? NULL : wanted->text, err));
    zreg_candidate candidate = {.source = ZREG_SOURCE_BUILDSET,
                                .ref = zreg_ref_text(place),
                                .reason = "the buildset registry has it"};
    if (run->set.offline) {
        return lose(run, &candidate, "not asked, as was wished", err);
    }
    ZREG__TRY(ask(&found, &digest, run, place, err));
    if (!found) {
        return lose(run, &candidate, "the buildset registry does not have it", err);
    }
    const zreg_artifact *artifact = find_by_digest(run, &digest);
    candidate.digest = digest.text;
    candidate.change = artifact == NULL ? NULL : artifact->change;
    candidate.build = artifact == NULL ? NULL : artifact->build;
    return win(run, &candidate, err);
}

static const char *why_lost(const job *run, const zreg__order_entry *entry)
{
    if (entry->winner != NULL) {
        return entry->reason;
    }
    if (zreg_resolution_winner(run->resolution)->source == ZREG_SOURCE_BUILDSET) {
        return "the buildset registry comes before it";
    }
    return "another artifact with this digest comes before it";
}

static zreg_status try_artifact(job *run, const zreg__order_entry *entry, zreg_error *err)
{
    bool found = true;
    zreg_digest digest;
    const zreg_artifact *artifact = entry->artifact;
    ZREG__AUTO(zreg_ref) zreg_ref *place = NULL;
    ZREG__TRY(zreg__names_artifact(&place, artifact, run->set.intermediate, err));
    zreg_candidate candidate = {.source = ZREG_SOURCE_INTERMEDIATE,
                                .ref = zreg_ref_text(place),
                                .digest = artifact->digest,
                                .change = artifact->change,
                                .build = artifact->build};
    if (run->resolution->decided) {
        return lose(run, &candidate, why_lost(run, entry), err);
    }
    if (!run->set.offline) {
        ZREG__TRY(ask(&found, &digest, run, place, err));
        candidate.digest = found ? digest.text : artifact->digest;
    }
    if (!found) {
        return lose(run, &candidate, "the intermediate registry no longer has it", err);
    }
    candidate.reason = entry->winner == NULL ? entry->reason : "what superseded it is gone";
    return win(run, &candidate, err);
}

static bool is_asked_for(const job *run, const zreg_artifact *artifact)
{
    const zreg_digest *digest = zreg_ref_digest(run->ref);
    return is_same_repository(run, artifact) &&
           (digest != NULL ? zreg__str_equal(artifact->digest, digest->text)
                           : zreg__str_equal(artifact->tag, zreg_ref_tag(run->ref)));
}

static zreg_status try_artifacts(job *run, zreg_error *err)
{
    ZREG__AUTO(zreg__order) zreg__order order = {NULL};
    ZREG__TRY(zreg__order_make(&order, run->artifacts, err));
    for (size_t i = 0; i < order.count; i++) {
        if (is_asked_for(run, order.entries[i].artifact)) {
            ZREG__TRY(try_artifact(run, &order.entries[i], err));
        }
    }
    return ZREG_OK;
}

/* Upstream is asked only when it decides, and once: public registries count requests. */
static zreg_status ask_upstream(job *run, zreg_error *err)
{
    if (run->upstream_asked) {
        return ZREG_OK;
    }
    run->upstream_asked = true;
    return ask(&run->upstream_found, &run->upstream, run, run->ref, err);
}

static bool matches(const void *user, const zreg_artifact *artifact)
{
    return is_asked_for(user, artifact);
}

/* Why the image of a merged change does not win; NULL: it does. */
static zreg_status judge_merged(const char **why, job *run, const zreg__merged *merged,
                                zreg_candidate *candidate, zreg_digest *digest, zreg_error *err)
{
    bool found = false;
    ZREG__AUTO(zreg_ref) zreg_ref *place = NULL;
    if (merged->promoted) {
        *why = "it has merged and its promotion has succeeded";
        return ZREG_OK;
    }
    ZREG__TRY(zreg__names_artifact(&place, merged->artifact, run->set.intermediate, err));
    ZREG__TRY(ask(&found, digest, run, place, err));
    if (!found) {
        *why = "it has merged, and the intermediate registry no longer has it";
        return ZREG_OK;
    }
    candidate->digest = digest->text;
    ZREG__TRY(ask_upstream(run, err));
    bool there = run->upstream_found && zreg_digest_equal(&run->upstream, digest);
    *why = there ? "it has merged, and its registry holds it already" : NULL;
    return ZREG_OK;
}

/* The promotion gap; see gate/merged.h. */
static zreg_status try_merged(job *run, zreg_error *err)
{
    zreg_digest digest;
    const char *why = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *place = NULL;
    ZREG__AUTO(zreg__merged) zreg__merged merged = {.builds = NULL};
    if (run->resolution->decided || run->set.offline || run->set.zuul_api == NULL) {
        return ZREG_OK;
    }
    const zreg__merged_query query = {.api = run->set.zuul_api,
                                      .tenant = run->set.zuul_tenant,
                                      .project = run->set.zuul_project,
                                      .pipeline = run->set.zuul_pipeline,
                                      .job = run->set.zuul_job,
                                      .promote_pipeline = run->set.zuul_promote_pipeline};
    ZREG__TRY(zreg__merged_find(&merged, run->client, &query, matches, run, run->cancel, err));
    if (merged.artifact == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__names_artifact(&place, merged.artifact, run->set.intermediate, err));
    zreg_candidate candidate = {.source = ZREG_SOURCE_INTERMEDIATE,
                                .ref = zreg_ref_text(place),
                                .digest = merged.artifact->digest,
                                .change = merged.artifact->change,
                                .build = merged.artifact->build,
                                .reason = ZREG__MERGED_REASON};
    ZREG__TRY(judge_merged(&why, run, &merged, &candidate, &digest, err));
    return why == NULL ? win(run, &candidate, err) : lose(run, &candidate, why, err);
}

static zreg_status try_upstream(job *run, zreg_error *err)
{
    const zreg_digest *wanted = zreg_ref_digest(run->ref);
    zreg_candidate candidate = {.source = ZREG_SOURCE_UPSTREAM,
                                .ref = zreg_ref_text(run->ref),
                                .digest = wanted == NULL ? NULL : wanted->text,
                                .reason = "no change ahead made it"};
    if (run->resolution->decided && run->upstream_asked) {
        candidate.digest = run->upstream_found ? run->upstream.text : NULL;
        return lose(run, &candidate, "it has the image from before a change that has merged", err);
    }
    if (run->resolution->decided) {
        return lose(run, &candidate, "not asked: a speculative image comes before it", err);
    }
    if (run->set.offline) {
        candidate.reason = "no change ahead made it; not asked, as was wished";
        return win(run, &candidate, err);
    }
    ZREG__TRY(ask_upstream(run, err));
    if (!run->upstream_found) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s: neither a change ahead nor its registry has it",
                          zreg_ref_text(run->ref));
    }
    candidate.digest = run->upstream.text;
    return win(run, &candidate, err);
}

static zreg_status check(const job *run, zreg_error *err)
{
    if (run->set.buildset != NULL) {
        ZREG__TRY(zreg__names_host_check(run->set.buildset, "resolve: buildset registry", err));
    }
    if (run->set.intermediate == NULL) {
        return ZREG_OK;
    }
    return zreg__names_host_check(run->set.intermediate, "resolve: intermediate registry", err);
}

zreg_status zreg_resolve(zreg_resolution **out, zreg_client *client, const char *ref,
                         const zreg_artifacts *artifacts, const zreg_resolve_options *options,
                         zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__AUTO(job) job run = {.client = client, .artifacts = artifacts, .cancel = cancel};
    ZREG__TRY(ZREG__OPTIONS_READ(&run.set, options, err));
    ZREG__TRY(check(&run, err));
    ZREG__TRY(zreg_ref_parse(&run.ref, ref, err));
    ZREG__TRY(zreg__resolution_new(&run.resolution, zreg_ref_text(run.ref), err));
    ZREG__TRY(try_buildset(&run, err));
    ZREG__TRY(try_artifacts(&run, err));
    ZREG__TRY(try_merged(&run, err));
    ZREG__TRY(try_upstream(&run, err));
    *out = zreg__steal(&run.resolution);
    return ZREG_OK;
}
