/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns for repositories and tags (docs/design/0016-rights.md). */
#include "base/compiler.h"
#include "base/error.h"
#include "server/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool fits(const char *pattern, const char *name)
{
    return zreg__pattern_fits(zreg__span_of(pattern), name);
}

static void test_stars_stand_for_what_they_say(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool fits;
    } rows[] = {
        {"a", "a", true},
        {"a", "b", false},
        {"a", "aa", false},
        {"a", "", false},
        {"*", "a", true},
        {"*", "a/b", false},
        {"**", "a/b/c", true},
        {"team/*", "team/a", true},
        {"team/*", "team/a/b", false},
        {"team/*", "team", false},
        {"team/**", "team/a/b", true},
        {"team/**", "team", false},
        {"team/**", "teammate/a", false},
        {"*/app", "team/app", true},
        {"*/app", "a/b/app", false},
        {"**/app", "a/b/app", true},
        {"**/app", "app", false},
        {"**app", "app", true},
        {"a*c*e", "abcde", true},
        {"a*c*e", "abcdef", false},
        {"a*b/c", "axxb/c", true},
        {"a*b/c", "ax/b/c", false},
        {"**/a*/c", "x/ab/b/ac/c", true},
        {"**/a*/c", "x/ab/b/ac/d", false},
        {"a/**/z", "a/b/c/z", true},
        {"a/**/z", "a/z", false},
        {"**a*b**", "c/acb/d", true},
        {"**a*b**", "a/b", false},
        {"*-*", "a-b-c", true},
        {"a*", "a", true},
    };
    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        if (fits(rows[i].pattern, rows[i].name) != rows[i].fits) {
            fail_msg("%s and %s", rows[i].pattern, rows[i].name);
        }
    }
}

/* The meaning, as it is written down, without a thought for time. */
static bool means(const char *pattern, const char *name)
{
    if (pattern[0] == '\0') {
        return name[0] == '\0';
    }
    if (pattern[0] != '*') {
        return name[0] == pattern[0] && means(pattern + 1, name + 1);
    }
    bool is_two = pattern[1] == '*';
    for (const char *end = name;; end++) {
        if (means(pattern + (is_two ? 2 : 1), end)) {
            return true;
        }
        if (*end == '\0' || (*end == '/' && !is_two)) {
            return false;
        }
    }
}

static void fill(char *out, unsigned number, const char *letters, size_t size)
{
    for (size_t i = 0; i < size; i++, number /= (unsigned)strlen(letters)) {
        out[i] = letters[number % strlen(letters)];
    }
    out[size] = '\0';
}

static void test_all_short_patterns_and_names_agree_with_the_meaning(void **state)
{
    char pattern[8], name[8];
    (void)state;
    for (unsigned p = 0; p < 1024; p++) {
        fill(pattern, p, "*a/b", 5);
        if (strstr(pattern, "***") != NULL) {
            continue;
        }
        for (unsigned n = 0; n < 6 * 243; n++) {
            fill(name, n / 6, "a/b", n % 6);
            if (fits(pattern, name) != means(pattern, name)) {
                fail_msg("%s and %s", pattern, name);
            }
        }
    }
}

/* With naive retreat this would not end before the sun does. */
static void test_no_name_makes_a_pattern_slow(void **state)
{
    char pattern[257] = "", name[257] = "";
    (void)state;
    memset(name, 'a', 255);
    for (size_t i = 0; i + 3 < 250; i += 3) {
        memcpy(pattern + i, i % 2 == 0 ? "*a*" : "**a", 3);
    }
    pattern[strlen(pattern)] = 'b';
    assert_false(fits(pattern, name));
}

static void test_what_is_no_pattern_is_refused(void **state)
{
    static const char *const wrong[] = {"",  "/",   "/a", "a/",  "a//b", "***",
                                        "A", "a b", "a?", "a\n", "a,b"};
    static const char *const right[] = {"a", "**", "docker.io/library/*", "localhost:5000/a_b-c.d"};
    zreg_error err;
    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(wrong); i++) {
        assert_int_equal(zreg__pattern_check(zreg__span_of(wrong[i]), &err), ZREG_INVAL);
    }
    for (size_t i = 0; i < ZREG__COUNT(right); i++) {
        assert_int_equal(zreg__pattern_check(zreg__span_of(right[i]), &err), ZREG_OK);
    }
    assert_int_equal(zreg__pattern_check_tag(zreg__span_of("v*.RC"), &err), ZREG_OK);
    assert_int_equal(zreg__pattern_check_tag(zreg__span_of("a/b"), &err), ZREG_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stars_stand_for_what_they_say),
        cmocka_unit_test(test_all_short_patterns_and_names_agree_with_the_meaning),
        cmocka_unit_test(test_no_name_makes_a_pattern_slow),
        cmocka_unit_test(test_what_is_no_pattern_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
