/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "image_options.h"
#include "output.h"
#include "pick.h"
#include "values.h"
#include "verbs.h"
#include <string.h>

static const option_spec options_of_mutate[] = {
    IMAGE_OPTIONS_NOTES,
    IMAGE_OPTIONS_RUN,
    {"platform", "OS/ARCH",
     "of an index, change the image for this platform, and store that alone"},
    {NULL},
};

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
    if (session_word(s, 1) == NULL && strstr(dst, "archive:") != NULL && values_is_local(dst)) {
        return session_misuse(s, "an archive is written anew, with this image alone; name a DST");
    }
    if (strchr(dst, '@') != NULL) {
        return session_misuse(s, "\"%s\" cannot hold the new image; give a place with a tag as DST",
                              dst);
    }
    return output_check_place(s, dst);
}

/* One image would take the place of all. */
static zreg_status refuse_index(session *s, const char *src)
{
    picked it = {NULL};
    if (values_is_local(src) || options_flag(&s->given, "platform")) {
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
    zreg_append_options options = image_options_read(s);
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
