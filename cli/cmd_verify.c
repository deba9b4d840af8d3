/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "table.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_verify[] = {
    {"quick", NULL, "ask whether blobs are there, with their sizes, and do not read them"},
    {"jobs", "JOBS", "blobs read at once (8)"},
    {NULL},
};

static zreg_status write_json(char **out, const void *verified, zreg_error *err)
{
    return zreg_verified_json(out, verified, err);
}

static zreg_status print_text(session *s, const void *shown)
{
    const zreg_verified *verified = shown;
    table *rows = table_new(4);
    size_t bad = 0;
    uint64_t bytes = 0;
    char size[32];
    for (size_t i = 0; i < zreg_verified_count(verified); i++) {
        const zreg_verified_part *part = zreg_verified_at(verified, i);
        bad += part->good ? 0 : 1;
        bytes += part->size_bytes;
        if (!part->good || part->reason[0] != '\0') {
            table_add(rows, part->good ? "good" : "bad", part->is_manifest ? "manifest" : "blob",
                      part->digest.text, part->reason);
        }
    }
    table_print(rows);
    progress_bytes(size, bytes);
    printf("%zu parts, %s: %zu good, %zu bad%s\n", zreg_verified_count(verified), size,
           zreg_verified_count(verified) - bad, bad,
           options_flag(&s->given, "quick") ? "; blobs were not read" : "");
    return output_finish(s);
}

static const output_form verify_form = {write_json, print_text};

static zreg_status verify_run(session *s)
{
    zreg_verify_options options = ZREG_OPTIONS(zreg_verify_options);
    zreg_verified *verified = NULL;
    options.quick = options_flag(&s->given, "quick");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    zreg_status status = session_number(s, "jobs", 0, &options.jobs);
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status =
            zreg_verify(&verified, s->client, session_word(s, 0), &options, s->cancel, &s->err);
        progress_finish(&s->progress);
        status = output_result(s, status, &verify_form, verified);
    }
    zreg_verified_free(verified);
    return status;
}

const verb cmd_verify = {
    .name = "verify",
    .words = "REF",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "look whether all of an image is there, and right",
    .text = "Each manifest and each blob, of an index those of all platforms, is read and compared "
            "with its\ndigest. Signatures are not verified by this.",
    .options = options_of_verify,
    .example = "zreg verify --quick registry.example.org/debian:12",
    .uses_registries = true,
    .run = verify_run,
};
