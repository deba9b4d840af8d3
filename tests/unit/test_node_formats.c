/* SPDX-License-Identifier: Apache-2.0 */
/* How our part goes into somebody's file, and out of it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/block.h"
#include "node/formats.h"
#include "node/jsonfile.h"
#include "node/yaml.h"
#include <string.h>

#define BEGIN ZREG__BLOCK_BEGIN "\n"
#define END ZREG__BLOCK_END "\n"

static zreg__content content(const char *text)
{
    zreg__content made = {0};
    if (text != NULL) {
        assert_int_equal(zreg__content_text(&made, text, NULL), ZREG_OK);
    }
    return made;
}

static void assert_content(zreg__content *found, const char *expected)
{
    if (expected == NULL) {
        assert_false(found->exists);
    } else {
        assert_true(found->exists);
        assert_string_equal(found->bytes, expected);
        assert_int_equal(found->size, strlen(expected));
    }
    zreg__content_finish(found);
}

static void test_block_goes_in_and_out(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        size_t at, until;
        const char *after;
        const char *again; /* NULL: as before */
    } rows[] = {
        {"", 0, 0, BEGIN "x\n" END, NULL},
        {"a\nb\n", 2, 2, "a\n" BEGIN "x\n" END "b\n", NULL},
        {"a\nb\n", 2, 4, "a\n" BEGIN "#zreg-kept#b\nx\n" END, NULL},
        {"a", 1, 1, "a\n" BEGIN "x\n" END, "a\n"},
        {"a\nb", 0, 3, BEGIN "#zreg-kept#a\n#zreg-kept#b\nx\n" END, "a\nb\n"},
        {"a\r\n\n", 3, 4, "a\r\n" BEGIN "#zreg-kept#\nx\n" END, NULL},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        zreg__content before = content(rows[i].before);
        zreg__content after = {0};
        zreg__content again = {0};
        assert_int_equal(
            zreg__block_insert(&after, &before, rows[i].at, rows[i].until, "x\n", NULL), ZREG_OK);
        assert_string_equal(after.bytes, rows[i].after);
        assert_int_equal(zreg__block_remove(&again, &after, NULL), ZREG_OK);
        assert_content(&again, rows[i].again == NULL ? rows[i].before : rows[i].again);
        zreg__content_finish(&before);
        zreg__content_finish(&after);
    }
}

static void test_block_that_others_moved_indented_or_doubled(void **state)
{
    (void)state;
    zreg__content now = content("a\n  " ZREG__BLOCK_BEGIN "\r\nx\n\t" END "b\n" BEGIN END "c");
    zreg__content out = {0};
    assert_int_equal(zreg__block_remove(&out, &now, NULL), ZREG_OK);
    assert_content(&out, "a\nb\nc");
    zreg__content_finish(&now);
}

static void test_block_without_end_is_refused(void **state)
{
    (void)state;
    zreg__content now = content("a\n" BEGIN "x\nb\n");
    zreg__content out = {0};
    zreg_error err = {0};
    assert_int_equal(zreg__block_remove(&out, &now, &err), ZREG_CONFLICT);
    assert_non_null(strstr(err.message, ZREG__BLOCK_END));
    zreg__content_finish(&now);
}

static void check_json(const char *original, const char *written, const char *current,
                       const char *expected)
{
    zreg__content texts[3] = {content(original), content(written), content(current)};
    zreg__content out = {0};
    assert_int_equal(zreg__format_json.remove(&out, &texts[0], &texts[1], &texts[2], NULL),
                     ZREG_OK);
    assert_content(&out, expected);
    for (size_t i = 0; i < 3; i++) {
        zreg__content_finish(&texts[i]);
    }
}

static void test_json_is_compared_three_ways(void **state)
{
    (void)state;
    /* only ours in it: no file again */
    check_json(NULL, "{\"m\":[\"us\"]}", "{ \"m\": [\"us\"] }", NULL);
    /* others' item in our list, and their key */
    check_json(NULL, "{\"m\":[\"us\"]}", "{\"m\":[\"us\",\"new\"],\"k\":1}",
               "{\n  \"m\": [\n    \"new\"\n  ],\n  \"k\": 1\n}\n");
    /* their item was there too */
    check_json("{\"m\":[\"old\"]}", "{\"m\":[\"us\",\"old\"]}", "{\"m\":[\"us\",\"old\",\"new\"]}",
               "{\n  \"m\": [\n    \"old\",\n    \"new\"\n  ]\n}\n");
    check_json("{\"m\":[null]}", "{\"m\":[\"us\",null]}", "{\"m\":[\"us\",null,\"new\"]}",
               "{\n  \"m\": [\n    null,\n    \"new\"\n  ]\n}\n");
    /* a value that we replaced comes back, one that others set since stays */
    check_json("{\"a\":{\"h\":1}}", "{\"a\":{\"h\":2}}", "{\"a\":{\"h\":2},\"b\":null}",
               "{\n  \"a\": {\n    \"h\": 1\n  },\n  \"b\": null\n}\n");
    check_json("{\"a\":{\"h\":1}}", "{\"a\":{\"h\":2}}", "{\"a\":{\"h\":3}}", "{\"a\":{\"h\":3}}");
    /* what they removed is not put back */
    check_json("{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2,\"us\":3}", "{\"b\":2,\"us\":3}",
               "{\n  \"b\": 2\n}\n");
    /* an empty object of theirs stays one */
    check_json("{}", "{\"auths\":{\"us\":1}}", "{\"auths\":{\"us\":1},\"x\":{}}",
               "{\n  \"x\": {}\n}\n");
}

static void test_json_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"[]", "{", "{\"a\":1,\"a\":2}", "// comment\n{}",
                                       "nonsense"};
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        zreg__content now = content(rows[i]);
        zreg__json *json = NULL;
        assert_int_equal(zreg__jsonfile_parse(&json, &now, NULL), ZREG_INVAL);
        zreg__content_finish(&now);
    }
}

static void test_json_keeps_indentation(void **state)
{
    (void)state;
    zreg__content before = content("{\n\t\"a\": 1.50\n}");
    zreg__content out = {0};
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    assert_int_equal(zreg__jsonfile_parse(&json, &before, NULL), ZREG_OK);
    assert_int_equal(zreg__jsonfile_put_first(json, "m", "https://x/y", NULL), ZREG_OK);
    assert_int_equal(zreg__jsonfile_print(&out, json, &before, NULL), ZREG_OK);
    assert_content(&out, "{\n\t\"a\": 1.50,\n\t\"m\": [\n\t\t\"https://x/y\"\n\t]\n}\n");
    zreg__content_finish(&before);
}

static void test_yaml_keys(void **state)
{
    (void)state;
    zreg__content text = content("# c\n---\nmirrors: # all\n\n    docker.io:\n        endpoint:\n"
                                 "        - \"a\"\n    \"h:5000\":\n      x: y\n"
                                 "    h.example:5000:\n      x: z\nconfigs: {}\n");
    zreg__yaml_node document = zreg__yaml_document(&text);
    zreg__yaml_node mirrors;
    zreg__yaml_node node;
    zreg__yaml_node list;
    assert_true(zreg__yaml_find(&mirrors, &text, &document, "mirrors"));
    assert_int_equal(mirrors.value.size, 0);
    assert_int_equal(zreg__yaml_child_indent(&text, &mirrors), 4);
    assert_true(zreg__yaml_find(&node, &text, &mirrors, "docker.io"));
    assert_true(zreg__yaml_find(&list, &text, &node, "endpoint"));
    assert_memory_equal(text.bytes + list.body, "        - \"a\"\n", list.end - list.body);
    assert_true(zreg__yaml_find(&node, &text, &mirrors, "h:5000"));
    assert_true(zreg__yaml_find(&node, &text, &mirrors, "h.example:5000"));
    assert_false(zreg__yaml_find(&list, &text, &node, "endpoint"));
    assert_false(zreg__yaml_find(&node, &text, &document, "docker.io"));
    assert_true(zreg__yaml_find(&node, &text, &document, "configs"));
    assert_true(zreg__span_is(node.value, "{}"));
    zreg__content_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_goes_in_and_out),
        cmocka_unit_test(test_block_that_others_moved_indented_or_doubled),
        cmocka_unit_test(test_block_without_end_is_refused),
        cmocka_unit_test(test_json_is_compared_three_ways),
        cmocka_unit_test(test_json_that_is_none_is_refused),
        cmocka_unit_test(test_json_keeps_indentation),
        cmocka_unit_test(test_yaml_keys),
    };
    return cmocka_run_group_tests_name("host_formats", tests, NULL, NULL);
}
