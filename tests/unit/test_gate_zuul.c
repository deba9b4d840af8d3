/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gate/zuul.h"
#include <string.h>

#define IMAGE(tag)                                                                                 \
    "{\"name\":\"x/y:" tag "\",\"url\":\"docker://r.example:5000/x/y:b_" tag                       \
    "\",\"metadata\":{\"type\":\"container_image\",\"repository\":\"x/y\",\"tag\":\"" tag          \
    "\",\"change\":\"666\"}}"

static zreg__json *parse(const char *text)
{
    zreg__json *document = NULL;
    assert_int_equal(zreg__json_parse(&document, text, strlen(text), "test", NULL), ZREG_OK);
    return document;
}

static zreg_zuul_builds *read_builds(const char *text)
{
    zreg_zuul_builds *builds = NULL;
    ZREG__AUTO(zreg__json) zreg__json *document = parse(text);
    assert_int_equal(zreg__zuul_builds_read(&builds, document, NULL), ZREG_OK);
    return builds;
}

static void builds_are_read_in_both_shapes(void **state)
{
    (void)state;
    static const char *const shapes[] = {
        "[{\"uuid\":\"u1\",\"job_name\":\"j\",\"result\":\"SUCCESS\",\"pipeline\":\"gate\","
        "\"buildset\":{\"uuid\":\"s1\"},\"ref\":{\"project\":\"p\",\"branch\":\"master\","
        "\"change\":12,\"patchset\":\"3\"},\"artifacts\":[" IMAGE("1") "]}]",
        "[{\"uuid\":\"u1\",\"job_name\":\"j\",\"result\":\"SUCCESS\",\"pipeline\":\"gate\","
        "\"buildset\":{\"uuid\":\"s1\"},\"project\":\"p\",\"branch\":\"master\",\"change\":12,"
        "\"patchset\":\"3\",\"artifacts\":[" IMAGE("1") "]}]",
    };
    for (size_t i = 0; i < ZREG__COUNT(shapes); i++) {
        ZREG__AUTO(zreg_zuul_builds) zreg_zuul_builds *builds = read_builds(shapes[i]);
        assert_int_equal(zreg_zuul_builds_count(builds), 1);
        const zreg_zuul_build *build = zreg_zuul_builds_at(builds, 0);
        assert_string_equal(build->uuid, "u1");
        assert_string_equal(build->project, "p");
        assert_string_equal(build->change, "12");
        assert_string_equal(build->patchset, "3");
        assert_string_equal(build->buildset, "s1");
        assert_string_equal(build->ended, "");
        ZREG__AUTO(zreg_artifacts) zreg_artifacts *artifacts = NULL;
        assert_int_equal(zreg_zuul_builds_artifacts(&artifacts, builds, NULL), ZREG_OK);
        assert_int_equal(zreg_artifacts_count(artifacts), 1);
        assert_string_equal(zreg_artifacts_at(artifacts, 0)->change, "12");
        assert_string_equal(zreg_artifacts_at(artifacts, 0)->build, "u1");
        assert_null(zreg_zuul_builds_at(builds, 1));
    }
}

static void what_did_not_succeed_is_left_out(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_zuul_builds)
    zreg_zuul_builds *builds = read_builds(
        "[{\"uuid\":\"a\",\"result\":null},{\"uuid\":\"b\",\"result\":\"FAILURE\"},{\"uuid\":\"c\"}"
        ","
        "{\"uuid\":\"d\",\"result\":\"success\"},{\"uuid\":\"e\",\"result\":\"SUCCESS\"},"
        "{\"uuid\":\"f\",\"result\":{\"SUCCESS\":1}},null,1,\"SUCCESS\",[]]");
    assert_int_equal(zreg_zuul_builds_count(builds), 1);
    assert_string_equal(zreg_zuul_builds_at(builds, 0)->uuid, "e");
}

static void artifacts_that_are_no_images_are_left_out(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_zuul_builds)
    zreg_zuul_builds *builds = read_builds(
        "[{\"uuid\":\"u\",\"result\":\"SUCCESS\",\"artifacts\":[null,[],1,{},"
        "{\"name\":\"logs\",\"url\":\"https://x\"},{\"name\":\"x\",\"url\":3},"
        "{\"name\":\"no "
        "tag\",\"url\":\"docker://\",\"metadata\":{\"type\":\"container_image\"}}," IMAGE(
            "2") "]}]");
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *artifacts = NULL;
    assert_int_equal(zreg_zuul_builds_artifacts(&artifacts, builds, NULL), ZREG_OK);
    assert_int_equal(zreg_artifacts_count(artifacts), 1);
    assert_string_equal(zreg_artifacts_at(artifacts, 0)->tag, "2");
}

static void texts_that_are_not_plain_are_left_out(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_zuul_builds)
    zreg_zuul_builds *builds =
        read_builds("[{\"uuid\":\"a\\nb\",\"result\":\"SUCCESS\",\"job_name\":[\"x\"],"
                    "\"ref\":\"no object\",\"buildset\":5}]");
    assert_string_equal(zreg_zuul_builds_at(builds, 0)->uuid, "");
    assert_string_equal(zreg_zuul_builds_at(builds, 0)->job, "");
    assert_string_equal(zreg_zuul_builds_at(builds, 0)->buildset, "");
}

static void the_order_is_that_of_the_first_buildset(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        uint64_t order; /* 1: PROTO */
    } rows[] = {
        {"[]", 0},
        {"[{\"_id\":7,\"event_timestamp\":\"2026-01-01T00:00:00\"}]", 1767225600000007},
        {"[{\"event_timestamp\":\"2026-01-01T00:00:00\"}]", 1767225600000000},
        {"[{\"_id\":9,\"event_timestamp\":\"2026-02-01T00:00:00\"},"
         "{\"_id\":1000002,\"event_timestamp\":\"2026-01-01T00:00:00\"}]",
         1767225600000002},
        {"[{\"event_timestamp\":null}]", 1},
        {"[{\"event_timestamp\":\"2026-01-01\"}]", 1},
        {"[{\"event_timestamp\":\"1969-12-31T00:00:00\"}]", 1},
        {"[1]", 1},
        {"{}", 1},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg__json) zreg__json *document = parse(rows[i].document);
        uint64_t order = 1;
        zreg_status status = zreg__zuul_order_read(&order, document, NULL);
        assert_int_equal(status, rows[i].order == 1 ? ZREG_PROTO : ZREG_OK);
        assert_true(order == rows[i].order);
    }
}

static void a_list_is_wanted(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__json) zreg__json *document = parse("{\"builds\":[]}");
    zreg_zuul_builds *builds = NULL;
    assert_int_equal(zreg__zuul_builds_read(&builds, document, NULL), ZREG_PROTO);
    assert_null(builds);
    assert_int_equal(zreg_zuul_builds_count(NULL), 0);
    zreg_zuul_builds_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_are_read_in_both_shapes),
        cmocka_unit_test(what_did_not_succeed_is_left_out),
        cmocka_unit_test(artifacts_that_are_no_images_are_left_out),
        cmocka_unit_test(texts_that_are_not_plain_are_left_out),
        cmocka_unit_test(the_order_is_that_of_the_first_buildset),
        cmocka_unit_test(a_list_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
