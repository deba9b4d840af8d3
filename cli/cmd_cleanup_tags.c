/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "tag_api.h"
#include "values.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_cleanup_tags[] = {
    {"match", "REGEX", "the tags to delete (change_[0-9]+_.+); must match the whole tag"},
    {"older-than", "AGE", "delete what is at least so old, as 30m, 24h or 7d (24h); 0: any age"},
    {"dry-run", NULL, "delete nothing, tell what would be deleted"},
    TAG_API_OPTIONS,
    {NULL},
};

static zreg_status read_age(session *s, zreg_cleanup_options *options)
{
    const char *text = options_text(&s->given, "older-than");
    uint64_t ms = 0;
    if (text == NULL) {
        return ZREG_OK;
    }
    if (!values_duration(&ms, text)) {
        return session_misuse(s, "--older-than: \"%.20s\" is no age; write 30m, 24h or 7d", text);
    }
    options->older_than_s = (ms + 999) / 1000;
    options->any_age = ms == 0;
    return ZREG_OK;
}

static zreg_status print_text(session *s, const void *shown)
{
    const zreg_cleaned *cleaned = shown;
    bool dry_run = options_flag(&s->given, "dry-run");
    size_t deleted = 0;
    size_t count = zreg_cleaned_count(cleaned);
    for (size_t i = 0; i < count; i++) {
        const zreg_cleaned_tag *tag = zreg_cleaned_at(cleaned, i);
        const char *gone = dry_run ? "would delete" : "deleted";
        printf("%-12s %s: %s\n", tag->deleted ? gone : "kept", tag->tag, tag->reason);
        deleted += tag->deleted ? 1 : 0;
    }
    printf("%zu %s, %zu kept\n", deleted, dry_run ? "would be deleted" : "deleted",
           count - deleted);
    return output_finish(s);
}

static zreg_status write_json(char **out, const void *cleaned, zreg_error *err)
{
    return zreg_cleaned_json(out, cleaned, err);
}

static const output_form cleanup_tags_form = {write_json, print_text};

static zreg_status clean_up(session *s, const zreg_cleanup_options *options)
{
    zreg_cleaned *cleaned = NULL;
    zreg_status status = client_open(s, session_word(s, 0));
    if (status == ZREG_OK) {
        status = tag_api_configure(s, session_word(s, 0));
    }
    if (status == ZREG_OK) {
        status =
            zreg_cleanup_tags(&cleaned, s->client, session_word(s, 0), options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    status = output_result(s, status, &cleanup_tags_form, cleaned);
    zreg_cleaned_free(cleaned);
    return status;
}

static zreg_status cleanup_tags_run(session *s)
{
    zreg_cleanup_options options = ZREG_OPTIONS(zreg_cleanup_options);
    options.match = options_text(&s->given, "match");
    options.dry_run = options_flag(&s->given, "dry-run");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    zreg_status status = read_age(s, &options);
    return status == ZREG_OK ? clean_up(s, &options) : status;
}

const verb cmd_cleanup_tags = {
    .name = "cleanup-tags",
    .words = "REPOSITORY",
    .min_words = 1,
    .max_words = 1,
    .places = "p",
    .summary = "delete old temporary tags that nobody promoted",
    .text = "Final tags are never deleted, and no image is: only the tag. docker.io is asked over\n"
            "Docker Hub's API, with the registry's user and password; quay.io over Quay's, when\n"
            "there is a token; others over the registry's own protocol.",
    .options = options_of_cleanup_tags,
    .example = "zreg cleanup-tags docker.io/example/base --older-than 24h --dry-run",
    .uses_registries = true,
    .run = cleanup_tags_run,
};
