/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_upload[] = {
    {"tag", "TAG", "the tag that the image shall have after its promotion"},
    {"change", "N", "number of the change"},
    {"pipeline", "NAME", "name of the pipeline, for what has no change"},
    {"with-referrers", NULL, "take signatures, attestations and other referrers along"},
    {"force", NULL, "look for each part at the destination, and repair what was lost there"},
    {"dry-run", NULL, "change nothing, and tell what would be done"},
    {"jobs", "JOBS", "transfers at once (8)"},
    {NULL},
};

static zreg_status print(session *s, const zreg_copy_result *result, const char *temporary)
{
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "repository", session_word(s, 1));
        json_set_text(document, "tag", temporary);
        output_copy_result(s, document, result);
        return output_json(s, document);
    }
    printf("%s:%s %s\n", session_word(s, 1), temporary, result->digest.text);
    output_copy_line(s, stdout, result);
    return output_finish(s);
}

static zreg_status upload(session *s, const char *tag, const zreg_upload_options *options)
{
    char *temporary = NULL;
    zreg_copy_result result;
    zreg_status status =
        zreg_temporary_tag(&temporary, options->change, options->pipeline, tag, &s->err);
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 1));
    }
    if (status == ZREG_OK) {
        status = zreg_upload(&result, s->client, session_word(s, 0), session_word(s, 1), tag,
                             options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    if (status == ZREG_OK) {
        status = print(s, &result, temporary);
    }
    zreg_free(temporary);
    return status;
}

static zreg_status upload_run(session *s)
{
    zreg_upload_options options = ZREG_OPTIONS(zreg_upload_options);
    const char *tag = options_text(&s->given, "tag");
    options.change = options_text(&s->given, "change");
    options.pipeline = options_text(&s->given, "pipeline");
    options.with_referrers = options_flag(&s->given, "with-referrers");
    options.dry_run = options_flag(&s->given, "dry-run");
    options.force = options_flag(&s->given, "force");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    if (tag == NULL) {
        return session_misuse(s, "--tag is missing");
    }
    if (options.change == NULL && options.pipeline == NULL) {
        return session_misuse(s, "give --change or --pipeline");
    }
    zreg_status status = session_number(s, "jobs", 0, &options.jobs);
    return status == ZREG_OK ? upload(s, tag, &options) : status;
}

const verb cmd_upload = {
    .name = "upload",
    .words = "SRC REPOSITORY",
    .min_words = 2,
    .max_words = 2,
    .places = "pp",
    .summary = "push an image to its public repository under a temporary tag",
    .text = "The tag is change_N_TAG, or PIPELINE_TAG without a change.\n"
            "--username is for the host of REPOSITORY.",
    .options = options_of_upload,
    .example = "zreg upload 127.0.0.1:9000/example/base:latest docker.io/example/base --tag latest "
               "--change 12",
    .uses_registries = true,
    .run = upload_run,
};
