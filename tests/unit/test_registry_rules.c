/* SPDX-License-Identifier: Apache-2.0 */
/* The client's rules that need no network: scopes, realms, names of hosts, authfiles. */
#include "registry/authfile.h"
#include "registry/quirks.h"
#include "registry/realm.h"
#include "registry/scope.h"

#include "base/compiler.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void check_query(const zreg__scopes *scopes, const char *expected)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(4096);

    assert_int_equal(zreg__scopes_query(scopes, &text, NULL), ZREG_OK);
    assert_string_equal(zreg__buf_cstr(&text), expected);
}

static void scopes_are_united(void **state)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes scopes = {0};

    (void)state;
    zreg__scopes_add(&scopes, "a/b", ZREG__PULL, NULL);
    zreg__scopes_add(&scopes, "c", ZREG__PULL, NULL);
    zreg__scopes_add(&scopes, "a/b", ZREG__PUSH, NULL);
    check_query(&scopes, "&scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Ac%3Apull");
}

static void scopes_of_challenges_are_read(void **state)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes scopes = {0};

    (void)state;
    assert_int_equal(zreg__scopes_parse(&scopes,
                                        "repository:a/b:push,pull  registry:catalog:* "
                                        "repository:x:* repository(plugin):y:pull :: x",
                                        NULL),
                     ZREG_OK);
    assert_int_equal(scopes.count, 6);
    assert_string_equal(scopes.items[0].name, "a/b");
    assert_int_equal(scopes.items[0].actions, ZREG__PULL | ZREG__PUSH);
    for (size_t i = 1; i < scopes.count; i++) {
        assert_int_equal(scopes.items[i].actions, 0);
    }
}

static void scopes_cover_what_they_hold(void **state)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes have = {0};
    ZREG__AUTO(zreg__scopes) zreg__scopes need = {0};

    (void)state;
    assert_true(zreg__scopes_cover(&have, &need));
    zreg__scopes_add(&need, "a", ZREG__PULL, NULL);
    assert_false(zreg__scopes_cover(&have, &need));
    zreg__scopes_add(&have, "a", ZREG__PULL | ZREG__PUSH, NULL);
    assert_true(zreg__scopes_cover(&have, &need));
    zreg__scopes_add(&need, "a", ZREG__DELETE, NULL);
    assert_false(zreg__scopes_cover(&have, &need));
}

static void scopes_have_a_maximum(void **state)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes scopes = {0};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char name[16];

        snprintf(name, sizeof(name), "r%d", i);
        assert_int_equal(zreg__scopes_add(&scopes, name, ZREG__PULL, NULL), ZREG_OK);
    }
    assert_int_equal(scopes.count, ZREG__MAX_SCOPES);
}

static void passwords_stay_in_their_domain(void **state)
{
    static const struct {
        const char *registry, *realm;
        bool shares;
    } cases[] = {
        {"quay.io", "quay.io", true},
        {"registry-1.docker.io", "auth.docker.io", true},
        {"registry.gitlab.com", "gitlab.com", true},
        {"registry.example.co.uk", "login.example.co.uk", true},
        {"example.com", "auth.example.com", true},
        {"127.0.0.1", "127.0.0.1", true},
        {"localhost", "localhost", true},
        {"quay.io", "evil.io", false},
        {"registry.example.com", "example.com.evil.net", false},
        {"registry.example.com", "evilexample.com", false},
        {"shop.co.uk", "evil.co.uk", false},
        {"a.com", "b.com", false},
        {"a.com", "com", false},
        {"registry", "other", false},
        {"10.0.0.1", "10.0.0.2", false},
        {"1.10.0.0.1", "10.0.0.1", false},
        {"[::1]", "[::2]", false},
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        if (zreg__realm_shares_domain(cases[i].registry, cases[i].realm) != cases[i].shares) {
            fail_msg("%s and %s", cases[i].registry, cases[i].realm);
        }
    }
}

static void hosts_with_several_names_have_one(void **state)
{
    (void)state;
    assert_string_equal(zreg__quirks_canonical("index.docker.io"), "docker.io");
    assert_string_equal(zreg__quirks_canonical("registry-1.docker.io"), "docker.io");
    assert_string_equal(zreg__quirks_canonical("quay.io"), "quay.io");
    assert_string_equal(zreg__quirks_canonical("h:5000"), "h:5000");
    assert_string_equal(zreg__quirks_find("docker.io")->authority, "registry-1.docker.io");
    assert_null(zreg__quirks_find("h:5000")->authority);
}

static void software_is_known_by_its_challenge(void **state)
{
    static const struct {
        const char *challenge;
        bool known;
    } cases[] = {
        {"Bearer realm=\"https://r/auth/token\",scope=\"read\"", true},
        {"Bearer realm=\"https://r/auth/token\",scope=\"write\"", true},
        {"Bearer realm=\"https://r/auth/token\",service=\"r\",scope=\"read\"", false},
        {"Bearer realm=\"https://r/auth/token\",scope=\"repository:a/b:pull\"", false},
        {"Bearer realm=\"https://r/auth/token\"", false},
        {"Basic realm=\"r\"", false},
    };
    const zreg__quirks *usual = zreg__quirks_find("r");

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        ZREG__AUTO(zreg__challenge) zreg__challenge challenge = {0};

        assert_int_equal(zreg__challenge_parse(&challenge, cases[i].challenge, NULL), ZREG_OK);
        if ((zreg__quirks_asking(&challenge, usual) != usual) != cases[i].known) {
            fail_msg("%s", cases[i].challenge);
        }
    }
}

static zreg__json *json_of(const char *text)
{
    zreg__json *json = NULL;

    assert_int_equal(zreg__json_parse(&json, text, strlen(text), "test", NULL), ZREG_OK);
    return json;
}

static void entries_are_found_by_prefix(void **state)
{
    /* user:one, user:two, user:hub */
    ZREG__AUTO(zreg__json)
    zreg__json *file = json_of("{\"auths\":{\"q.io\":{\"auth\":\"dXNlcjpvbmU=\"},"
                               "\"q.io/a\":{\"auth\":\"dXNlcjp0d28=\"},\"empty.io\":{},"
                               "\"https://index.docker.io/v1/\":{\"auth\":\"dXNlcjpodWI=\"}}}");
    static const struct {
        const char *name, *password;
    } cases[] = {
        {"q.io/a/b", "two"}, {"q.io/a", "two"},      {"q.io/ab", "one"},
        {"q.io", "one"},     {"docker.io/x", "hub"}, {"q.io:5000/a", NULL},
        {"q.iox/a", NULL},   {"empty.io/x", NULL},   {"io/x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
        bool found;

        assert_int_equal(zreg__authfile_entry(&found, &credential, file, cases[i].name, NULL),
                         ZREG_OK);
        assert_int_equal(found, cases[i].password != NULL);
        if (found) {
            assert_string_equal(credential.password, cases[i].password);
        }
    }
}

static void check_helper(const zreg__json *file, const char *name, const char *helper,
                         const char *server)
{
    ZREG__AUTO_FREE char *found_helper = NULL;
    ZREG__AUTO_FREE char *found_server = NULL;

    assert_int_equal(zreg__authfile_helper(&found_helper, &found_server, file, name, NULL),
                     ZREG_OK);
    if (helper == NULL) {
        assert_null(found_helper);
        return;
    }
    assert_string_equal(found_helper, helper);
    assert_string_equal(found_server, server);
}

static void helpers_are_found_for_their_hosts(void **state)
{
    ZREG__AUTO(zreg__json)
    zreg__json *file =
        json_of("{\"credsStore\":\"all\",\"credHelpers\":{\"e.com\":\"ecr\",\"f.com/a\":\"fa\"},"
                "\"auths\":{\"q.io\":{\"auth\":\"dXNlcjpvbmU=\"},\"e.com\":{\"auth\":\"eDp5\"}}}");

    (void)state;
    check_helper(file, "e.com/x", "ecr", "e.com");
    check_helper(file, "f.com/a/b", "fa", "f.com/a");
    check_helper(file, "f.com/b", "all", "f.com");
    check_helper(file, "docker.io/library/x", "all", "https://index.docker.io/v1/");
    check_helper(file, "q.io/x", NULL, NULL);
}

static void a_helper_has_a_name(void **state)
{
    ZREG__AUTO(zreg__json)
    zreg__json *file =
        json_of("{\"credHelpers\":{\"e.com\":{\"username\":\"x\"},\"f.com\":\"a/b\"}}");
    ZREG__AUTO_FREE char *helper = NULL;
    ZREG__AUTO_FREE char *server = NULL;
    zreg_error err = {0};

    (void)state;
    assert_int_equal(zreg__authfile_helper(&helper, &server, file, "e.com/x", &err), ZREG_INVAL);
    assert_string_equal(err.message, "the name of a credential helper is no text");
    err = (zreg_error){0};
    assert_int_equal(zreg__authfile_helper(&helper, &server, file, "f.com/x", &err), ZREG_INVAL);
    assert_string_equal(err.message, "\"a/b\" is not the name of a credential helper");
}

/* Docker Hub has many names, and docker one of them. */
static void entries_are_replaced_whatever_they_were_called(void **state)
{
    const zreg__credential ann = {.username = (char[]){"ann"}, .password = (char[]){"a:b"}};
    ZREG__AUTO(zreg__json)
    zreg__json *file =
        json_of("{\"auths\":{\"docker.io\":{\"auth\":\"eDp5\"},\"index.docker.io\":{},"
                "\"https://index.docker.io/v1/\":{\"auth\":\"eDp6\"},"
                "\"docker.io/a\":{\"auth\":\"eDp5\"},\"E.com/\":{}},\"other\":1.50}");
    ZREG__AUTO_FREE char *text = NULL;
    bool found = false;

    (void)state;
    assert_int_equal(zreg__authfile_remove(&found, file, "docker.io", NULL), ZREG_OK);
    assert_true(found);
    assert_int_equal(zreg__authfile_remove(&found, file, "e.com", NULL), ZREG_OK);
    assert_false(found); /* it was, but empty */
    assert_int_equal(zreg__authfile_add(file, "docker.io", &ann, NULL), ZREG_OK);
    assert_int_equal(zreg__json_print(&text, file, NULL), ZREG_OK);
    assert_string_equal(text, "{\"auths\":{\"docker.io/a\":{\"auth\":\"eDp5\"},"
                              "\"https://index.docker.io/v1/\":{\"auth\":\"YW5uOmE6Yg==\"}},"
                              "\"other\":1.50}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_are_united),
        cmocka_unit_test(scopes_of_challenges_are_read),
        cmocka_unit_test(scopes_cover_what_they_hold),
        cmocka_unit_test(scopes_have_a_maximum),
        cmocka_unit_test(passwords_stay_in_their_domain),
        cmocka_unit_test(hosts_with_several_names_have_one),
        cmocka_unit_test(software_is_known_by_its_challenge),
        cmocka_unit_test(entries_are_found_by_prefix),
        cmocka_unit_test(helpers_are_found_for_their_hosts),
        cmocka_unit_test(a_helper_has_a_name),
        cmocka_unit_test(entries_are_replaced_whatever_they_were_called),
    };

    return cmocka_run_group_tests_name("registry_rules", tests, NULL, NULL);
}
