/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_resolve[] = {
    {"artifacts", "FILE", "Zuul's variables, or a list of artifacts, as JSON; - is standard input"},
    {"buildset", "HOST:PORT", "the buildset registry"},
    {"intermediate", "HOST:PORT", "look for artifacts here instead of where they say"},
    {"offline", NULL, "decide by the artifacts alone, ask no registry"},
    {NULL},
};

static zreg_status print_json(session *s, const zreg_resolution *resolution)
{
    char *json = NULL;
    zreg_status status = zreg_resolution_json(&json, resolution, &s->err);
    return status == ZREG_OK ? output_json_text(s, json) : status;
}

static zreg_status print_text(session *s, const zreg_resolution *resolution)
{
    for (size_t i = 0; i < zreg_resolution_count(resolution); i++) {
        const zreg_candidate *candidate = zreg_resolution_at(resolution, i);
        printf("%s %s\n", i == 0 ? "=>" : "  ", candidate->ref);
        if (candidate->digest[0] != '\0') {
            printf("     %s\n", candidate->digest);
        }
        printf("     %s%s%s%s\n", candidate->change[0] == '\0' ? "" : "change ", candidate->change,
               candidate->change[0] == '\0' ? "" : ": ", candidate->reason);
    }
    return output_finish(s);
}

static zreg_status run(session *s)
{
    zreg_artifacts *artifacts = NULL;
    zreg_resolution *resolution = NULL;
    zreg_resolve_options options = ZREG_OPTIONS(zreg_resolve_options);
    options.buildset = options_text(&s->given, "buildset");
    options.intermediate = options_text(&s->given, "intermediate");
    options.offline = options_flag(&s->given, "offline");
    zreg_status status = files_read_artifacts(s, &artifacts, options_text(&s->given, "artifacts"));
    if (status == ZREG_OK) {
        status = session_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = zreg_resolve(&resolution, s->client, session_word(s, 0), artifacts, &options,
                              s->cancel, &s->err);
    }
    if (status == ZREG_OK) {
        status = s->json ? print_json(s, resolution) : print_text(s, resolution);
    }
    zreg_resolution_free(resolution);
    zreg_artifacts_free(artifacts);
    return status;
}

const verb cmd_resolve = {
    .name = "resolve",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .summary = "decide which image a name means for this change, and say why",
    .text =
        "The buildset registry comes first, then the artifacts of the nearest change, then the\n"
        "registry that the name says; --username is for that one.",
    .options = options_of_resolve,
    .example = "zreg resolve docker.io/example/base:latest --artifacts zuul.json "
               "--buildset 127.0.0.1:9000",
    .uses_registries = true,
    .run = run,
};
