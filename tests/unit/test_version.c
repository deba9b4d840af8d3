/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <zreg/common.h>

static void version_is_that_of_configure(void **state)
{
    (void)state;
    assert_string_equal(zreg_version(), PACKAGE_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_that_of_configure),
    };

    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
