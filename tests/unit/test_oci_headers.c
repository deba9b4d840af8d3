/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "oci/challenge.h"
#include "oci/link.h"
#include <string.h>

static void challenges_are_read(void **state)
{
    (void)state;
    const struct {
        const char *header;
        zreg__challenge_scheme scheme;
        const char *realm, *service, *scope, *error;
    } rows[] = {
        {"", ZREG__CHALLENGE_NONE, NULL, NULL, NULL, NULL},
        {"Basic realm=\"R\"", ZREG__CHALLENGE_BASIC, "R", NULL, NULL, NULL},
        {"basic", ZREG__CHALLENGE_BASIC, NULL, NULL, NULL, NULL},
        {"BASIC Realm = \"a \\\"b\\\" \\\\\"", ZREG__CHALLENGE_BASIC, "a \"b\" \\", NULL, NULL,
         NULL},
        {"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull,push\"",
         ZREG__CHALLENGE_BEARER, "https://a/t", "s", "repository:x:pull,push", NULL},
        {"Bearer realm=https://a/t?x=1, service=s , error=\"insufficient_scope\"",
         ZREG__CHALLENGE_BEARER, "https://a/t?x=1", "s", NULL, "insufficient_scope"},
        {"Basic realm=\"b\", Bearer realm=\"t\",service=\"s\"", ZREG__CHALLENGE_BEARER, "t", "s",
         NULL, NULL},
        {"Bearer realm=\"t\" , Basic realm=\"b\"", ZREG__CHALLENGE_BEARER, "t", NULL, NULL, NULL},
        {"Bearer realm=\"one\", Bearer realm=\"two\"", ZREG__CHALLENGE_BEARER, "one", NULL, NULL,
         NULL},
        {"Foo bar baz=, Bearer realm=\"t\",service=\"s\"", ZREG__CHALLENGE_BEARER, "t", "s", NULL,
         NULL},
        {"Bearer realm=\"t\",service=\"s\", Foo bar baz=", ZREG__CHALLENGE_BEARER, "t", "s", NULL,
         NULL},
        {"Foo x=\"not closed, bearer realm=\"t\"", ZREG__CHALLENGE_BEARER, "t", NULL, NULL, NULL},
        {"Foo x=\"\r\", BASIC realm=\"b\"", ZREG__CHALLENGE_BASIC, "b", NULL, NULL, NULL},
        {"\xff\xfe, Bearer realm=\"t\"", ZREG__CHALLENGE_BEARER, "t", NULL, NULL, NULL},
        {"Bearer, Basic realm=\"b\"", ZREG__CHALLENGE_BASIC, "b", NULL, NULL, NULL},
        {"Bearer realm=\"\", Basic", ZREG__CHALLENGE_BASIC, NULL, NULL, NULL, NULL},
        {"Bearer realm=\"a\",realm=\"b\", Basic realm=\"c\"", ZREG__CHALLENGE_BASIC, "c", NULL,
         NULL, NULL},
        {"Bearer realm=\"t\",service=\"s\",service=\"s\",SCOPE=\"x\",scope=x",
         ZREG__CHALLENGE_BEARER, "t", "s", "x", NULL},
        {"Bearer realm=\"t\",hint=1,hint=2", ZREG__CHALLENGE_BEARER, "t", NULL, NULL, NULL},
        {"Negotiate", ZREG__CHALLENGE_NONE, NULL, NULL, NULL, NULL},
        {"Negotiate YIIabc+/==, Basic realm=\"b\"", ZREG__CHALLENGE_BASIC, "b", NULL, NULL, NULL},
        {"NTLM, Basic realm=\"b\"", ZREG__CHALLENGE_BASIC, "b", NULL, NULL, NULL},
        {"Digest realm=\"d\", qop=\"auth,auth-int\", nonce=\"n\", Basic realm=\"b\"",
         ZREG__CHALLENGE_BASIC, "b", NULL, NULL, NULL},
        {" , ,Basic realm=\"b\", , ", ZREG__CHALLENGE_BASIC, "b", NULL, NULL, NULL},
        {"Bearer realm=\"t\",unknown=\"x\",service=\"\"", ZREG__CHALLENGE_BEARER, "t", "", NULL,
         NULL},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg__challenge) zreg__challenge found = {0};
        zreg_error err = {0};
        if (zreg__challenge_parse(&found, rows[i].header, &err) != ZREG_OK) {
            fail_msg("%s: %s", rows[i].header, err.message);
        }
        assert_int_equal(found.scheme, rows[i].scheme);
        assert_true(zreg__str_equal(found.realm, rows[i].realm));
        assert_true(zreg__str_equal(found.service, rows[i].service));
        assert_true(zreg__str_equal(found.scope, rows[i].scope));
        assert_true(zreg__str_equal(found.error, rows[i].error));
    }
}

static void basic_beside_bearer_is_remembered(void **state)
{
    (void)state;
    const struct {
        const char *header;
        bool or_basic;
    } rows[] = {
        {"Bearer realm=\"t\"", false},
        {"Bearer realm=\"t\", Basic realm=\"b\"", true},
        {"basic realm=\"b\",bearer realm=\"t\"", true},
        {"Basic realm=\"b\"", false},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg__challenge) zreg__challenge found = {0};
        assert_int_equal(zreg__challenge_parse(&found, rows[i].header, NULL), ZREG_OK);
        assert_int_equal(found.or_basic, rows[i].or_basic);
    }
}

static void malformed_challenges_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "Bearer",
        "Bearer service=\"s\"",
        "Bearer realm=\"\"",
        "Bearer realm=",
        "Bearer realm=,service=s",
        "Bearer realm=a,scope=,service=s",
        "Bearer realm=\"https://a",
        "Bearer realm=\"a\\",
        "Bearer realm=\"a\r\nX: y\"",
        "Bearer realm=\"a\" service=\"b\"",
        "Bearer realm=\"a\",realm=\"b\"",
        "Bearer realm=\"a\"x",
        "=",
        "\"Bearer\"",
        "Basic realm=\"a\" ; x",
        "\xff\xfe",
    };
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        zreg__challenge found = {0};
        zreg_error err = {0};
        if (zreg__challenge_parse(&found, bad[i], &err) != ZREG_PROTO) {
            fail_msg("taken: %s", bad[i]);
        }
        assert_int_equal(err.code, ZREG_PROTO);
        assert_null(found.realm);
    }
}

static void challenges_are_bounded(void **state)
{
    (void)state;
    zreg__challenge found = {0};
    zreg_error err = {0};
    assert_int_equal(zreg__challenge_parse(&found, "a,b,c,d,e,f,g,h,Basic", &err), ZREG_LIMIT);

    char header[20000] = "Bearer realm=\"";
    memset(header + 14, 'a', sizeof(header) - 16);
    header[sizeof(header) - 2] = '"';
    err = (zreg_error){0};
    assert_int_equal(zreg__challenge_parse(&found, header, &err), ZREG_LIMIT);
}

static void the_next_link_is_found(void **state)
{
    (void)state;
    const struct {
        const char *header, *next;
    } rows[] = {
        {"", NULL},
        {"</v2/x/tags/list?n=2&last=b>; rel=\"next\"", "/v2/x/tags/list?n=2&last=b"},
        {"</v2/x>;rel=next", "/v2/x"},
        {"<https://h:1/p?last=%2F+a>; rel=\"next\"", "https://h:1/p?last=%2F+a"},
        {"<a>; rel=\"prev\", <b>; rel=\"next\"", "b"},
        {"<a>; title=\"x, <c>; rel=next\"; rel=\"prev\", <b>; rel=\"next\"", "b"},
        {"<a>; rel=\"last NEXT\"", "a"},
        {"<a>; rel=\"prev\"; rel=\"next\"", NULL},
        {"<a>; flag; rel=next", "a"},
        {"<a>", NULL},
        {"<>; rel=next", ""},
        {" , <a> ; rel = \"next\" ,", "a"},
        {"<a>; rel=\"nextish\"", NULL},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO_FREE char *next = NULL;
        zreg_error err = {0};
        if (zreg__link_next(&next, rows[i].header, &err) != ZREG_OK) {
            fail_msg("%s: %s", rows[i].header, err.message);
        }
        assert_true(zreg__str_equal(next, rows[i].next));
    }
}

static void malformed_links_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "/v2/x; rel=next", "<a; rel=next",       "<a b>; rel=next",      "<a\r\nb>; rel=next",
        "<a>; rel=\"next", "<a>; rel=",          "<a> <b>; rel=next",    "a",
        "<a>; rel=prev x", "<a>; rel=\"a\x01\"", "<\xc3\xa4>; rel=next",
    };
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        char *next = NULL;
        zreg_error err = {0};
        if (zreg__link_next(&next, bad[i], &err) != ZREG_PROTO) {
            fail_msg("taken: %s", bad[i]);
        }
        assert_null(next);
    }
}

static void an_endless_link_is_refused(void **state)
{
    (void)state;
    char header[20000] = "<";
    memset(header + 1, 'a', sizeof(header) - 2);
    memcpy(header + sizeof(header) - 12, ">; rel=next", 12);
    char *next = NULL;
    assert_int_equal(zreg__link_next(&next, header, NULL), ZREG_LIMIT);
    assert_null(next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenges_are_read),
        cmocka_unit_test(basic_beside_bearer_is_remembered),
        cmocka_unit_test(malformed_challenges_are_refused),
        cmocka_unit_test(challenges_are_bounded),
        cmocka_unit_test(the_next_link_is_found),
        cmocka_unit_test(malformed_links_are_refused),
        cmocka_unit_test(an_endless_link_is_refused),
    };

    return cmocka_run_group_tests_name("oci headers", tests, NULL, NULL);
}
