/* SPDX-License-Identifier: Apache-2.0 */
/* What a server remembers of passwords, and how often an address may try: with a clock of the test. */
#include "base/limits.h"
#include "server/proofs.h"
#include "server/throttle.h"
#include "server/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BURST 5
#define HASH "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"
#define OTHER "$2y$05$c4WoMPo3SXsafkva.HHa6uMfC1yQvyPpwh3r8x1Vn0vDmsoNNOPqG"

static const zreg__address *at(const char *text)
{
    static zreg__address address;
    assert_true(zreg__address_parse(&address, zreg__span_of(text), true));
    return &address;
}

static void proof_of(uint8_t mac[ZREG__PROOFS_MAC_BYTES], uint32_t number)
{
    memset(mac, 0, ZREG__PROOFS_MAC_BYTES);
    memcpy(mac, &number, sizeof(number));
    memcpy(mac + 8, &number, sizeof(number));
}

static void a_proof_lives_as_long_as_it_is_asked_for(void **state)
{
    ZREG__AUTO(zreg__proofs) zreg__proofs *proofs = NULL;
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    uint8_t other[ZREG__PROOFS_MAC_BYTES];
    (void)state;
    assert_int_equal(zreg__proofs_new(&proofs, 64, 1000, NULL), ZREG_OK);
    proof_of(mac, 7);
    proof_of(other, 7);
    other[31] ^= 1;
    assert_false(zreg__proofs_recall(proofs, mac, 1));
    zreg__proofs_add(proofs, mac, 1);
    assert_false(zreg__proofs_recall(proofs, other, 2));
    assert_true(zreg__proofs_recall(proofs, mac, 900));
    assert_true(zreg__proofs_recall(proofs, mac, 1800));
    assert_false(zreg__proofs_recall(proofs, mac, 2800));
}

static void nothing_is_known_of_a_zero(void **state)
{
    ZREG__AUTO(zreg__proofs) zreg__proofs *proofs = NULL;
    const uint8_t mac[ZREG__PROOFS_MAC_BYTES] = {0};
    (void)state;
    assert_int_equal(zreg__proofs_new(&proofs, 8, 1000, NULL), ZREG_OK);
    assert_false(zreg__proofs_recall(proofs, mac, 0));
    assert_false(zreg__proofs_recall(proofs, mac, 5));
}

static void proofs_are_so_many_and_the_oldest_goes(void **state)
{
    ZREG__AUTO(zreg__proofs) zreg__proofs *proofs = NULL;
    uint8_t mac[ZREG__PROOFS_MAC_BYTES];
    (void)state;
    assert_int_equal(zreg__proofs_new(&proofs, 8, 1000, NULL), ZREG_OK);
    for (uint32_t i = 0; i < 9; i++) {
        proof_of(mac, i);
        zreg__proofs_add(proofs, mac, 10 + i);
    }
    for (uint32_t i = 0; i < 9; i++) {
        proof_of(mac, i);
        assert_int_equal(zreg__proofs_recall(proofs, mac, 30), i > 0);
    }
}

static void an_address_has_some_attempts_and_one_more_a_second(void **state)
{
    ZREG__AUTO(zreg__throttle) zreg__throttle *throttle = NULL;
    (void)state;
    assert_int_equal(zreg__throttle_new(&throttle, BURST, NULL), ZREG_OK);
    for (int i = 0; i < BURST; i++) {
        assert_int_equal(zreg__throttle_try(throttle, at("192.0.2.1:1"), 5000), 0);
    }
    assert_int_equal(zreg__throttle_try(throttle, at("192.0.2.1:2"), 5000), 1);
    assert_int_equal(zreg__throttle_try(throttle, at("192.0.2.2:1"), 5000), 0);
    assert_int_equal(zreg__throttle_try(throttle, at("192.0.2.1:3"), 5999), 1);
    assert_int_equal(zreg__throttle_try(throttle, at("192.0.2.1:4"), 6000), 0);
    assert_int_equal(zreg__throttle_try(throttle, at("192.0.2.1:5"), 6000), 1);
    zreg__throttle_return(throttle, at("192.0.2.1:4"), 6000);
    assert_int_equal(zreg__throttle_try(throttle, at("192.0.2.1:6"), 6000), 0);
}

static void use_up(zreg__throttle *throttle, const char *remote)
{
    for (int i = 0; i < BURST; i++) {
        assert_int_equal(zreg__throttle_try(throttle, at(remote), 5000), 0);
    }
}

static void one_network_is_one_address(void **state)
{
    static const struct {
        const char *one, *other;
        bool is_same;
    } cases[] = {
        {"[2001:db8:0:1::1]:80", "[2001:db8:0:1:ffff::2]:81", true},
        {"[2001:db8:0:2::1]:80", "[2001:db8:0:3::1]:80", false},
        {"[::ffff:192.0.2.9]:80", "192.0.2.9:80", true},
        {"[::ffff:192.0.2.10]:80", "[::ffff:192.0.2.11]:80", false},
    };
    ZREG__AUTO(zreg__throttle) zreg__throttle *throttle = NULL;
    (void)state;
    assert_int_equal(zreg__throttle_new(&throttle, BURST, NULL), ZREG_OK);
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        use_up(throttle, cases[i].one);
        assert_int_equal(zreg__throttle_try(throttle, at(cases[i].other), 5000) != 0,
                         cases[i].is_same);
    }
}

static void many_addresses_do_not_free_one_that_has_used_up_its_attempts(void **state)
{
    ZREG__AUTO(zreg__throttle) zreg__throttle *throttle = NULL;
    char remote[64];
    (void)state;
    assert_int_equal(zreg__throttle_new(&throttle, BURST, NULL), ZREG_OK);
    use_up(throttle, "192.0.2.1:1");
    for (unsigned i = 0; i < 20 * ZREG__MAX_THROTTLED; i++) {
        snprintf(remote, sizeof(remote), "10.%u.%u.%u:1", i >> 16, i >> 8 & 255, i & 255);
        assert_int_equal(zreg__throttle_try(throttle, at(remote), 5000), 0);
    }
    assert_int_not_equal(zreg__throttle_try(throttle, at("192.0.2.1:1"), 5000), 0);
}

static void some_hash_stands_in_for_any_name_where_there_is_one(void **state)
{
    ZREG__AUTO(zreg__users) zreg__users *users = NULL;
    ZREG__AUTO(zreg__users) zreg__users *others = NULL;
    char name[16];
    (void)state;
    assert_int_equal(zreg__users_new(&users, NULL, NULL), ZREG_OK);
    assert_int_equal(zreg__users_add(users, "made", "password", NULL), ZREG_OK);
    assert_null(zreg__users_decoy(users, "a"));
    assert_int_equal(zreg__users_new(&others, "a:" HASH "\nb:" HASH "\n", NULL), ZREG_OK);
    assert_int_equal(zreg__users_add(others, "made", "password", NULL), ZREG_OK);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_string_equal(zreg__users_decoy(others, name), HASH);
    }
}

static void a_user_is_not_added_in_place_of_another(void **state)
{
    ZREG__AUTO(zreg__users) zreg__users *users = NULL;
    (void)state;
    assert_int_equal(zreg__users_new(&users, "a:" HASH "\na:*\n", NULL), ZREG_INVAL);
    assert_int_equal(zreg__users_new(&users, "a:" HASH "\na:" OTHER "\n", NULL), ZREG_OK);
    assert_int_equal(zreg__users_add(users, "a", "password", NULL), ZREG_CONFLICT);
    assert_string_equal(zreg__users_hash(users, "a"), HASH);
    assert_false(zreg__users_fits(users, "a", "password"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_lives_as_long_as_it_is_asked_for),
        cmocka_unit_test(nothing_is_known_of_a_zero),
        cmocka_unit_test(proofs_are_so_many_and_the_oldest_goes),
        cmocka_unit_test(an_address_has_some_attempts_and_one_more_a_second),
        cmocka_unit_test(one_network_is_one_address),
        cmocka_unit_test(many_addresses_do_not_free_one_that_has_used_up_its_attempts),
        cmocka_unit_test(some_hash_stands_in_for_any_name_where_there_is_one),
        cmocka_unit_test(a_user_is_not_added_in_place_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
