/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"
#include <stdint.h>
#include <stdio.h>

static const option_spec options_of_index[] = {
    {"platform", "OS/ARCH", "of an index among REF, take only this platform; may be repeated",
     true},
    {"dry-run", NULL, "change nothing, and tell what would be done"},
    {"jobs", "JOBS", "transfers at once (8)"},
    {NULL},
};

static zreg_status index_run(session *s)
{
    zreg_digest digest;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    options.platforms = options_list_or_null(&s->given, "platform");
    options.dry_run = options_flag(&s->given, "dry-run");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    zreg_status status = session_number(s, "jobs", 0, &options.jobs);
    if (status == ZREG_OK) {
        status = output_check_place(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = zreg_index_create(&digest, s->client, s->given.words + 1, session_word(s, 0),
                                   &options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    return status == ZREG_OK ? output_digest(s, session_word(s, 0), &digest) : status;
}

const verb cmd_index = {
    .name = "index",
    .words = "DST REF...",
    .min_words = 2,
    .max_words = SIZE_MAX,
    .places = "p",
    .summary = "make one multi-platform image of several images",
    .text = "--username is for the host of DST.",
    .options = options_of_index,
    .example = "zreg index localhost:5000/app:1 localhost:5000/app:1-amd64 "
               "localhost:5000/app:1-arm64",
    .uses_registries = true,
    .run = index_run,
};
