/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>
#include <string.h>

static const option_spec options_of_copy[] = {
    {"platform", "OS/ARCH", "of an index, copy only this platform; may be repeated", true},
    {"sparse", NULL, "with --platform: keep the index as it is, and its digest"},
    {"expect-digest", "DIGEST", "refuse a source that is not this image"},
    {"with-referrers", NULL, "take signatures, attestations and other referrers along"},
    {"force", NULL, "look for each part at the destination, and repair what was lost there"},
    {"layers", "as-is|gzip|zstd",
     "what plain layers of a docker archive become in a registry (gzip)"},
    {"dry-run", NULL, "change nothing, and tell what would be done"},
    {"jobs", "JOBS", "transfers at once (8)"},
    {NULL},
};

static zreg_status read_options(session *s, zreg_copy_options *options, zreg_digest *expected)
{
    const char *digest = options_text(&s->given, "expect-digest");
    options->platforms = options_list_or_null(&s->given, "platform");
    options->sparse = options_flag(&s->given, "sparse");
    if (options->sparse && options->platforms == NULL) {
        return session_misuse(s, "--sparse: give --platform, of which the index is to have more");
    }
    options->with_referrers = options_flag(&s->given, "with-referrers");
    options->layers = options_text(&s->given, "layers");
    if (options->layers != NULL && strcmp(options->layers, "as-is") != 0 &&
        strcmp(options->layers, "gzip") != 0 && strcmp(options->layers, "zstd") != 0) {
        return session_misuse(s, "--layers: \"%.40s\" is neither as-is, gzip nor zstd",
                              options->layers);
    }
    options->force = options_flag(&s->given, "force");
    options->dry_run = options_flag(&s->given, "dry-run");
    options->progress = progress_draw;
    options->progress_user = &s->progress;
    if (digest != NULL) {
        zreg_status status = zreg_digest_parse(expected, digest, &s->err);
        if (status != ZREG_OK) {
            return status;
        }
        options->expect_digest = expected;
    }
    return session_number(s, "jobs", 0, &options->jobs);
}

static zreg_status print(session *s, const zreg_copy_result *result)
{
    if (s->json) {
        json_value *document = json_new_object();
        output_copy_result(s, document, result);
        return output_json(s, document);
    }
    FILE *to = output_of_place(session_word(s, 1));
    fprintf(to, "%s %s\n", session_word(s, 1), result->digest.text);
    output_copy_line(s, to, result);
    return output_finish(s);
}

static zreg_status copy_run(session *s)
{
    zreg_digest expected;
    zreg_copy_result result;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_status status = read_options(s, &options, &expected);
    if (status == ZREG_OK) {
        status = output_check_place(s, session_word(s, 1));
    }
    if (status == ZREG_OK) {
        status = client_open(s, session_word(s, 1));
    }
    if (status == ZREG_OK) {
        status = zreg_copy(&result, s->client, session_word(s, 0), session_word(s, 1), &options,
                           s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    return status == ZREG_OK ? print(s, &result) : status;
}

const verb cmd_copy = {
    .name = "copy",
    .words = "SRC DST",
    .min_words = 2,
    .max_words = 2,
    .places = "pp",
    .summary = "copy an image, or a whole index, from one place to another",
    .text =
        "A place is docker://HOST[:PORT]/REPOSITORY[:TAG|@DIGEST] (the prefix may be left out),\n"
        "oci:DIR[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:REF] or docker-daemon:REF;\n"
        "FILE \"-\" is standard input or output, and :@NUMBER chooses by number in a source.\n"
        "--username is for the host of DST.\n"
        "With --with-referrers, what belongs to the image and to each child of an index moves "
        "too:\n"
        "what names it as its subject, and cosign's tags sha256-HEX.sig, .att and .sbom.",
    .options = options_of_copy,
    .example = "zreg copy docker.io/library/debian:12 oci:/tmp/debian:12",
    .uses_registries = true,
    .run = copy_run,
};
