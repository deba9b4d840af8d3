/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "target.h"
#include "verbs.h"
#include <unistd.h>

static const option_spec options_of_export[] = {
    {"platform", "OS/ARCH", "of an index, the image for this platform (Linux on this machine's)"},
    {NULL},
};

static zreg_status print(session *s, const target *to, const zreg_digest *digest)
{
    if (!s->json) {
        return ZREG_OK;
    }
    json_value *document = json_new_object();
    json_set_text(document, "digest", digest->text);
    json_set_text(document, "file", to->path);
    return output_json(s, document);
}

static zreg_status write_to(session *s, const target *to, zreg_digest *digest)
{
    zreg_export_options options = ZREG_OPTIONS(zreg_export_options);
    options.platform = options_text(&s->given, "platform");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    zreg_status status =
        zreg_export(digest, s->client, session_word(s, 0), to->fd, &options, s->cancel, &s->err);
    progress_finish(&s->progress);
    return status;
}

static zreg_status check(session *s)
{
    return target_is_stdout(session_word(s, 1)) && isatty(STDOUT_FILENO)
               ? session_misuse(s,
                                "a tar archive is nothing for a terminal; name a FILE, or write: "
                                "zreg export %s | tar -t",
                                session_word(s, 0))
               : ZREG_OK;
}

static zreg_status export_run(session *s)
{
    target to;
    zreg_digest digest;
    zreg_status status = check(s);
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status = target_open(s, &to, session_word(s, 1), "a FILE");
        status = target_finish(s, &to, status == ZREG_OK ? write_to(s, &to, &digest) : status);
    }
    return status == ZREG_OK ? print(s, &to, &digest) : status;
}

const verb cmd_export = {
    .name = "export",
    .words = "IMAGE [FILE]",
    .min_words = 1,
    .max_words = 2,
    .places = "pf",
    .summary = "write the file system of an image as a tar archive",
    .text =
        "FILE is standard output by default, and appears whole or not at all. An archive of the "
        "image\nitself, for docker load and the like, is written by zreg copy.",
    .options = options_of_export,
    .example = "zreg export debian:12 | tar -tv",
    .uses_registries = true,
    .run = export_run,
};
