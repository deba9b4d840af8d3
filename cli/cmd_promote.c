/* SPDX-License-Identifier: Apache-2.0 */
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
    {"pipeline", "NAME",
     "promote what was uploaded in this pipeline without a change; with --change, the pipeline "
     "that built it, gate by default"},
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
    {"job-name", "NAME", "the job that built the image"},
    {"promote-pipeline", "NAME", "the pipeline that promotes; promote by default"},
    {"intermediate", "HOST:PORT", "copy from here instead of where the artifact says"},
    {"jobs", "N", "transfers, or looks at parts of the image, at once; 8 by default"},
    {"keep", NULL, "leave the temporary tag"},
    {"with-referrers", NULL,
     "look at signatures, attestations and other referrers too; take them along from the "
     "intermediate registry"},
    {"no-verify", NULL, "do not look whether the image's manifests and blobs are all there"},
    {"dry-run", NULL, "change nothing, and tell what would have been done"},
    TAG_API_OPTIONS,
    {NULL},
};

static json_object *order_json(uint64_t order)
{
    return order == 0 ? NULL : json_object_new_uint64(order);
}

static bool is_superseded(const zreg_promote_result *result, size_t i)
{
    return (result->superseded >> i & 1) != 0;
}

static zreg_status print_json(session *s, const zreg_promote_result *result)
{
    json_object *document = output_object();
    json_object *tags = output_array();
    json_object *superseded = output_array();
    const char *const *tag = options_list(&s->given, "tag");
    for (size_t i = 0; tag[i] != NULL; i++) {
        output_add_text(is_superseded(result, i) ? superseded : tags, tag[i]);
    }
    output_set_text(document, "digest", result->digest.text);
    output_set_bool(document, "promoted", result->promoted);
    output_set(document, "tags", tags);
    output_set(document, "superseded", superseded);
    output_set_text(document, "superseded_by", result->superseded_by);
    output_set(document, "order", order_json(result->order));
    output_set_number(document, "requests", result->requests);
    output_set_number(document, "auth_requests", result->auth_requests);
    output_set_number(document, "blob_requests", result->blob_requests);
    output_set_number(document, "cleanup_requests", result->cleanup_requests);
    output_set_number(document, "verify_requests", result->verify_requests);
    output_set_number(document, "bytes", result->bytes);
    output_set_number(document, "referrers", result->referrers);
    output_set_bool(document, "temporary_deleted", result->temporary_deleted);
    output_set_text(document, "cleanup_error", result->cleanup_error);
    return output_json(s, document);
}

static void print_superseded(const char *place, const char *tag, const char *by)
{
    printf("%s:%s superseded by %s%s, which merged later: left alone\n", place, tag,
           by[0] == '\0' ? "a change" : "change ", by);
}

static zreg_status print_text(session *s, const zreg_promote_result *result)
{
    const char *place = session_word(s, 0);
    const char *const *tag = options_list(&s->given, "tag");
    for (size_t i = 0; tag[i] != NULL; i++) {
        if (is_superseded(result, i)) {
            print_superseded(place, tag[i], result->superseded_by);
        } else {
            printf("%s:%s %s\n", place, tag[i], result->digest.text);
        }
    }
    printf("%" PRIu64 " requests, %" PRIu64 " of them for authentication, %" PRIu64
           " for blobs; %" PRIu64 " to look at its parts%s%s%s%s\n",
           result->requests, result->auth_requests, result->blob_requests, result->verify_requests,
           result->temporary_deleted ? "; the temporary tag is gone" : "",
           result->cleanup_error[0] != '\0' ? "; " : "", result->cleanup_error,
           options_flag(&s->given, "dry-run") ? "; nothing was changed" : "");
    if (options_flag(&s->given, "with-referrers")) {
        printf("signatures and other referrers: %" PRIu32 "\n", result->referrers);
    }
    return output_finish(s);
}

/* A number from 1 on; none is 0. */
static bool read_number(uint64_t *number, const char *text)
{
    char *end = NULL;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *number != 0;
}

static zreg_status read_order(session *s, zreg_promote_options *options)
{
    const char *text = options_text(&s->given, "order");
    options->unordered = text != NULL && strcmp(text, "none") == 0;
    if (text == NULL || options->unordered || read_number(&options->order, text)) {
        return ZREG_OK;
    }
    return session_misuse(s, "--order: write a number from 1 on, or none");
}

static zreg_status read_method(session *s, zreg_promote_options *options)
{
    const char *method = options_text(&s->given, "method");
    bool by_tag = method == NULL ? options->zuul_api == NULL : strcmp(method, "tag") == 0;
    options->from_intermediate = !by_tag;
    if (method != NULL && !by_tag && strcmp(method, "intermediate-registry") != 0) {
        return session_misuse(s, "--method: write tag or intermediate-registry");
    }
    if (options->from_intermediate && options->zuul_api == NULL) {
        return session_misuse(s, "--method intermediate-registry needs --zuul-api");
    }
    return ZREG_OK;
}

static zreg_status read_zuul(session *s, zreg_promote_options *options)
{
    options->zuul_api = options_text(&s->given, "zuul-api");
    options->zuul_tenant = options_text(&s->given, "tenant");
    options->zuul_project = options_text(&s->given, "project");
    options->patchset = options_text(&s->given, "patchset");
    options->zuul_pipeline = options_text(&s->given, "pipeline");
    options->zuul_job = options_text(&s->given, "job-name");
    options->zuul_promote_pipeline = options_text(&s->given, "promote-pipeline");
    options->intermediate = options_text(&s->given, "intermediate");
    if (options->zuul_api != NULL && options->change == NULL) {
        return session_misuse(s, "--zuul-api needs --change");
    }
    zreg_status status = session_number(s, "jobs", 0, &options->jobs);
    return status == ZREG_OK ? read_method(s, options) : status;
}

static zreg_status check_source(session *s, const zreg_promote_options *options)
{
    if (!options_flag(&s->given, "tag")) {
        return session_misuse(s, "--tag is missing");
    }
    if (options->change == NULL && options->pipeline == NULL && options->from_tag == NULL) {
        return session_misuse(s, "give --change, --pipeline or --from-tag");
    }
    return ZREG_OK;
}

static zreg_status read_options(session *s, zreg_promote_options *options, zreg_digest *expected)
{
    const char *digest = options_text(&s->given, "expect-digest");
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
    zreg_status status = check_source(s, options);
    status = status == ZREG_OK ? read_order(s, options) : status;
    status = status == ZREG_OK ? read_zuul(s, options) : status;
    if (status != ZREG_OK || digest == NULL) {
        return status;
    }
    options->expect_digest = expected;
    return zreg_digest_parse(expected, digest, &s->err);
}

static zreg_status run(session *s)
{
    zreg_digest expected;
    zreg_promote_result result;
    zreg_promote_options options = ZREG_OPTIONS(zreg_promote_options);
    zreg_status status = read_options(s, &options, &expected);
    if (status == ZREG_OK) {
        status = session_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = tag_api_configure(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = zreg_promote(&result, s->client, session_word(s, 0),
                              options_list(&s->given, "tag"), &options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    if (status != ZREG_OK) {
        return status;
    }
    return s->json ? print_json(s, &result) : print_text(s, &result);
}

const verb cmd_promote = {
    .name = "promote",
    .words = "REPOSITORY",
    .min_words = 1,
    .max_words = 1,
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
    .run = run,
};
