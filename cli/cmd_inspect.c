/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"

static const option_spec options_of_inspect[] = {{NULL}};

static zreg_status print(session *s, char *json)
{
    return s->json ? output_json_text(s, json) : output_plain(s, json);
}

static zreg_status inspect_run(session *s)
{
    char *json = NULL;
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = zreg_inspect(&json, s->client, session_word(s, 0), s->cancel, &s->err);
    }
    return status == ZREG_OK ? print(s, json) : status;
}

const verb cmd_inspect = {
    .name = "inspect",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "show what an image is: digest, type, platforms or layers, labels",
    .options = options_of_inspect,
    .example = "zreg inspect docker.io/library/debian:12",
    .uses_registries = true,
    .run = inspect_run,
};
