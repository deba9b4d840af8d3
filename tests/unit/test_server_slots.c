/* SPDX-License-Identifier: Apache-2.0 */
/* How many uploads somebody has open: with a clock of the test. */
#include "base/limits.h"
#include "base/mem.h"
#include "server/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOUR_MS ((uint64_t)3600 * 1000)
#define MOST 2

/* Takes one for an address, or for a user who comes from there. */
static bool take(zreg__slots *slots, const char *address, const char *user, const char *id,
                 uint64_t now_ms)
{
    zreg__address peer;
    ZREG__AUTO_FREE char *name = zreg__strdup(user);
    assert_true(zreg__address_parse(&peer, zreg__span_of(address), true));
    zreg__serve_request request = {.peer = &peer};
    const zreg__call call = {.request = &request, .identity.name = name};
    return zreg__slots_take(slots, &call, id, now_ms);
}

static zreg__slots *slots_of(uint32_t most)
{
    zreg__slots *slots = NULL;
    assert_int_equal(zreg__slots_new(&slots, most, NULL), ZREG_OK);
    return slots;
}

static void an_upload_of_which_nothing_is_heard_for_an_hour_does_not_count(void **state)
{
    ZREG__AUTO(zreg__slots) zreg__slots *slots = slots_of(MOST);
    (void)state;
    assert_true(take(slots, "192.0.2.1", NULL, "a", 1));
    assert_true(take(slots, "192.0.2.1", NULL, "b", 2));
    assert_false(take(slots, "192.0.2.1", NULL, "c", 1 + HOUR_MS));
    assert_true(take(slots, "192.0.2.1", NULL, "c", 2 + HOUR_MS));
    assert_false(take(slots, "192.0.2.1", NULL, "d", 2 + HOUR_MS));
    assert_true(take(slots, "192.0.2.1", NULL, "d", 3 + HOUR_MS));
}

static void one_that_was_heard_of_by_a_later_clock_counts(void **state)
{
    ZREG__AUTO(zreg__slots) zreg__slots *slots = slots_of(MOST);
    (void)state;
    assert_true(take(slots, "192.0.2.1", NULL, "a", 10));
    assert_true(take(slots, "192.0.2.1", NULL, "b", 12));
    assert_false(take(slots, "192.0.2.1", NULL, "c", 11));
    zreg__slots_settle(slots, "a", false, 20);
    assert_false(take(slots, "192.0.2.1", NULL, "c", 19));
}

static void one_that_is_heard_of_counts_on_and_one_that_is_over_does_not(void **state)
{
    ZREG__AUTO(zreg__slots) zreg__slots *slots = slots_of(MOST);
    (void)state;
    assert_true(take(slots, "192.0.2.1", NULL, "a", 1));
    assert_true(take(slots, "192.0.2.1", NULL, "b", 1));
    zreg__slots_settle(slots, "a", false, HOUR_MS);
    zreg__slots_settle(slots, "b", false, HOUR_MS);
    zreg__slots_settle(slots, "of another server", true, HOUR_MS);
    assert_false(take(slots, "192.0.2.1", NULL, "c", 2 * HOUR_MS));
    zreg__slots_settle(slots, "a", true, 2 * HOUR_MS);
    assert_true(take(slots, "192.0.2.1", NULL, "c", 2 * HOUR_MS));
    assert_false(take(slots, "192.0.2.1", NULL, "d", 2 * HOUR_MS));
}

static void users_and_addresses_have_their_own(void **state)
{
    ZREG__AUTO(zreg__slots) zreg__slots *slots = slots_of(1);
    (void)state;
    assert_true(take(slots, "192.0.2.1", NULL, "a", 1));
    assert_true(take(slots, "192.0.2.1", "one", "b", 1));
    assert_false(take(slots, "192.0.2.2", "one", "c", 1));
    assert_true(take(slots, "192.0.2.1", "192.0.2.1", "d", 1));
    assert_true(take(slots, "2001:db8::1", NULL, "e", 1));
    assert_false(take(slots, "2001:db8::2", NULL, "f", 1));
    assert_true(take(slots, "2001:db8:0:1::2", NULL, "g", 1));
}

static void where_there_are_too_many_the_longest_unheard_is_given_up(void **state)
{
    ZREG__AUTO(zreg__slots) zreg__slots *slots = slots_of(1);
    char id[16], address[32];
    (void)state;
    for (unsigned i = 0; i < ZREG__MAX_OPEN_UPLOADS; i++) {
        snprintf(id, sizeof(id), "%u", i);
        snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        assert_true(take(slots, address, NULL, id, i));
    }
    zreg__slots_settle(slots, "0", false, ZREG__MAX_OPEN_UPLOADS);
    assert_true(take(slots, "192.0.2.1", NULL, "more", ZREG__MAX_OPEN_UPLOADS));
    assert_false(take(slots, "10.0.0.0", NULL, "x", ZREG__MAX_OPEN_UPLOADS));
    assert_true(take(slots, "10.0.0.1", NULL, "y", ZREG__MAX_OPEN_UPLOADS));
}

static void without_a_limit_nothing_is_counted(void **state)
{
    ZREG__AUTO(zreg__slots) zreg__slots *slots = slots_of(0);
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(take(slots, "192.0.2.1", NULL, "a", 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_of_which_nothing_is_heard_for_an_hour_does_not_count),
        cmocka_unit_test(one_that_was_heard_of_by_a_later_clock_counts),
        cmocka_unit_test(one_that_is_heard_of_counts_on_and_one_that_is_over_does_not),
        cmocka_unit_test(users_and_addresses_have_their_own),
        cmocka_unit_test(where_there_are_too_many_the_longest_unheard_is_given_up),
        cmocka_unit_test(without_a_limit_nothing_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
