/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "memory.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

zreg_status output_names(session *s, const char *key, const char *of, const char *member,
                         const zreg_strings *names)
{
    json_value *document = json_new_object();
    json_value *list = json_new_array();
    json_set_text(document, key, of);
    json_set(document, member, list);
    for (size_t i = 0; i < zreg_strings_count(names); i++) {
        json_add_text(list, zreg_strings_at(names, i));
        if (!s->json) {
            puts(zreg_strings_at(names, i));
        }
    }
    if (s->json) {
        return output_json(s, document);
    }
    json_free(document);
    return output_finish(s);
}

zreg_status output_finish(session *s)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return session_fail(s, ZREG_IO, "standard output: %s", strerror(errno));
    }
    return ZREG_OK;
}

zreg_status output_json(session *s, json_value *document)
{
    json_print(document);
    json_free(document);
    return output_finish(s);
}

zreg_status output_json_text(session *s, char *json)
{
    puts(json);
    zreg_free(json);
    return output_finish(s);
}

zreg_status output_kept(session *s, const char *done, const char *host, char *place)
{
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "host", host);
        json_set_text(document, done, place);
        zreg_free(place);
        return output_json(s, document);
    }
    printf("%s: %s in %s\n", host, done, place);
    zreg_free(place);
    return output_finish(s);
}

static bool is_standard_output(const char *place)
{
    const char *path = strstr(place, "archive:");
    return (strncmp(place, "oci-archive:", 12) == 0 ||
            strncmp(place, "docker-archive:", 15) == 0) &&
           (strncmp(path + 8, "-", 1) == 0 || strncmp(path + 8, "/dev/stdout", 11) == 0) &&
           strchr(":@", path[8 + (path[8] == '-' ? 1 : 11)]) != NULL;
}

FILE *output_of_place(const char *place)
{
    return is_standard_output(place) ? stderr : stdout;
}

zreg_status output_check_place(session *s, const char *place)
{
    return s->json && is_standard_output(place)
               ? session_misuse(
                     s, "\"%s\" is standard output, where --json is told too; leave one out", place)
               : ZREG_OK;
}

zreg_status output_digest(session *s, const char *place, const zreg_digest *digest)
{
    bool dry_run = options_flag(&s->given, "dry-run");
    if (s->json) {
        json_value *document = json_new_object();
        json_set_text(document, "digest", digest->text);
        json_set_bool(document, "dry_run", dry_run);
        return output_json(s, document);
    }
    fprintf(output_of_place(place), "%s %s%s\n", place, digest->text,
            dry_run ? " would be stored; nothing was changed" : "");
    return output_finish(s);
}

static zreg_status result_json(session *s, const output_form *form, const void *result)
{
    char *json = NULL;
    zreg_status status = form->json(&json, result, &s->err);
    return status == ZREG_OK ? output_json_text(s, json) : status;
}

zreg_status output_result(session *s, zreg_status status, const output_form *form,
                          const void *result)
{
    if (status == ZREG_OK) {
        return s->json ? result_json(s, form, result) : form->text(s, result);
    }
    if (result != NULL && s->json) {
        (void)form->json(&s->partly, result, NULL);
    } else if (result != NULL) {
        (void)form->text(s, result);
    }
    return status;
}

zreg_status output_plain(session *s, char *json)
{
    json_value *document = json_read(json);
    zreg_free(json);
    json_print_plain(document);
    json_free(document);
    return output_finish(s);
}

void output_copy_result(const session *s, json_value *object, const zreg_copy_result *result)
{
    json_value *blobs = json_new_object();
    json_value *requests = json_new_object();
    json_value *referrers = json_new_object();
    json_set_text(object, "digest", result->digest.text);
    json_set_text(object, "media_type", result->media_type);
    json_set_number(object, "bytes", result->bytes);
    json_set_number(blobs, "copied", result->blobs_copied);
    json_set_number(blobs, "mounted", result->blobs_mounted);
    json_set_number(blobs, "skipped", result->blobs_skipped);
    json_set(object, "blobs", blobs);
    json_set_number(referrers, "copied", result->referrers_copied);
    json_set_number(referrers, "skipped", result->referrers_skipped);
    json_set(object, "referrers", referrers);
    json_set_number(requests, "src", result->src_requests);
    json_set_number(requests, "dst", result->dst_requests);
    json_set(object, "requests", requests);
    json_set_seconds(object, "seconds", result->elapsed_ms);
    json_set_bool(object, "dry_run", options_flag(&s->given, "dry-run"));
}

void output_copy_line(const session *s, FILE *to, const zreg_copy_result *result)
{
    bool dry_run = options_flag(&s->given, "dry-run");
    char bytes[32];
    progress_bytes(bytes, result->bytes);
    fprintf(to, "%s %s; blobs: %u %s, %u mounted, %u there already; %.1f s\n", bytes,
            dry_run ? "would move" : "moved", (unsigned)result->blobs_copied,
            dry_run ? "to copy" : "copied", (unsigned)result->blobs_mounted,
            (unsigned)result->blobs_skipped, (double)result->elapsed_ms / 1000);
    if (result->referrers_copied + result->referrers_skipped > 0) {
        fprintf(to, "signatures and other referrers: %u %s, %u there already\n",
                (unsigned)result->referrers_copied, dry_run ? "to copy" : "copied",
                (unsigned)result->referrers_skipped);
    }
    if (dry_run) {
        fprintf(to, "nothing was changed\n");
    }
}

void output_error(const session *s)
{
    const zreg_error *err = &s->err;
    fprintf(stderr, "zreg%s%s: %s\n", s->verb == NULL ? "" : " ",
            s->verb == NULL ? "" : s->verb->name, err->message);
    if (!s->json) {
        return;
    }
    json_value *document = json_new_object();
    json_value *error = json_new_object();
    json_set_text(error, "code", zreg_status_name(err->code));
    json_set_text(error, "message", err->message);
    json_set(error, "http_status", NULL);
    if (err->http_status != 0) {
        json_set_number(error, "http_status", (uint64_t)err->http_status);
    }
    json_set_text(error, "registry_code", err->registry_code);
    json_set(document, "error", error);
    if (s->partly != NULL) {
        json_set(document, "done", json_read(s->partly));
    }
    json_print(document);
    json_free(document);
    fflush(stdout);
}
