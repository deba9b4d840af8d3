/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"

static const option_spec options_of_tags[] = {{NULL}};

static zreg_status tags_run(session *s)
{
    zreg_ref *ref = NULL;
    zreg_strings *tags = NULL;
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = zreg_ref_parse(&ref, session_word(s, 0), &s->err);
    }
    if (status == ZREG_OK) {
        status = zreg_client_tags(&tags, s->client, ref, s->cancel, &s->err);
    }
    if (status == ZREG_OK) {
        status = output_names(s, "repository", zreg_ref_canonical_name(ref), "tags", tags);
    }
    zreg_strings_free(tags);
    zreg_ref_free(ref);
    return status;
}

const verb cmd_tags = {
    .name = "tags",
    .words = "REPOSITORY",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "list the tags of a repository",
    .options = options_of_tags,
    .example = "zreg tags docker.io/library/debian",
    .uses_registries = true,
    .run = tags_run,
};
