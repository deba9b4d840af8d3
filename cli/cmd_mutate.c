/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "image_options.h"
#include "output.h"
#include "values.h"
#include "verbs.h"
#include <string.h>

static const option_spec options_of_mutate[] = {
    IMAGE_OPTIONS_NOTES,
    IMAGE_OPTIONS_RUN,
    {"platform", "OS/ARCH",
     "of an index, change the image for this platform, and store that alone"},
    {"rebase", NULL, "put the layers of a new base in the place of those of the old one"},
    {"old-base", "REF", "what the image was built on; by default what its annotations say"},
    {"new-base", "REF", "what it is to stand on; by default its old base as that is now"},
    {"dry-run", NULL, "change nothing, and tell what would be done"},
    {NULL},
};

/* Who names a base, as crane's users do, means a rebase. */
static bool is_rebase(const session *s)
{
    return options_flag(&s->given, "rebase") || options_flag(&s->given, "old-base") ||
           options_flag(&s->given, "new-base");
}

static zreg_status check_bases(session *s)
{
    static const char *const names[] = {"old-base", "new-base"};
    zreg_status status = ZREG_OK;
    for (size_t i = 0; i < 2 && status == ZREG_OK; i++) {
        const char *base = options_text(&s->given, names[i]);
        status = base == NULL ? ZREG_OK : values_place(s, base);
    }
    return status;
}

static zreg_status check(session *s, const char *dst)
{
    bool something = is_rebase(s);
    for (const option_spec *spec = options_of_mutate; spec->name != NULL; spec++) {
        bool chooses = strcmp(spec->name, "platform") == 0 || strcmp(spec->name, "dry-run") == 0;
        something = something || (!chooses && options_flag(&s->given, spec->name));
    }
    if (!something) {
        return session_misuse(s, "nothing is to be changed; give --label, --annotation, --env, "
                                 "--entrypoint, --cmd, --workdir, --user or --rebase");
    }
    if (session_word(s, 1) == NULL && strstr(dst, "archive:") != NULL && values_is_local(dst)) {
        return session_misuse(s, "an archive is written anew, with this image alone; name a DST");
    }
    if (strchr(dst, '@') != NULL) {
        return session_misuse(s, "\"%s\" cannot hold the new image; give a place with a tag as DST",
                              dst);
    }
    zreg_status status = check_bases(s);
    return status == ZREG_OK ? output_check_place(s, dst) : status;
}

static zreg_status mutate_run(session *s)
{
    static const char *const none[] = {NULL};
    zreg_digest digest;
    zreg_append_options options = image_options_read(s);
    const char *src = session_word(s, 0);
    const char *dst = session_word(s, 1) == NULL ? src : session_word(s, 1);
    options.rebase = is_rebase(s);
    options.old_base = options_text(&s->given, "old-base");
    options.new_base = options_text(&s->given, "new-base");
    options.all_platforms = !options_flag(&s->given, "platform");
    zreg_status status = check(s, dst);
    if (status == ZREG_OK) {
        status = client_open(s, dst);
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
    .summary = "change what an image says of itself, or what it is built on",
    .text =
        "The result is stored at DST, or under the tag of SRC; of an index each image is changed. "
        "Its\nlayers are those of SRC, but for a rebase. The same input gives the same digest.\n"
        "--username is for the host of DST.",
    .options = options_of_mutate,
    .example =
        "zreg mutate --label version=3 --cmd serve localhost:5000/app:1 localhost:5000/app:3",
    .uses_registries = true,
    .run = mutate_run,
};
