/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "oci/range.h"

static void range_requests_are_answered_by_the_rfc(void **state)
{
    (void)state;
    const struct {
        const char *header;
        uint64_t size;
        zreg__range_result result;
        uint64_t first, last;
    } rows[] = {
        {NULL, 10, ZREG__RANGE_NONE, 0, 0},
        {"", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=0-0", 10, ZREG__RANGE_OK, 0, 0},
        {"bytes=2-5", 10, ZREG__RANGE_OK, 2, 5},
        {"Bytes = 2-5", 10, ZREG__RANGE_NONE, 0, 0},
        {"BYTES=2-5", 10, ZREG__RANGE_OK, 2, 5},
        {"bytes=2-", 10, ZREG__RANGE_OK, 2, 9},
        {"bytes=2-100", 10, ZREG__RANGE_OK, 2, 9},
        {"bytes=2-18446744073709551615", 10, ZREG__RANGE_OK, 2, 9},
        {"bytes=-3", 10, ZREG__RANGE_OK, 7, 9},
        {"bytes=-30", 10, ZREG__RANGE_OK, 0, 9},
        {"bytes=-0", 10, ZREG__RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=10-", 10, ZREG__RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=10-11", 10, ZREG__RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=0-", 0, ZREG__RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=-5", 0, ZREG__RANGE_UNSATISFIABLE, 0, 0},
        {"bytes=5-2", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=0-1,3-4", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=-", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=1", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=a-b", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=1-2-3", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=--5", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=0x1-2", 10, ZREG__RANGE_NONE, 0, 0},
        {"bytes=18446744073709551616-", 10, ZREG__RANGE_NONE, 0, 0},
        {"items=1-2", 10, ZREG__RANGE_NONE, 0, 0},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        uint64_t first = 0;
        uint64_t last = 0;
        zreg__range_result result =
            zreg__range_request(&first, &last, rows[i].header, rows[i].size);
        if (result != rows[i].result) {
            fail_msg("%s of %d: %d", rows[i].header, (int)rows[i].size, (int)result);
        }
        assert_int_equal(first, rows[i].first);
        assert_int_equal(last, rows[i].last);
    }
}

static void content_ranges_must_be_whole_and_inside(void **state)
{
    (void)state;
    const struct {
        const char *header;
        bool good;
        uint64_t first, last, size;
    } rows[] = {
        {"bytes 0-9/10", true, 0, 9, 10},
        {"Bytes 3-4/10", true, 3, 4, 10},
        {"bytes 3-4/*", true, 3, 4, UINT64_MAX},
        {"bytes 3-10/10", false, 0, 0, 0},
        {"bytes 4-3/10", false, 0, 0, 0},
        {"bytes */10", false, 0, 0, 0},
        {"bytes 3-4", false, 0, 0, 0},
        {"bytes 3-4/", false, 0, 0, 0},
        {"bytes 3-/10", false, 0, 0, 0},
        {"bytes=3-4/10", false, 0, 0, 0},
        {"3-4/10", false, 0, 0, 0},
        {"bytes 3-4/10/11", false, 0, 0, 0},
        {"bytes 99999999999999999999-4/10", false, 0, 0, 0},
        {"", false, 0, 0, 0},
        {NULL, false, 0, 0, 0},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        uint64_t first = 0;
        uint64_t last = 0;
        uint64_t size = 0;
        assert_int_equal(zreg__range_content(&first, &last, &size, rows[i].header), rows[i].good);
        assert_int_equal(first, rows[i].first);
        assert_int_equal(last, rows[i].last);
        assert_int_equal(size, rows[i].size);
    }
}

static void upload_offsets_have_three_spellings(void **state)
{
    (void)state;
    const struct {
        const char *header;
        bool good;
        uint64_t first, last;
    } rows[] = {
        {"0-0", true, 0, 0},       {"0-1023", true, 0, 1023}, {"bytes=5-9", true, 5, 9},
        {"bytes 5-9", true, 5, 9}, {" 5-9 ", true, 5, 9},     {"9-5", false, 0, 0},
        {"-5", false, 0, 0},       {"5-", false, 0, 0},       {"5", false, 0, 0},
        {"a-b", false, 0, 0},      {"", false, 0, 0},         {NULL, false, 0, 0},
        {"0--1", false, 0, 0},     {"0-5/10", false, 0, 0},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        uint64_t first = 0;
        uint64_t last = 0;
        assert_int_equal(zreg__range_upload(&first, &last, rows[i].header), rows[i].good);
        assert_int_equal(first, rows[i].first);
        assert_int_equal(last, rows[i].last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_requests_are_answered_by_the_rfc),
        cmocka_unit_test(content_ranges_must_be_whole_and_inside),
        cmocka_unit_test(upload_offsets_have_three_spellings),
    };

    return cmocka_run_group_tests_name("oci range", tests, NULL, NULL);
}
