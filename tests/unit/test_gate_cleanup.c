/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of cleanup, and the times it is fed with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gate/cleanup_rule.h"

#define HOUR 3600
#define DAY 86400

static bool is_old(const zreg__cleanup_rule *rule, int64_t age_s)
{
    char reason[ZREG__REASON_BYTES] = "";
    const zreg__cleanup_age age = {.age_s = age_s, .of = "pushed", .unknown = "nobody tells"};
    bool old = zreg__cleanup_rule_is_old(rule, &age, reason);
    assert_true(reason[0] != '\0');
    return old;
}

static void a_day_is_a_whole_duration(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__cleanup_rule) zreg__cleanup_rule rule = {.compiled = false};
    assert_int_equal(zreg__cleanup_rule_make(&rule, NULL, 0, false, NULL), ZREG_OK);
    assert_false(is_old(&rule, 0));
    assert_false(is_old(&rule, 23 * HOUR));
    assert_false(is_old(&rule, DAY - 1));
    assert_true(is_old(&rule, DAY));
    assert_true(is_old(&rule, 25 * HOUR));
    assert_true(is_old(&rule, 3 * DAY + 60));
    assert_true(is_old(&rule, INT64_MAX));
    assert_false(is_old(&rule, -1));
}

static void any_age_does_not_look(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__cleanup_rule) zreg__cleanup_rule rule = {.compiled = false};
    assert_int_equal(zreg__cleanup_rule_make(&rule, NULL, 0, true, NULL), ZREG_OK);
    assert_true(is_old(&rule, -1));
    assert_true(is_old(&rule, 0));
}

static void tags_fit_as_the_table_says(void **state)
{
    (void)state;
    static const struct {
        const char *match;
        const char *tag;
        bool fits;
    } rows[] = {
        {NULL, "change_1_latest", true},
        {NULL, "change_123456_1.0", true},
        {NULL, "change_1_a_b", true},
        {NULL, "change_1_", false},
        {NULL, "change__latest", false},
        {NULL, "change_x_latest", false},
        {NULL, "change_1", false},
        {NULL, "xchange_1_latest", false},
        {NULL, "latest", false},
        {"periodic_.+", "periodic_latest", true},
        {"periodic_.+", "change_1_latest", false},
        {"periodic_.+|change_1_.+", "change_1_latest", true},
        {"^change_1_.+$", "change_1_latest", true},
        {"change_1", "change_1_latest", false},
        {"x|(change_1_.*)", "change_1_latest", true},
        {"xyz", "xyz", false},
        {"_a", "_a", false},
        {"a_", "a_", false},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        char reason[ZREG__REASON_BYTES] = "";
        ZREG__AUTO(zreg__cleanup_rule) zreg__cleanup_rule rule = {.compiled = false};
        assert_int_equal(zreg__cleanup_rule_make(&rule, rows[i].match, 0, false, NULL), ZREG_OK);
        assert_int_equal(zreg__cleanup_rule_fits(&rule, rows[i].tag, reason), rows[i].fits);
        assert_int_equal(reason[0] == '\0', rows[i].fits);
    }
}

static void patterns_without_a_pipeline_are_refused(void **state)
{
    (void)state;
    static const char *const patterns[] = {".*", "latest", "[a-z]+_.*", ".*_1.0",
                                           "(",  "[",      "v1.*",      "zreg-order_.+"};
    for (size_t i = 0; i < ZREG__COUNT(patterns); i++) {
        ZREG__AUTO(zreg__cleanup_rule) zreg__cleanup_rule rule = {.compiled = false};
        zreg_error err = {ZREG_OK};
        assert_int_equal(zreg__cleanup_rule_make(&rule, patterns[i], 0, false, &err), ZREG_INVAL);
        assert_true(err.message[0] != '\0');
    }
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected; /* -1: no time */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2001-09-09T01:46:40Z", 1000000000},
        {"2001-09-09t01:46:40.999999999z", 1000000000},
        {"2001-09-09 03:46:40+02:00", 1000000000},
        {"2001-09-08T20:16:40.5-05:30", 1000000000},
        {"2001-09-09T01:46:40", -1},
        {"2001-09-09", -1},
        {"2001-13-09T01:46:40Z", -1},
        {"2001-09-09T25:46:40Z", -1},
        {"2001-09-09T01:46:40Zx", -1},
        {"2001-09-09T01:46:40+2", -1},
        {"yesterday", -1},
        {"", -1},
        {NULL, -1},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        int64_t seen = -1;
        assert_int_equal(zreg__clock_parse_rfc3339(&seen, rows[i].text), rows[i].expected >= 0);
        assert_int_equal(seen, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_a_whole_duration),
        cmocka_unit_test(any_age_does_not_look),
        cmocka_unit_test(tags_fit_as_the_table_says),
        cmocka_unit_test(patterns_without_a_pipeline_are_refused),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
