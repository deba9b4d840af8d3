/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "image_options.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_append[] = {
    {"base", "REF", "the image to build on, or scratch"},
    {"layer", "TAR|DIR", "a layer to put on top; may be repeated", true},
    IMAGE_OPTIONS_NOTES,
    {"platform", "OS/ARCH", "of a scratch image, or the one to take of an index"},
    IMAGE_OPTIONS_RUN,
    {"dry-run", NULL, "change nothing, and tell what would be done"},
    {NULL},
};

static zreg_status append_run(session *s)
{
    zreg_digest digest;
    zreg_append_options options = image_options_read(s);
    const char *base = options_text(&s->given, "base");
    const char *const *layers = options_list(&s->given, "layer");
    if (base == NULL) {
        return session_misuse(s, "--base is missing; give an image, or scratch");
    }
    zreg_status status = output_check_place(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = zreg_append(&digest, s->client, base, layers, session_word(s, 0), &options,
                             s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    return status == ZREG_OK ? output_digest(s, session_word(s, 0), &digest) : status;
}

const verb cmd_append = {
    .name = "append",
    .words = "DST",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "put layers on an image, or on nothing, and store the result",
    .text = "The same input gives the same digest. --username is for the host of DST.",
    .options = options_of_append,
    .example = "zreg append --base debian:12 --layer ./build --label version=3 "
               "localhost:5000/app:3",
    .uses_registries = true,
    .run = append_run,
};
