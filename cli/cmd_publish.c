/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "memory.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_publish[] = {
    {"from", "HOST:PORT", "the buildset registry"},
    {"to", "HOST:PORT", "the intermediate registry"},
    {"build", "UUID", "of this build; becomes part of the tag"},
    {"image", "REPO:TAG", "an image to publish; may be repeated", true},
    {"change", "N", "number of the change, for the artifact"},
    {"patchset", "N", "its patch set, for the artifact"},
    {"with-referrers", NULL, "take signatures, attestations and other referrers along"},
    {"project", "NAME",
     "its project, and with the pipeline: leave a record for populate --records"},
    {"pipeline", "NAME", "Zuul's pipeline"},
    {"jobs", "JOBS", "transfers at once (8)"},
    {NULL},
};

static zreg_status print_text(session *s, const void *shown)
{
    const zreg_artifacts *artifacts = shown;
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        const zreg_artifact *artifact = zreg_artifacts_at(artifacts, i);
        printf("%s %s\n  %s\n", artifact->name, artifact->digest, artifact->url);
    }
    return output_finish(s);
}

static zreg_status write_json(char **out, const void *artifacts, zreg_error *err)
{
    return zreg_artifacts_json(out, artifacts, err);
}

static const output_form publish_form = {write_json, print_text};

static zreg_status check(session *s)
{
    static const char *const needed[] = {"from", "to", "build", "image", NULL};
    for (size_t i = 0; needed[i] != NULL; i++) {
        if (!options_flag(&s->given, needed[i])) {
            return session_misuse(s, "--%s is missing", needed[i]);
        }
    }
    return ZREG_OK;
}

static zreg_status publish(session *s, zreg_artifacts **out)
{
    zreg_publish_options options = ZREG_OPTIONS(zreg_publish_options);
    options.build = options_text(&s->given, "build");
    options.change = options_text(&s->given, "change");
    options.patchset = options_text(&s->given, "patchset");
    options.project = options_text(&s->given, "project");
    options.pipeline = options_text(&s->given, "pipeline");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    const char *to = options_text(&s->given, "to");
    AUTO_FREE char *place = memory_printf("%s/a", to);
    options.with_referrers = options_flag(&s->given, "with-referrers");
    zreg_status status = session_number(s, "jobs", 0, &options.jobs);
    if (status == ZREG_OK) {
        status = client_open(s, place);
    }
    if (status == ZREG_OK) {
        status = zreg_publish(out, s->client, options_text(&s->given, "from"), to,
                              options_list(&s->given, "image"), &options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    return status;
}

static zreg_status publish_run(session *s)
{
    zreg_artifacts *artifacts = NULL;
    zreg_status status = check(s);
    if (status == ZREG_OK) {
        status = publish(s, &artifacts);
    }
    status = output_result(s, status, &publish_form, artifacts);
    zreg_artifacts_free(artifacts);
    return status;
}

const verb cmd_publish = {
    .name = "publish",
    .words = "",
    .max_words = 0,
    .summary = "copy this change's images to the intermediate registry",
    .text = "With --json: the artifacts, ready for zuul_return.\n"
            "--username is for the intermediate registry.",
    .options = options_of_publish,
    .example = "zreg publish --from 127.0.0.1:9000 --to registry.example:5000 --build 6a0c "
               "--image example/base:latest",
    .uses_registries = true,
    .run = publish_run,
};
