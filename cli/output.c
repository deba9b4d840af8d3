/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "memory.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_object *output_object(void)
{
    return memory_check(json_object_new_object());
}

json_object *output_array(void)
{
    return memory_check(json_object_new_array());
}

void output_set(json_object *object, const char *key, json_object *value)
{
    memory_check(json_object_object_add(object, key, value) == 0 ? object : NULL);
}

void output_set_text(json_object *object, const char *key, const char *text)
{
    bool known = text != NULL && text[0] != '\0';
    output_set(object, key, known ? memory_check(json_object_new_string(text)) : NULL);
}

void output_set_number(json_object *object, const char *key, uint64_t number)
{
    output_set(object, key, memory_check(json_object_new_uint64(number)));
}

void output_set_bool(json_object *object, const char *key, bool value)
{
    output_set(object, key, memory_check(json_object_new_boolean(value)));
}

void output_add(json_object *array, json_object *value)
{
    memory_check(json_object_array_add(array, value) == 0 ? array : NULL);
}

void output_add_text(json_object *array, const char *text)
{
    output_add(array, memory_check(json_object_new_string(text)));
}

zreg_status output_names(session *s, const char *key, const char *of, const char *member,
                         const zreg_strings *names)
{
    json_object *document = output_object();
    json_object *list = output_array();
    output_set_text(document, key, of);
    output_set(document, member, list);
    for (size_t i = 0; i < zreg_strings_count(names); i++) {
        output_add_text(list, zreg_strings_at(names, i));
        if (!s->json) {
            puts(zreg_strings_at(names, i));
        }
    }
    if (s->json) {
        return output_json(s, document);
    }
    json_object_put(document);
    return output_finish(s);
}

zreg_status output_finish(session *s)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return session_fail(s, ZREG_IO, "standard output: %s", strerror(errno));
    }
    return ZREG_OK;
}

zreg_status output_json(session *s, json_object *document)
{
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
    puts(memory_check((char *)json_object_to_json_string_ext(document, flags)));
    json_object_put(document);
    return output_finish(s);
}

zreg_status output_json_text(session *s, char *json)
{
    puts(json);
    zreg_free(json);
    return output_finish(s);
}

/* Labels and the like come from outside and may hold what drives a terminal. */
static void print_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    }
}

static void print_value(json_object *value, int depth);

static void print_member(const char *key, json_object *value, int depth)
{
    bool nested =
        json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array);
    printf("%*s", depth * 2, "");
    print_clean(key);
    printf(nested ? ":\n" : ": ");
    print_value(value, depth + 1);
}

static void print_entry(json_object *value, int depth)
{
    if (json_object_is_type(value, json_type_object)) {
        print_value(value, depth);
        return;
    }
    printf("%*s", depth * 2, "");
    print_value(value, depth);
}

static void print_value(json_object *value, int depth)
{
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            print_member(key, member, depth);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            print_entry(json_object_array_get_idx(value, i), depth);
        }
    } else {
        print_clean(value == NULL ? "-" : json_object_get_string(value));
        putchar('\n');
    }
}

zreg_status output_plain(session *s, json_object *document)
{
    print_value(document, 0);
    return output_finish(s);
}

void output_copy_result(json_object *object, const zreg_copy_result *result)
{
    json_object *blobs = output_object();
    json_object *requests = output_object();
    json_object *referrers = output_object();
    char seconds[32];
    output_set_text(object, "digest", result->digest.text);
    output_set_text(object, "media_type", result->media_type);
    output_set_number(object, "bytes", result->bytes);
    output_set_number(blobs, "copied", result->blobs_copied);
    output_set_number(blobs, "mounted", result->blobs_mounted);
    output_set_number(blobs, "skipped", result->blobs_skipped);
    output_set(object, "blobs", blobs);
    output_set_number(referrers, "copied", result->referrers_copied);
    output_set_number(referrers, "skipped", result->referrers_skipped);
    output_set(object, "referrers", referrers);
    output_set_number(requests, "src", result->src_requests);
    output_set_number(requests, "dst", result->dst_requests);
    output_set(object, "requests", requests);
    snprintf(seconds, sizeof(seconds), "%.3f", (double)result->elapsed_ms / 1000);
    output_set(object, "seconds",
               memory_check(json_object_new_double_s((double)result->elapsed_ms / 1000, seconds)));
}

void output_copy_line(const zreg_copy_result *result)
{
    char bytes[32];
    progress_bytes(bytes, result->bytes);
    printf("%s moved; blobs: %u copied, %u mounted, %u there already; %.1f s\n", bytes,
           (unsigned)result->blobs_copied, (unsigned)result->blobs_mounted,
           (unsigned)result->blobs_skipped, (double)result->elapsed_ms / 1000);
    if (result->referrers_copied + result->referrers_skipped > 0) {
        printf("signatures and other referrers: %u copied, %u there already\n",
               (unsigned)result->referrers_copied, (unsigned)result->referrers_skipped);
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
    json_object *document = output_object();
    json_object *error = output_object();
    output_set_text(error, "code", zreg_status_name(err->code));
    output_set_text(error, "message", err->message);
    output_set(error, "http_status",
               err->http_status == 0 ? NULL : json_object_new_int(err->http_status));
    output_set_text(error, "registry_code", err->registry_code);
    output_set(document, "error", error);
    if (s->partly != NULL) {
        output_set(document, "done", json_tokener_parse(s->partly));
    }
    puts(json_object_to_json_string_ext(document,
                                        JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(document);
    fflush(stdout);
}
