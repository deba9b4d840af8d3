/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_append[] = {
    {"base", "REF", "the image to build on, or scratch"},
    {"layer", "TAR|DIR", "a layer to put on top; may be repeated", true},
    {"label", "KEY=VALUE", "a label; may be repeated", true},
    {"annotation", "KEY=VALUE", "an annotation of the manifest; may be repeated", true},
    {"platform", "OS/ARCH", "of a scratch image, or the one to take of an index"},
    {"env", "KEY=VALUE", "an environment variable; may be repeated", true},
    {"entrypoint", "WORD", "a word of the entry point; may be repeated", true},
    {"cmd", "WORD", "a word of the command; may be repeated", true},
    {"workdir", "DIR", "working directory"},
    {"user", "USER", "user that the command runs as"},
    {NULL},
};

static const char *const *list_or_null(const session *s, const char *name)
{
    const char *const *list = options_list(&s->given, name);
    return list[0] == NULL ? NULL : list;
}

static zreg_append_options read_options(session *s)
{
    zreg_append_options options = ZREG_OPTIONS(zreg_append_options);
    options.platform = options_text(&s->given, "platform");
    options.labels = list_or_null(s, "label");
    options.annotations = list_or_null(s, "annotation");
    options.environment = list_or_null(s, "env");
    options.entrypoint = list_or_null(s, "entrypoint");
    options.command = list_or_null(s, "cmd");
    options.working_dir = options_text(&s->given, "workdir");
    options.user = options_text(&s->given, "user");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    return options;
}

static zreg_status append_run(session *s)
{
    zreg_digest digest;
    zreg_append_options options = read_options(s);
    const char *base = options_text(&s->given, "base");
    const char *const *layers = options_list(&s->given, "layer");
    if (base == NULL) {
        return session_misuse(s, "--base is missing; give an image, or scratch");
    }
    zreg_status status = client_open(s, session_word(s, 0));
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
