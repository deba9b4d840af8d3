/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <zreg.h>

static void version_is_that_of_configure(void **state)
{
    (void)state;
    assert_string_equal(zreg_version(), PACKAGE_VERSION);
}

static void macros_are_those_of_configure(void **state)
{
    char text[32];
    (void)state;
    snprintf(text, sizeof(text), "%d.%d.%d", ZREG_VERSION_MAJOR, ZREG_VERSION_MINOR,
             ZREG_VERSION_PATCH);
    assert_string_equal(text, PACKAGE_VERSION);
    assert_int_equal(zreg_version_number(), ZREG_VERSION_NUMBER);
    assert_true(ZREG_VERSION_MINOR < 256 && ZREG_VERSION_PATCH < 256);
}

static void features_say_what_this_build_has(void **state)
{
    size_t count = 0;
    (void)state;
    for (const char *name; (name = zreg_feature_name(count)) != NULL; count++) {
        assert_non_null(zreg_feature(name));
        assert_true(strlen(zreg_feature(name)) > 0);
    }
    assert_true(count >= 2);
    assert_non_null(strstr(zreg_feature("http"), "libcurl "));
    assert_non_null(zreg_feature("tls"));
    assert_int_equal(zreg_feature("server") != NULL, ZREG_WITH_SERVER);
    assert_null(zreg_feature("time travel"));
    assert_null(zreg_feature(""));
    assert_null(zreg_feature(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_that_of_configure),
        cmocka_unit_test(macros_are_those_of_configure),
        cmocka_unit_test(features_say_what_this_build_has),
    };

    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
