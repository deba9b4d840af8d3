/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "files.h"
#include "memory.h"
#include "output.h"
#include "table.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_resolve[] = {
    {"artifacts", "FILE", "Zuul's variables, or a list of artifacts, as JSON; - is standard input"},
    {"buildset", "HOST:PORT", "the buildset registry"},
    {"intermediate", "HOST:PORT", "look for artifacts here instead of where they say"},
    {"offline", NULL, "decide by the artifacts alone, ask no registry"},
    {"zuul-api", "URL", "look here for changes that have merged and are not promoted yet"},
    {"tenant", "NAME", "Zuul's tenant, when the URL is not the tenant's own"},
    {"project", "NAME", "look at changes of this project only"},
    {"pipeline", "NAME", "the pipeline that merges changes; gate by default"},
    {"job-name", "NAME", "look at this job only"},
    {"promote-pipeline", "NAME", "the pipeline that promotes; promote by default"},
    {NULL},
};

static const char *source_of(const zreg_candidate *candidate)
{
    switch (candidate->source) {
    case ZREG_SOURCE_BUILDSET:
        return "buildset";
    case ZREG_SOURCE_INTERMEDIATE:
        return "intermediate";
    case ZREG_SOURCE_UPSTREAM:
        break;
    }
    return "upstream";
}

/* What everybody wants to know first. */
static void print_answer(const session *s, const zreg_candidate *winner)
{
    const char *name = session_word(s, 0);
    if (winner->change[0] != '\0') {
        printf("%s is the image of change %s, from the %s registry\n", name, winner->change,
               source_of(winner));
    } else if (winner->source == ZREG_SOURCE_UPSTREAM) {
        printf("%s is the image that its own registry has: no change ahead made one\n", name);
    } else {
        printf("%s is what the %s registry has\n", name, source_of(winner));
    }
    printf("%s%s\n", winner->digest, winner->digest[0] == '\0' ? "its digest is not known" : "");
}

static zreg_status print_text(session *s, const void *shown)
{
    const zreg_resolution *resolution = shown;
    table *rows = table_new(6);
    print_answer(s, zreg_resolution_winner(resolution));
    table_add(rows, "  ", "SOURCE", "CHANGE", "DIGEST", "WHY", "WHERE");
    for (size_t i = 0; i < zreg_resolution_count(resolution); i++) {
        const zreg_candidate *candidate = zreg_resolution_at(resolution, i);
        AUTO_FREE char *digest = memory_printf("%.19s", candidate->digest);
        table_add(rows, i == 0 ? "=>" : "  ", source_of(candidate), candidate->change, digest,
                  candidate->reason, candidate->ref);
    }
    puts("");
    table_print(rows);
    return output_finish(s);
}

static zreg_status write_json(char **out, const void *resolution, zreg_error *err)
{
    return zreg_resolution_json(out, resolution, err);
}

static const output_form resolve_form = {write_json, print_text};

static zreg_status resolve_run(session *s)
{
    zreg_artifacts *artifacts = NULL;
    zreg_resolution *resolution = NULL;
    zreg_resolve_options options = ZREG_OPTIONS(zreg_resolve_options);
    options.buildset = options_text(&s->given, "buildset");
    options.intermediate = options_text(&s->given, "intermediate");
    options.offline = options_flag(&s->given, "offline");
    options.zuul_api = options_text(&s->given, "zuul-api");
    options.zuul_tenant = options_text(&s->given, "tenant");
    options.zuul_project = options_text(&s->given, "project");
    options.zuul_pipeline = options_text(&s->given, "pipeline");
    options.zuul_job = options_text(&s->given, "job-name");
    options.zuul_promote_pipeline = options_text(&s->given, "promote-pipeline");
    zreg_status status = files_read_artifacts(s, &artifacts, options_text(&s->given, "artifacts"));
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = zreg_resolve(&resolution, s->client, session_word(s, 0), artifacts, &options,
                              s->cancel, &s->err);
    }
    status = output_result(s, status, &resolve_form, resolution);
    zreg_resolution_free(resolution);
    zreg_artifacts_free(artifacts);
    return status;
}

const verb cmd_resolve = {
    .name = "resolve",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "decide which image a name means for this change, and say why",
    .text =
        "The buildset registry comes first, then the artifacts of the nearest change, then, with\n"
        "--zuul-api, what has merged and is not promoted yet, then the registry that the name\n"
        "says; --username is for that one.",
    .options = options_of_resolve,
    .example = "zreg resolve docker.io/example/base:latest --artifacts zuul.json "
               "--buildset 127.0.0.1:9000",
    .uses_registries = true,
    .run = resolve_run,
};
