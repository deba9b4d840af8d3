/* SPDX-License-Identifier: Apache-2.0 */
/* tests/data/json_rules.tsv, as everyone reads JSON who reads it by base/json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/json_text.h"
#include "base/mem.h"
#include "json_rules.h"
#include "registry/credentials.h"
#include <json-c/json_c_version.h>
#include <locale.h>
#include <stdio.h>
#include <zreg.h>

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define LAYER "\"mediaType\":\"a/b\",\"digest\":\"" EMPTY "\","
#define MANIFEST "{\"schemaVersion\":2,\"config\":{" LAYER "\"size\":0},"

static zreg__buf text = ZREG__BUF(ZREG__MIB);

static bool is_where(const json_rule *rule, const char *where)
{
    return zreg__str_equal(rule->where, where);
}

/* The row between two texts, in `text`. */
static void surround(const char *before, const json_rule *rule, const char *after)
{
    zreg__buf_reset(&text);
    assert_int_equal(zreg__buf_text(&text, before, NULL), ZREG_OK);
    assert_int_equal(zreg__buf_append(&text, rule->text.data, rule->text.size, NULL), ZREG_OK);
    assert_int_equal(zreg__buf_text(&text, after, NULL), ZREG_OK);
}

static void judge(const json_rule *rule, const char *reader, zreg_status status,
                  const zreg_error *err)
{
    if (status != rule->verdict ||
        (status != ZREG_OK && strstr(err->message, rule->what.data) == NULL)) {
        fail_msg("%s, %s: %.100s\n  gives %s \"%s\"\n  not %s \"%s\"", reader, rule->where,
                 rule->text.data, zreg_status_name(status), err->message,
                 zreg_status_name(rule->verdict), rule->what.data);
    }
}

static void check_text(const json_rule *rule)
{
    if (!is_where(rule, "value") && !is_where(rule, "document")) {
        return;
    }
    zreg_error err = {0};
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__AUTO_FREE char *exact = zreg__calloc(1, rule->text.size + 1);
    memcpy(exact, rule->text.data, rule->text.size);
    judge(rule, "text", zreg__json_parse(&json, exact, rule->text.size, "test", &err), &err);
    if (rule->verdict == ZREG_OK) {
        ZREG__AUTO_FREE char *printed = NULL;
        bool same = zreg__str_equal(rule->what.data, "=");
        assert_int_equal(zreg__json_print(&printed, json, NULL), ZREG_OK);
        assert_string_equal(printed, same ? rule->text.data : rule->what.data);
    }
}

static void texts_are_json_by_our_rule(void **state)
{
    (void)state;
    assert_true(json_rules_each(check_text) > 150);
}

/* Each row as a part of a manifest. */
static const struct {
    const char *where;
    const char *before;
    const char *after;
} parts[] = {
    {"value", MANIFEST "\"layers\":[],\"x\":", "}"},
    {"manifest", MANIFEST "\"layers\":[],", "}"},
    {"layer", MANIFEST "\"layers\":[{" LAYER, "}]}"},
    {"platform", MANIFEST "\"layers\":[{" LAYER "\"size\":5,\"platform\":{", "}}]}"},
};

static void check_part(const json_rule *rule, const char *before, const char *after)
{
    surround(before, rule, after);
    zreg_error err = {0};
    zreg_manifest *manifest = NULL;
    zreg_status status = zreg_manifest_parse(&manifest, text.data, text.size,
                                             "application/vnd.oci.image.manifest.v1+json", &err);
    judge(rule, "manifest", status, &err);
    zreg_manifest_free(manifest);
}

static void check_manifest(const json_rule *rule)
{
    for (size_t i = 0; i < ZREG__COUNT(parts); i++) {
        if (is_where(rule, parts[i].where)) {
            check_part(rule, parts[i].before, parts[i].after);
        }
    }
}

static void manifests_are_read_by_it(void **state)
{
    (void)state;
    assert_true(json_rules_each(check_manifest) > 150);
}

static void check_artifact(const json_rule *rule)
{
    if (is_where(rule, "value")) {
        surround("{\"build\":\"1\",\"x\":", rule, "}");
    } else if (is_where(rule, "artifact")) {
        surround("[{\"name\":\"a:1\",\"url\":\"docker://h.example/a:1\",", rule, "}]");
    } else {
        return;
    }
    zreg_error err = {0};
    zreg_artifacts *artifacts = NULL;
    judge(rule, "artifacts", zreg_artifacts_parse(&artifacts, text.data, text.size, &err), &err);
    zreg_artifacts_free(artifacts);
}

static void artifacts_of_zuul_are_read_by_it(void **state)
{
    (void)state;
    assert_true(json_rules_each(check_artifact) > 150);
}

static void check_credentials(const json_rule *rule)
{
    char *path;
    zreg_error err = {0};
    ZREG__AUTO(zreg__credentials) zreg__credentials *credentials = NULL;
    ZREG__AUTO(zreg__credential) zreg__credential found = {0};
    if (is_where(rule, "value")) {
        surround("{\"auths\":{},\"x\":", rule, "}");
    } else if (is_where(rule, "credentials")) {
        surround("{", rule, "}");
    } else {
        return;
    }
    ZREG__AUTO_FREE char *folder = NULL;
    assert_int_equal(zreg__file_temp_dir(&folder, "zreg-json-", NULL), ZREG_OK);
    path = zreg__asprintf("%s/config.json", folder);
    assert_int_equal(zreg__file_write(path, text.data, text.size, 0600, false, NULL), ZREG_OK);
    assert_int_equal(zreg__credentials_new(&credentials, path, NULL), ZREG_OK);
    judge(rule, "credentials",
          zreg__credentials_find(&found, credentials, "h.example", "a", NULL, &err), &err);
    assert_int_equal(zreg__file_remove_tree(folder, NULL), ZREG_OK);
    free(path);
}

static void files_of_credentials_are_read_by_it(void **state)
{
    (void)state;
    assert_true(json_rules_each(check_credentials) > 150);
}

/* In the tests of each version of json-c it must be that version. */
static void the_version_of_json_c_is_the_expected_one(void **state)
{
    (void)state;
    const char *expected = getenv("ZREG_JSON_C_VERSION");
    print_message("# json-c %s\n", json_c_version());
    if (expected != NULL) {
        assert_string_equal(json_c_version(), expected);
    }
}

static zreg_status parse_repeated(const char *before, const char *item, size_t count,
                                  const char *after)
{
    ZREG__AUTO(zreg__buf) zreg__buf document = ZREG__BUF(8 * ZREG__MIB);
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    assert_int_equal(zreg__buf_text(&document, before, NULL), ZREG_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(zreg__buf_text(&document, item, NULL), ZREG_OK);
    }
    assert_int_equal(zreg__buf_text(&document, after, NULL), ZREG_OK);
    return zreg__json_parse(&json, document.data, document.size, "test", NULL);
}

/* An empty object takes hundreds of times its two bytes. */
static void small_values_do_not_fill_the_memory(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("[", "{},", 1000, "{}]"), ZREG_OK);
    assert_int_equal(parse_repeated("[", "{},", 1000000, "{}]"), ZREG_LIMIT);
    assert_int_equal(parse_repeated("[", "[],", 1000000, "[]]"), ZREG_LIMIT);
    assert_int_equal(parse_repeated("[", "\"a1\",", 800000, "\"a\"]"), ZREG_OK);
    assert_int_equal(parse_repeated("[", "{" LAYER "\"size\":5},", 30000, "0]"), ZREG_OK);
}

static void numbers_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__AUTO(zreg__json) zreg__json *here = NULL;
    char *old = zreg__strdup(setlocale(LC_ALL, NULL));
    const char *there = setlocale(LC_ALL, "de_DE.UTF-8");
    assert_int_equal(zreg__json_parse(&json, "[1.5]", 5, "test", NULL), ZREG_OK);
    setlocale(LC_ALL, old);
    free(old);
    assert_int_equal(zreg__json_parse(&here, "[1.5]", 5, "test", NULL), ZREG_OK);
    assert_true(zreg__json_equal(json, here));
    print_message("# a locale with a decimal comma: %s\n", there != NULL ? there : "none here");
}

/* What a label, a path or a peer brings is any bytes. */
static void what_is_printed_is_json_whatever_comes(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    ZREG__AUTO_FREE char *printed = NULL;
    zreg_error err = {0};
    assert_int_equal(zreg__json_set_text(json, "a", "\x01\"\\/\x1f\x7f\t\xc3\xb6", NULL), ZREG_OK);
    assert_int_equal(zreg__json_set_text(json, "k\"\n", NULL, NULL), ZREG_OK);
    assert_int_equal(zreg__json_print(&printed, json, NULL), ZREG_OK);
    assert_string_equal(printed, "{\"a\":\"\\u0001\\\"\\\\/\\u001f\x7f\\t\xc3\xb6\","
                                 "\"k\\\"\\n\":null}");
    free(zreg__steal(&printed));
    assert_int_equal(zreg__json_set_text(json, "b", "J\xf6rg \xc3\xb6 \xed\xa0\x80", NULL),
                     ZREG_OK);
    assert_int_equal(zreg__json_print(&printed, json, &err), ZREG_INVAL);
    assert_string_equal(err.message, "the text of \"b\" is not UTF-8, so it cannot stand in JSON");
    assert_int_equal(zreg__json_print_report(&printed, json, NULL), ZREG_OK);
    assert_non_null(strstr(printed, "\"b\":\"J?rg \xc3\xb6 ???\""));
}

static void it_is_printed_in_lines(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__AUTO_FREE char *printed = NULL;
    const char *document = "{\"a\":[1,{\"b\":{}},[]],\"c\":-1.50,\"d\":true}";
    assert_int_equal(zreg__json_parse(&json, document, strlen(document), "test", NULL), ZREG_OK);
    assert_int_equal(zreg__json_print_lines(&printed, json, " ", NULL), ZREG_OK);
    assert_string_equal(printed, "{\n \"a\": [\n  1,\n  {\n   \"b\": {}\n  },\n  []\n ],\n"
                                 " \"c\": -1.50,\n \"d\": true\n}");
}

/* A line of the access log, which is written without a tree. */
static void a_line_is_json_whatever_comes(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__buf) zreg__buf buf = ZREG__BUF(200);
    zreg__json_text_line line = {.to = &buf};
    zreg__json_text_member(&line, "a", "\x01\"\\\xf6 \xed\xa0\x80");
    zreg__json_text_member(&line, "b", NULL);
    zreg__json_text_member_u64(&line, "c", UINT64_MAX);
    zreg__json_text_begin_list(&line, "d");
    zreg__json_text_item(&line, "\n", true);
    zreg__json_text_item(&line, "\xc3\xb6", false);
    zreg__json_text_end_list(&line);
    assert_true(zreg__json_text_end(&line));
    assert_string_equal(buf.data, "{\"a\":\"\\u0001\\\"\\\\? ???\",\"b\":null,"
                                  "\"c\":18446744073709551615,\"d\":[\"\\n\",\"\xc3\xb6\"]}");
}

static void a_line_without_room_is_none(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__buf) zreg__buf buf = ZREG__BUF(8);
    zreg__json_text_line line = {.to = &buf};
    zreg__json_text_member(&line, "key", "longer");
    zreg__json_text_member(&line, "a", NULL);
    assert_false(zreg__json_text_end(&line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_of_json_c_is_the_expected_one),
        cmocka_unit_test(texts_are_json_by_our_rule),
        cmocka_unit_test(manifests_are_read_by_it),
        cmocka_unit_test(artifacts_of_zuul_are_read_by_it),
        cmocka_unit_test(files_of_credentials_are_read_by_it),
        cmocka_unit_test(small_values_do_not_fill_the_memory),
        cmocka_unit_test(what_is_printed_is_json_whatever_comes),
        cmocka_unit_test(it_is_printed_in_lines),
        cmocka_unit_test(a_line_is_json_whatever_comes),
        cmocka_unit_test(a_line_without_room_is_none),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zreg__buf_finish(&text);
    return failed;
}
