/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "memory.h"
#include "output.h"
#include "sync_file.h"
#include "sync_hosts.h"
#include "table.h"
#include "values.h"
#include "verbs.h"
#include <stdio.h>
#include <string.h>

static const option_spec options_of_sync[] = {
    {"tags", "PATTERN", "only tags that fit, as 1.*; may be repeated", true},
    {"exclude", "PATTERN", "no tags that fit; may be repeated", true},
    {"repositories", "PATTERN", "of a whole registry, only those that fit; may be repeated", true},
    {"exclude-repositories", "PATTERN", "none that fits; may be repeated", true},
    {"platform", "OS/ARCH", "of an index, copy only this platform; may be repeated", true},
    {"with-referrers", NULL, "take signatures, attestations and other referrers along"},
    {"force", NULL, "look for each part at the destination, and repair what was lost there"},
    {"delete", NULL, "delete tags of DST that fit and that SRC does not have"},
    {"file", "FILE", "sync each line of it: SRC DST [PATTERN | !PATTERN]..."},
    {"dry-run", NULL, "change nothing, and tell what would have been done"},
    {"jobs", "JOBS", "tags looked at, and transfers, at once (8)"},
    {NULL},
};

/* What the lines did, together. */
typedef struct report {
    json_value *list; /* one document a line */
    size_t counts[4]; /* by zreg_sync_state */
    uint64_t bytes;
    zreg_error first; /* of the lines that failed */
    bool many;        /* lines: each one that failed is told of at once */
    bool host;        /* the line that is done is one of a whole registry's repositories */
} report;

static zreg_status check_line(session *s, const sync_line *line)
{
    const char *const places[] = {line->src, line->dst};
    if (sync_hosts_is_host(line)) {
        return sync_hosts_check(s, line);
    }
    for (size_t i = 0; i < 2; i++) {
        zreg_status status = values_place(s, places[i]);
        if (status != ZREG_OK) {
            return status;
        }
        if (!values_is_local(places[i]) &&
            (values_names_tag(places[i]) || strchr(places[i], '@') != NULL)) {
            return session_misuse(
                s, "\"%s\" has a tag; write HOST[:PORT]/REPOSITORY, and give --tags", places[i]);
        }
    }
    return ZREG_OK;
}

/* A pattern that chooses nothing would be taken for one that chose all. */
static zreg_status check_patterns(session *s, const sync_file *lines)
{
    bool any = false;
    for (size_t i = 0; i < lines->count; i++) {
        any = any || sync_hosts_is_host(&lines->lines[i]);
    }
    bool given =
        options_flag(&s->given, "repositories") || options_flag(&s->given, "exclude-repositories");
    return given && !any
               ? session_misuse(s, "--repositories and --exclude-repositories choose among those "
                                   "of a whole registry; write HOST[:PORT] as SRC")
               : ZREG_OK;
}

static zreg_status read_lines(session *s, sync_file *out)
{
    const char *path = options_text(&s->given, "file");
    if (path == NULL && s->given.word_count != 2) {
        return session_misuse(s, "write: zreg sync [options] SRC DST, or give --file");
    }
    if (path != NULL && s->given.word_count != 0) {
        return session_misuse(s, "\"%s\" is too much: --file tells what to sync",
                              session_word(s, 0));
    }
    zreg_status status = ZREG_OK;
    if (path == NULL) {
        sync_file_single(out, session_word(s, 0), session_word(s, 1));
    } else {
        status = sync_file_read(s, out, path);
    }
    for (size_t i = 0; i < out->count && status == ZREG_OK; i++) {
        status = check_line(s, &out->lines[i]);
    }
    return status == ZREG_OK ? check_patterns(s, out) : status;
}

/* A line's own patterns, or those of the command line. */
static const char *const *patterns(const session *s, const char *const *own, const char *option)
{
    return own != NULL && own[0] != NULL ? own : options_list_or_null(&s->given, option);
}

static zreg_sync_options options_for(session *s, const sync_line *line)
{
    zreg_sync_options options = ZREG_OPTIONS(zreg_sync_options);
    options.tags = patterns(s, line->tags, "tags");
    options.exclude = patterns(s, line->exclude, "exclude");
    options.platforms = options_list_or_null(&s->given, "platform");
    options.with_referrers = options_flag(&s->given, "with-referrers");
    options.delete_others = options_flag(&s->given, "delete");
    options.dry_run = options_flag(&s->given, "dry-run");
    options.force = options_flag(&s->given, "force");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    return options;
}

static json_value *error_document(const zreg_error *err)
{
    json_value *error = json_new_object();
    json_set_text(error, "code", zreg_status_name(err->code));
    json_set_text(error, "message", err->message);
    return error;
}

static zreg_status add_document(session *s, report *to, const sync_line *line,
                                const zreg_synced *synced)
{
    char *text = NULL;
    json_value *document = NULL;
    zreg_error err = {.code = ZREG_OK};
    if (synced != NULL && zreg_synced_json(&text, synced, &err) != ZREG_OK) {
        s->err = err;
        return err.code;
    }
    document = text == NULL ? json_new_object() : json_read(text);
    zreg_free(text);
    if (synced == NULL) {
        json_set_text(document, "src", line->src);
        json_set_text(document, "dst", line->dst);
    }
    json_set(document, "error", s->err.code == ZREG_OK ? NULL : error_document(&s->err));
    json_add(to->list, document);
    return ZREG_OK;
}

static void print_tags(const sync_line *line, const zreg_synced *synced, bool dry_run)
{
    static const char *const done[] = {"", "copied", "deleted", "failed"};
    static const char *const would[] = {"", "would copy", "would delete", "failed"};
    table *rows = table_new(3);
    for (size_t i = 0; i < zreg_synced_count(synced); i++) {
        const zreg_synced_tag *tag = zreg_synced_at(synced, i);
        bool failed = tag->state == ZREG_SYNC_FAILED;
        AUTO_FREE char *place = memory_printf("%s:%s", line->dst, tag->tag);
        if (tag->state != ZREG_SYNC_PRESENT) {
            table_add(rows, (dry_run ? would : done)[tag->state], place,
                      failed ? tag->reason : tag->digest.text);
        }
    }
    table_print(rows);
}

static void count_tags(report *to, const zreg_synced *synced)
{
    for (size_t i = 0; i < zreg_synced_count(synced); i++) {
        const zreg_synced_tag *tag = zreg_synced_at(synced, i);
        to->counts[tag->state]++;
        to->bytes += tag->bytes;
    }
}

static void note_failure(const session *s, report *to, const sync_line *line)
{
    if (s->err.code == ZREG_OK) {
        return;
    }
    to->first = to->first.code == ZREG_OK ? s->err : to->first;
    if (to->many && !s->json) {
        fprintf(stderr, "zreg sync: %s: %s\n", line->src, s->err.message);
    }
}

/* Of a whole registry not each repository has tags, or one that fits: in no tag's row is an error. */
static bool is_nothing_to_do(const session *s, const report *to, const zreg_synced *synced)
{
    return to->host && synced != NULL && zreg_synced_count(synced) == 0 &&
           (s->err.code == ZREG_NOTFOUND ||
            (s->err.code == ZREG_CONFLICT && s->err.http_status == 0));
}

static zreg_status sync_one(session *s, void *user, const sync_line *line)
{
    report *to = user;
    s->err = (zreg_error){.code = ZREG_OK};
    zreg_synced *synced = NULL;
    zreg_sync_options options = options_for(s, line);
    zreg_status status = session_number(s, "jobs", 0, &options.jobs);
    if (status == ZREG_OK) {
        status = zreg_sync(&synced, s->client, line->src, line->dst, &options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    if (is_nothing_to_do(s, to, synced)) {
        s->err = (zreg_error){.code = ZREG_OK};
    }
    note_failure(s, to, line);
    status = add_document(s, to, line, synced);
    if (synced != NULL) {
        count_tags(to, synced);
    }
    if (synced != NULL && !s->json) {
        print_tags(line, synced, options.dry_run);
    }
    zreg_synced_free(synced);
    return status;
}

static zreg_status print(session *s, report *of)
{
    bool dry_run = options_flag(&s->given, "dry-run");
    bool failed = of->first.code != ZREG_OK;
    char bytes[32];
    json_value *document = json_new_object();
    json_set(document, "repositories", of->list);
    of->list = NULL;
    s->err = of->first;
    if (s->json && failed) {
        s->partly = json_write(document);
    } else if (s->json) {
        json_print(document);
    } else {
        progress_bytes(bytes, of->bytes);
        printf("%zu %s, %zu there already, %zu %s, %zu failed; %s %smoved\n",
               of->counts[ZREG_SYNC_COPIED], dry_run ? "would be copied" : "copied",
               of->counts[ZREG_SYNC_PRESENT], of->counts[ZREG_SYNC_DELETED],
               dry_run ? "would be deleted" : "deleted", of->counts[ZREG_SYNC_FAILED], bytes,
               dry_run ? "would be " : "");
    }
    json_free(document);
    return failed ? of->first.code : output_finish(s);
}

/* Between two lines nothing fails by itself, but what follows is not done. */
static void stopped(session *s, report *all, const char *before)
{
    if (all->first.code == ZREG_OK) {
        session_fail(s, ZREG_CANCELLED, "stopped before %s", before);
        all->first = s->err;
    }
}

/* A registry without a catalog does not stop the other lines. */
static zreg_status sync_host(session *s, report *to, const sync_line *line)
{
    s->err = (zreg_error){.code = ZREG_OK};
    to->host = true;
    zreg_status status = sync_hosts_walk(s, line, sync_one, to);
    to->host = false;
    if (status == ZREG_OK) {
        return ZREG_OK;
    }
    note_failure(s, to, line);
    return add_document(s, to, line, NULL);
}

static zreg_status sync_lines(session *s, const sync_file *lines)
{
    report all = {.list = json_new_array()};
    zreg_status status = ZREG_OK;
    all.many = lines->count > 1 || sync_hosts_is_host(&lines->lines[0]);
    for (size_t i = 0; i < lines->count && status == ZREG_OK; i++) {
        const sync_line *line = &lines->lines[i];
        status = sync_hosts_is_host(line) ? sync_host(s, &all, line) : sync_one(s, &all, line);
        if (zreg_cancel_triggered(s->cancel) && i + 1 < lines->count) {
            stopped(s, &all, lines->lines[i + 1].src);
            break;
        }
    }
    if (status == ZREG_OK) {
        status = print(s, &all);
    }
    json_free(all.list);
    return status;
}

static zreg_status sync_run(session *s)
{
    sync_file lines = {0};
    zreg_status status = read_lines(s, &lines);
    if (status == ZREG_OK) {
        const char *dst = lines.lines[0].dst;
        AUTO_FREE char *place = values_is_host(dst) ? memory_printf("%s/x", dst) : NULL;
        status = client_open(s, place == NULL ? dst : place);
    }
    if (status == ZREG_OK) {
        status = sync_lines(s, &lines);
    }
    sync_file_finish(&lines);
    return status;
}

const verb cmd_sync = {
    .name = "sync",
    .words = "[SRC DST]",
    .min_words = 0,
    .max_words = 2,
    .summary = "bring the tags of a repository, or of a whole registry, up to date elsewhere",
    .text =
        "SRC is HOST[:PORT]/REPOSITORY, oci:DIR, or HOST[:PORT] for all repositories of its "
        "catalog;\nDST is the same kind of place, and for a whole registry also "
        "HOST[:PORT]/PREFIX. What is there\nalready is not sent again; a tag that fails does not "
        "stop the others. Nothing is deleted\nwithout --delete.\n"
        "--username is for the host of DST.",
    .options = options_of_sync,
    .example = "zreg sync --tags '12*' docker.io/library/debian registry.example.org/debian",
    .uses_registries = true,
    .run = sync_run,
};
