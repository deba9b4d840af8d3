/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zreg/artifact.h>

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define META(more) "\"metadata\": {\"type\": \"container_image\"" more "}"
#define URL "\"url\": \"docker://i.example:5000/x/y:b1_1.0\""
#define IMAGE "\"repository\": \"x/y\", \"tag\": \"1.0\""

static zreg_artifacts *parse(const char *json)
{
    zreg_artifacts *list = NULL;
    zreg_error err = {ZREG_OK};
    if (zreg_artifacts_parse(&list, json, strlen(json), &err) != ZREG_OK) {
        fail_msg("%s: %s", json, err.message);
    }
    return list;
}

static void everything_that_zuul_and_publish_say_is_read(void **state)
{
    (void)state;
    zreg_artifacts *list =
        parse("[{\"name\": \"x/y:1.0\"," URL ", \"project\": \"p\", \"change\": \"12\","
              "\"patchset\": 3, \"job\": \"j\", \"branch\": \"main\"," META(
                  "," IMAGE ", \"digest\": \"" DIGEST
                  "\", \"media_type\": \"a/b\", \"build\": \"b9\"") "}]");
    const zreg_artifact *artifact = zreg_artifacts_at(list, 0);
    assert_int_equal(zreg_artifacts_count(list), 1);
    assert_string_equal(artifact->name, "x/y:1.0");
    assert_string_equal(artifact->url, "docker://i.example:5000/x/y:b1_1.0");
    assert_string_equal(artifact->repository, "x/y");
    assert_string_equal(artifact->tag, "1.0");
    assert_string_equal(artifact->digest, DIGEST);
    assert_string_equal(artifact->media_type, "a/b");
    assert_string_equal(artifact->change, "12");
    assert_string_equal(artifact->patchset, "3");
    assert_string_equal(artifact->build, "b9");
    assert_string_equal(artifact->project, "p");
    assert_string_equal(artifact->job, "j");
    assert_null(zreg_artifacts_at(list, 1));
    zreg_artifacts_free(list);
}

static void other_tools_artifacts_are_completed(void **state)
{
    (void)state;
    zreg_artifacts *list = parse("[{\"name\": \"y:1.0\"," URL "," META("") "}]");
    const zreg_artifact *artifact = zreg_artifacts_at(list, 0);
    assert_string_equal(artifact->repository, "library/y");
    assert_string_equal(artifact->tag, "1.0");
    assert_string_equal(artifact->build, "b1");
    assert_string_equal(artifact->digest, "");
    assert_string_equal(artifact->change, "");
    zreg_artifacts_free(list);
}

static void names_become_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *canonical;
    } rows[] = {
        {"y", "library/y"},
        {"library/y", "library/y"},
        {"docker.io/library/y", "library/y"},
        {"docker.io/y", "library/y"},
        {"x/y", "x/y"},
        {"docker.io/x/y", "x/y"},
        {"quay.io/x/y", "quay.io/x/y"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char json[512];
        snprintf(json, sizeof(json),
                 "[{\"name\": \"n\"," URL
                 "," META(", \"repository\": \"%s\", \"tag\": \"1.0\"") "}]",
                 rows[i].given);
        zreg_artifacts *list = parse(json);
        assert_string_equal(zreg_artifacts_at(list, 0)->repository, rows[i].canonical);
        zreg_artifacts_free(list);
    }
}

static void the_list_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t count;
    } rows[] = {
#define ONE "[{\"name\": \"x/y:1.0\"," URL "," META("") "}]"
        {ONE, 1},
        {"{\"artifacts\": " ONE "}", 1},
        {"{\"zuul\": {\"artifacts\": " ONE "}}", 1},
        {"{\"zuul\": {\"build\": \"b\", \"change\": \"1\"}}", 0},
        {"{\"build\": \"b\", \"artifacts\": " ONE "}", 1},
        {"[]", 0},
        {"[{\"name\": \"logs\", \"url\": \"https://l/\"}]", 0},
        {"[{\"name\": \"logs\", \"url\": \"https://l/\", \"metadata\": {\"type\": \"docs\"}}]", 0},
        {"[1, null, \"x\", []]", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zreg_artifacts *list = parse(rows[i].json);
        assert_int_equal(zreg_artifacts_count(list), rows[i].count);
        zreg_artifacts_free(list);
    }
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "{",
        "{}",
        "1",
        "null",
        "{\"zuul\": {}}",
        "{\"artifacts\": {}}",
        "{\"build\": \"b\", \"artifacts\": 1}",
        "[{\"name\": \"x/y:1.0\"," META("") "}]",
        "[{" URL "," META("") "}]",
        "[{\"name\": 1," URL "," META("") "}]",
        "[{\"name\": \"x/y\"," URL "," META("") "}]",
        "[{\"name\": \"x/y@" DIGEST "\"," URL "," META("") "}]",
        "[{\"name\": \"x/Y:1.0\"," URL "," META("") "}]",
        "[{\"name\": \"x/y:1.0\", \"url\": \"docker://h:1/../y:b\"," META("") "}]",
        "[{\"name\": \"x/y:1.0\"," URL "," META(", \"digest\": \"sha256:0\"") "}]",
        "[{\"name\": \"x/y:1.0\"," URL ", \"change\": \"1\\u001b[2J\"," META("") "}]",
        "[{\"name\": \"x/y:1.0\"," URL "," META(", \"repository\": \"a b\", \"tag\": \"t\"") "}]",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zreg_artifacts *list = NULL;
        zreg_error err = {ZREG_OK};
        if (zreg_artifacts_parse(&list, rows[i], strlen(rows[i]), &err) != ZREG_INVAL) {
            fail_msg("taken: %s", rows[i]);
        }
        assert_null(list);
        assert_int_equal(err.code, ZREG_INVAL);
        assert_string_not_equal(err.message, "");
    }
}

static void a_list_has_a_maximum(void **state)
{
    (void)state;
    enum { COUNT = 10001 };
    static const char one[] = "{\"name\": \"x/y:1.0\"," URL "," META("") "},";
    char *json = calloc(COUNT, sizeof(one));
    assert_non_null(json);
    size_t size = 0;
    json[size++] = '[';
    for (int i = 0; i < COUNT; i++, size += sizeof(one) - 1) {
        memcpy(json + size, one, sizeof(one) - 1);
    }
    json[size - 1] = ']';
    zreg_artifacts *list = NULL;
    assert_int_equal(zreg_artifacts_parse(&list, json, size, NULL), ZREG_LIMIT);
    free(json);
}

static void the_printed_list_has_zuuls_shape(void **state)
{
    (void)state;
    char *json = NULL;
    zreg_artifacts *list =
        parse("[{\"name\": \"x/y:1.0\"," URL ", \"project\": \"p\", \"change\": \"12\"," META(
            "," IMAGE
            ", \"platforms\": [\"linux/amd64\", \"linux/arm64/v8\"], \"digest\": \"" DIGEST
            "\"") "}]");
    assert_int_equal(zreg_artifacts_json(&json, list, NULL), ZREG_OK);
    assert_string_equal(
        json,
        "{\"artifacts\":[{\"name\":\"x/y:1.0\",\"url\":\"docker://i.example:5000/x/y:b1_1.0\","
        "\"metadata\":{\"type\":\"container_image\",\"repository\":\"x/y\",\"tag\":\"1.0\","
        "\"digest\":\"" DIGEST "\",\"platforms\":[\"linux/amd64\",\"linux/arm64/v8\"],"
        "\"change\":\"12\",\"build\":\"b1\"}}]}");
    zreg_artifacts *again = parse(json);
    assert_string_equal(zreg_artifacts_at(again, 0)->change, "12");
    zreg_artifacts_free(again);
    zreg_artifacts_free(list);
    free(json);
}

static void foreign_platforms_are_no_error(void **state)
{
    (void)state;
    char *json = NULL;
    zreg_artifacts *list =
        parse("[{\"name\": \"x/y:1.0\"," URL "," META(", \"platforms\": [\"linux\", 1]") "}]");
    assert_int_equal(zreg_artifacts_json(&json, list, NULL), ZREG_OK);
    assert_null(strstr(json, "platforms"));
    zreg_artifacts_free(list);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_zuul_and_publish_say_is_read),
        cmocka_unit_test(other_tools_artifacts_are_completed),
        cmocka_unit_test(names_become_canonical),
        cmocka_unit_test(the_list_is_found),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(a_list_has_a_maximum),
        cmocka_unit_test(the_printed_list_has_zuuls_shape),
        cmocka_unit_test(foreign_platforms_are_no_error),
    };

    return cmocka_run_group_tests_name("artifact", tests, NULL, NULL);
}
