/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_artifacts[] = {{NULL}};

static zreg_status print_json(session *s, const zreg_artifacts *artifacts)
{
    char *json = NULL;
    zreg_status status = zreg_artifacts_json(&json, artifacts, &s->err);
    return status == ZREG_OK ? output_json_text(s, json) : status;
}

static const char *or_dash(const char *text)
{
    return text[0] == '\0' ? "-" : text;
}

static zreg_status print_table(session *s, const zreg_artifacts *artifacts)
{
    printf("%-8s %-36s %-40s %s\n", "CHANGE", "BUILD", "IMAGE", "URL");
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        const zreg_artifact *artifact = zreg_artifacts_at(artifacts, i);
        printf("%-8s %-36s %-40s %s\n", or_dash(artifact->change), or_dash(artifact->build),
               artifact->name, artifact->url);
    }
    return output_finish(s);
}

static zreg_status run(session *s)
{
    zreg_artifacts *artifacts = NULL;
    zreg_status status = files_read_artifacts(s, &artifacts, session_word(s, 0));
    if (status == ZREG_OK) {
        status = s->json ? print_json(s, artifacts) : print_table(s, artifacts);
    }
    zreg_artifacts_free(artifacts);
    return status;
}

const verb cmd_artifacts = {
    .name = "artifacts",
    .words = "FILE",
    .min_words = 1,
    .max_words = 1,
    .summary = "show the container images among Zuul's artifacts",
    .text = "FILE holds Zuul's variables or a list of artifacts, as JSON; - is standard input.",
    .options = options_of_artifacts,
    .example = "zreg artifacts zuul.json",
    .run = run,
};
