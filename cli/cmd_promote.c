/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "tag_api.h"
#include "verbs.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_spec options_of_promote[] = {
    {"change", "N", "promote what was uploaded, or built, for this change"},
    {"patchset", "N", "of the change, for --zuul-api"},
    {"pipeline", "NAME", "promote what was uploaded in this pipeline without a change"},
    {"from-tag", "TAG", "promote what this tag holds; the tag stays"},
    {"tag", "TAG", "a tag to give; may be repeated", true},
    {"expect-digest", "DIGEST", "refuse any other image"},
    {"if-current", "DIGEST|absent", "refuse when a tag holds another image than this"},
    {"order", "N|none",
     "larger for what merged later; a tag that a later change has is left alone, for good. With "
     "--zuul-api it is found out"},
    {"zuul-api", "URL", "ask Zuul for the order, and for the image that was built"},
    {"method", "tag|intermediate-registry",
     "where the image is: under its temporary tag, or where Zuul says, which is usual with "
     "--zuul-api"},
    {"tenant", "NAME", "Zuul's tenant, when the URL is not the tenant's own"},
    {"project", "NAME", "the project of the change"},
    {"build-pipeline", "NAME", "the pipeline that built the image; gate by default"},
    {"job-name", "NAME", "the job that built the image"},
    {"promote-pipeline", "NAME", "the pipeline that promotes; promote by default"},
    {"intermediate", "HOST:PORT", "copy from here instead of where the artifact says"},
    {"jobs", "JOBS", "transfers, or looks at parts of the image, at once; 8 by default"},
    {"keep", NULL, "leave the temporary tag"},
    {"with-referrers", NULL,
     "look at signatures, attestations and other referrers too; take them along from the "
     "intermediate registry"},
    {"no-verify", NULL, "do not look whether the image's manifests and blobs are all there"},
    {"dry-run", NULL, "change nothing, and tell what would have been done"},
    TAG_API_OPTIONS,
    {NULL},
};

/* What the command line asks for, beside the settings of a promotion. */
typedef struct request {
    zreg_promote_options options;
    zreg_digest expected;
    const char *zuul_api; /* or NULL */
    bool unordered;
    bool from_intermediate;
} request;

static void print_superseded(const char *place, const char *tag, const char *by)
{
    printf("%s:%s superseded by %s%s, which merged later: left alone\n", place, tag,
           by[0] == '\0' ? "a change" : "change ", by);
}

static void print_tag(const char *place, const zreg_promoted_tag *tag, bool failed)
{
    if (tag->superseded) {
        print_superseded(place, tag->tag, tag->superseded_by);
    } else if (!failed || tag->set) {
        printf("%s:%s %s\n", place, tag->tag, tag->digest.text);
    }
}

static zreg_status print_text(session *s, const void *shown)
{
    const zreg_promoted *promoted = shown;
    const zreg_promote_summary *summary = zreg_promoted_summary(promoted);
    for (size_t i = 0; i < zreg_promoted_count(promoted); i++) {
        print_tag(session_word(s, 0), zreg_promoted_at(promoted, i), s->err.code != ZREG_OK);
    }
    printf("%" PRIu64 " requests, %" PRIu64 " of them for authentication, %" PRIu64
           " for blobs; %" PRIu64 " to look at its parts%s%s%s%s\n",
           summary->requests, summary->auth_requests, summary->blob_requests,
           summary->verify_requests,
           summary->temporary_deleted ? "; the temporary tag is gone" : "",
           summary->cleanup_error[0] != '\0' ? "; " : "", summary->cleanup_error,
           options_flag(&s->given, "dry-run") ? "; nothing was changed" : "");
    if (options_flag(&s->given, "with-referrers")) {
        printf("signatures and other referrers: %" PRIu32 "\n", summary->referrers);
    }
    return output_finish(s);
}

static zreg_status write_json(char **out, const void *promoted, zreg_error *err)
{
    return zreg_promoted_json(out, promoted, err);
}

static const output_form promote_form = {write_json, print_text};

/* A number from 1 on; none is 0. */
static bool read_number(uint64_t *number, const char *text)
{
    char *end = NULL;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *number != 0;
}

static zreg_status read_order(session *s, request *to)
{
    const char *text = options_text(&s->given, "order");
    to->unordered = text != NULL && strcmp(text, "none") == 0;
    if (text == NULL || to->unordered || read_number(&to->options.order, text)) {
        return ZREG_OK;
    }
    return session_misuse(s, "--order: write a number from 1 on, or none");
}

static zreg_status read_method(session *s, request *to)
{
    const char *method = options_text(&s->given, "method");
    bool by_tag = method == NULL ? to->zuul_api == NULL : strcmp(method, "tag") == 0;
    to->from_intermediate = !by_tag;
    if (method != NULL && !by_tag && strcmp(method, "intermediate-registry") != 0) {
        return session_misuse(s, "--method: write tag or intermediate-registry");
    }
    if (to->from_intermediate && to->options.pipeline != NULL) {
        return session_misuse(s, "--pipeline is for temporary tags; which pipeline built the image "
                                 "is told by --build-pipeline");
    }
    if (to->from_intermediate && to->zuul_api == NULL) {
        return session_misuse(s, "--method intermediate-registry needs --zuul-api");
    }
    return ZREG_OK;
}

static zreg_status check_source(session *s, const request *given)
{
    const zreg_promote_options *options = &given->options;
    if (!options_flag(&s->given, "tag")) {
        return session_misuse(s, "--tag is missing");
    }
    if (given->zuul_api != NULL && options->change == NULL) {
        return session_misuse(s, "--zuul-api needs --change");
    }
    if (options->change == NULL && options->pipeline == NULL && options->from_tag == NULL) {
        return session_misuse(s, "give --change, --pipeline or --from-tag");
    }
    return ZREG_OK;
}

static void read_texts(session *s, request *to)
{
    zreg_promote_options *options = &to->options;
    to->zuul_api = options_text(&s->given, "zuul-api");
    options->change = options_text(&s->given, "change");
    options->pipeline = options_text(&s->given, "pipeline");
    options->from_tag = options_text(&s->given, "from-tag");
    options->if_current = options_text(&s->given, "if-current");
    options->keep = options_flag(&s->given, "keep");
    options->no_verify = options_flag(&s->given, "no-verify");
    options->dry_run = options_flag(&s->given, "dry-run");
    options->with_referrers = options_flag(&s->given, "with-referrers");
    options->progress = progress_draw;
    options->progress_user = &s->progress;
}

static zreg_status read_request(session *s, request *to)
{
    const char *digest = options_text(&s->given, "expect-digest");
    read_texts(s, to);
    zreg_status status = check_source(s, to);
    status = status == ZREG_OK ? read_order(s, to) : status;
    status = status == ZREG_OK ? read_method(s, to) : status;
    status = status == ZREG_OK ? session_number(s, "jobs", 0, &to->options.jobs) : status;
    if (status != ZREG_OK || digest == NULL) {
        return status;
    }
    to->options.expect_digest = &to->expected;
    return zreg_digest_parse(&to->expected, digest, &s->err);
}

static zreg_zuul_options zuul_query(const session *s)
{
    zreg_zuul_options query = ZREG_OPTIONS(zreg_zuul_options);
    query.tenant = options_text(&s->given, "tenant");
    query.project = options_text(&s->given, "project");
    query.change = options_text(&s->given, "change");
    query.patchset = options_text(&s->given, "patchset");
    return query;
}

static zreg_status ask_order(session *s, request *to)
{
    zreg_zuul_options query = zuul_query(s);
    query.pipeline = options_text(&s->given, "promote-pipeline");
    if (to->zuul_api == NULL || to->unordered || to->options.order != 0) {
        return ZREG_OK;
    }
    return zreg_zuul_order(&to->options.order, s->client, to->zuul_api, &query, s->cancel, &s->err);
}

static zreg_status ask_artifacts(session *s, zreg_artifacts **out, const request *from)
{
    zreg_zuul_builds *builds = NULL;
    zreg_zuul_options query = zuul_query(s);
    const char *pipeline = options_text(&s->given, "build-pipeline");
    query.pipeline = pipeline == NULL ? "gate" : pipeline;
    query.job = options_text(&s->given, "job-name");
    zreg_status status =
        zreg_zuul_builds_find(&builds, s->client, from->zuul_api, &query, s->cancel, &s->err);
    if (status == ZREG_OK) {
        status = zreg_zuul_builds_artifacts(out, builds, &s->err);
    }
    if (status == ZREG_OK && zreg_artifacts_count(*out) == 0) {
        status = session_fail(
            s, ZREG_NOTFOUND,
            "no successful build of change %s,%s in the pipeline %s made an image", query.change,
            query.patchset == NULL ? "?" : query.patchset, query.pipeline);
    }
    zreg_zuul_builds_free(builds);
    return status;
}

static zreg_status promote_built(session *s, zreg_promoted **out, const request *from)
{
    const zreg_promote_options *options = &from->options;
    zreg_promote_from_intermediate_options built = {
        .size = sizeof(built),
        .change = options->change,
        .intermediate = options_text(&s->given, "intermediate"),
        .expect_digest = options->expect_digest,
        .if_current = options->if_current,
        .order = options->order,
        .dry_run = options->dry_run,
        .with_referrers = options->with_referrers,
        .jobs = options->jobs,
        .progress = options->progress,
        .progress_user = options->progress_user,
    };
    zreg_artifacts *artifacts = NULL;
    zreg_status status = ask_artifacts(s, &artifacts, from);
    if (status == ZREG_OK) {
        status = zreg_promote_from_intermediate(out, s->client, artifacts, session_word(s, 0),
                                                options_list(&s->given, "tag"), &built, s->cancel,
                                                &s->err);
    }
    zreg_artifacts_free(artifacts);
    return status;
}

static zreg_status promote(session *s, zreg_promoted **out, request *from)
{
    zreg_status status = ask_order(s, from);
    if (status != ZREG_OK) {
        return status;
    }
    return from->from_intermediate
               ? promote_built(s, out, from)
               : zreg_promote(out, s->client, session_word(s, 0), options_list(&s->given, "tag"),
                              &from->options, s->cancel, &s->err);
}

static zreg_status promote_run(session *s)
{
    zreg_promoted *promoted = NULL;
    request given = {.options = ZREG_OPTIONS(zreg_promote_options)};
    zreg_status status = read_request(s, &given);
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = tag_api_configure(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = promote(s, &promoted, &given);
    }
    progress_finish(&s->progress);
    status = output_result(s, status, &promote_form, promoted);
    zreg_promoted_free(promoted);
    return status;
}

const verb cmd_promote = {
    .name = "promote",
    .words = "REPOSITORY",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "give the uploaded image its final tags; only its manifest moves",
    .text =
        "The image is the one uploaded for the first --tag. Conditions are checked before\n"
        "anything is changed, and so is whether the image is whole. Once the tags are set, a\n"
        "temporary tag that cannot be deleted is told and is no error. With --order, a record\n"
        "stands beside each tag, zreg-order_TAG.\n"
        "With --zuul-api, the image is that of the newest successful build, and is copied from\n"
        "the intermediate registry.",
    .options = options_of_promote,
    .example = "zreg promote docker.io/example/base --change 12 --tag latest",
    .uses_registries = true,
    .run = promote_run,
};
