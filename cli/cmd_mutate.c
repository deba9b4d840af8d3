/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "pick.h"
#include "values.h"
#include "verbs.h"
#include <string.h>

static const option_spec options_of_mutate[] = {
    {"label", "KEY=VALUE", "a label; may be repeated", true},
    {"annotation", "KEY=VALUE", "an annotation of the manifest; may be repeated", true},
    {"env", "KEY=VALUE", "an environment variable; may be repeated", true},
    {"entrypoint", "WORD", "a word of the entry point; may be repeated", true},
    {"cmd", "WORD", "a word of the command; may be repeated", true},
    {"workdir", "DIR", "working directory"},
    {"user", "USER", "user that the command runs as"},
    {"platform", "OS/ARCH",
     "of an index, change the image for this platform, and store that alone"},
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

static zreg_status check(session *s, const char *dst)
{
    bool something = false;
    for (const option_spec *spec = options_of_mutate; spec->name != NULL; spec++) {
        something = something ||
                    (strcmp(spec->name, "platform") != 0 && options_flag(&s->given, spec->name));
    }
    if (!something) {
        return session_misuse(s, "nothing is to be changed; give --label, --annotation, --env, "
                                 "--entrypoint, --cmd, --workdir or --user");
    }
    if (strchr(dst, '@') != NULL) {
        return session_misuse(s, "\"%s\" cannot hold the new image; give a place with a tag as DST",
                              dst);
    }
    return ZREG_OK;
}

/* One image would take the place of all. */
static zreg_status refuse_index(session *s, const char *src)
{
    picked it = {NULL};
    if (strncmp(src, "oci:", 4) == 0 || strncmp(src, "oci-archive:", 12) == 0 ||
        strncmp(src, "docker-archive:", 15) == 0 || options_flag(&s->given, "platform")) {
        return ZREG_OK;
    }
    zreg_status status = pick_manifest(s, &it, src, NULL);
    if (status == ZREG_OK && zreg_manifest_is_index(it.manifest)) {
        status = session_fail(s, ZREG_UNSUPPORTED,
                              "%s is an index of several images; name one by --platform, and join "
                              "the changed ones by zreg index",
                              src);
    }
    pick_finish(&it);
    return status;
}

static zreg_status mutate_run(session *s)
{
    static const char *const none[] = {NULL};
    zreg_digest digest;
    zreg_append_options options = read_options(s);
    const char *src = session_word(s, 0);
    const char *dst = session_word(s, 1) == NULL ? src : session_word(s, 1);
    zreg_status status = check(s, dst);
    if (status == ZREG_OK) {
        status = client_open(s, dst);
    }
    if (status == ZREG_OK) {
        status = refuse_index(s, src);
    }
    if (status == ZREG_OK) {
        status = zreg_append(&digest, s->client, src, none, dst, &options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    return status == ZREG_OK ? output_digest(s, dst, &digest) : status;
}

const verb cmd_mutate = {
    .name = "mutate",
    .words = "SRC [DST]",
    .min_words = 1,
    .max_words = 2,
    .places = "p",
    .summary = "change what an image says of itself: labels, environment, command",
    .text =
        "The result is stored at DST, or under the tag of SRC; its layers are those of SRC. The "
        "same\ninput gives the same digest. --username is for the host of DST.",
    .options = options_of_mutate,
    .example =
        "zreg mutate --label version=3 --cmd serve localhost:5000/app:1 localhost:5000/app:3",
    .uses_registries = true,
    .run = mutate_run,
};
