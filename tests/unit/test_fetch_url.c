/* SPDX-License-Identifier: Apache-2.0 */
/* URLs: read strictly, resolved as RFC 3986 says, never changed. And addresses. */
#include "http/fetch_address.h"
#include "http/fetch_url.h"

#include "base/compiler.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const zreg__fetch_url *url, bool tls, const char *host, int port,
                  const char *target)
{
    assert_int_equal(url->tls, tls);
    assert_string_equal(url->host, host);
    assert_int_equal(url->port, port);
    assert_string_equal(url->target, target);
}

static void urls_are_split(void **state)
{
    static const struct {
        const char *text;
        bool tls;
        const char *host;
        int port;
        const char *target;
    } cases[] = {
        {"https://h", true, "h", 443, "/"},
        {"http://h:5000/", false, "h", 5000, "/"},
        {"HTTPS://Host.Example/A?b=C#d", true, "host.example", 443, "/A?b=C"},
        {"http://[::1]:80/x", false, "[::1]", 80, "/x"},
        {"http://[fe80::1]", false, "[fe80::1]", 80, "/"},
        {"https://h?q=/%2f//", true, "h", 443, "/?q=/%2f//"},
        {"https://h/a/../b/./c", true, "h", 443, "/a/../b/./c"},
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};

        assert_int_equal(zreg__fetch_url_parse(&url, cases[i].text, NULL), ZREG_OK);
        check(&url, cases[i].tls, cases[i].host, cases[i].port, cases[i].target);
    }
}

static void bad_urls_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "h",
        "//h/",
        "ftp://h/",
        "http:/h",
        "http://",
        "http:///x",
        "http://:80/",
        "http://u@h/",
        "http://u:p@h/",
        "http://h:/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:80x/",
        "http://h h/",
        "http://h/a b",
        "http://h/\n",
        "http://h/\x7f",
        "http://h/\xc3\xa9",
        "http://h\\x/",
        "http://h/\\x",
        "http://[::1/",
        "http://::1/",
        "http://h%41/",
        "file:///etc/passwd",
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        zreg__fetch_url url = {0};

        if (zreg__fetch_url_parse(&url, cases[i], NULL) != ZREG_PROTO) {
            fail_msg("taken for a URL: %s", cases[i]);
        }
        assert_null(url.host);
    }
}

static void locations_are_resolved(void **state)
{
    static const struct {
        const char *location;
        const char *text; /* NULL: refused */
    } cases[] = {
        {"https://x:1/y?z", "https://x:1/y?z"},
        {"//x/y", "https://x/y"},
        {"/y?z=%2B+&a", "https://h.example:5000/y?z=%2B+&a"},
        {"y", "https://h.example:5000/v2/a/uploads/y"},
        {"y/../z", "https://h.example:5000/v2/a/uploads/z"},
        {"../../../x/1?s=../a", "https://h.example:5000/x/1?s=../a"},
        {"../../../../../../x", "https://h.example:5000/x"},
        {"..", "https://h.example:5000/v2/a/"},
        {".", "https://h.example:5000/v2/a/uploads/"},
        {"./y", "https://h.example:5000/v2/a/uploads/y"},
        {"y/.", "https://h.example:5000/v2/a/uploads/y/"},
        {"y//../z", "https://h.example:5000/v2/a/uploads/y/z"},
        {"/a/./b/../c/..", "https://h.example:5000/a/"},
        {"/..", "https://h.example:5000/"},
        {"/...", "https://h.example:5000/..."},
        {"/a/%2e%2e/b", "https://h.example:5000/a/%2e%2e/b"},
        {"https://o.example/a/../b?c=/../d", "https://o.example/b?c=/../d"},
        {"//o.example/a/b/../../../c", "https://o.example/c"},
        {"?z", "https://h.example:5000/v2/a/uploads/1?z"},
        {"h.example:5000/y", "https://h.example:5000/y"},
        {"h.example/y", "https://h.example:5000/v2/a/uploads/h.example/y"},
        {"y#part", "https://h.example:5000/v2/a/uploads/y"},
        {"", NULL},
        {"#part", NULL},
        {"mailto:x", NULL},
        {"a b", NULL},
        {"//u@x/", NULL},
    };
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url base = {0};

    (void)state;
    assert_int_equal(
        zreg__fetch_url_make(&base, true, "h.example:5000", "/v2/a/uploads/1?s=/q", NULL), ZREG_OK);
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
        zreg_status status = zreg__fetch_url_resolve(&url, &base, cases[i].location, NULL);
        ZREG__AUTO_FREE char *text = status == ZREG_OK ? zreg__fetch_url_text(&url) : NULL;

        if (cases[i].text == NULL) {
            assert_int_equal(status, ZREG_PROTO);
        } else {
            assert_string_equal(text, cases[i].text);
        }
    }
}

static void origins_are_scheme_host_and_port(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"https://h/x", "https://H:443/y", true},   {"http://h:80", "http://h", true},
        {"https://h", "http://h", false},           {"https://h", "https://h:444", false},
        {"https://h", "https://h.evil", false},     {"http://127.0.0.1", "http://localhost", false},
        {"https://h:443/", "http://h:443/", false},
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        ZREG__AUTO(zreg__fetch_url) zreg__fetch_url a = {0};
        ZREG__AUTO(zreg__fetch_url) zreg__fetch_url b = {0};

        assert_int_equal(zreg__fetch_url_parse(&a, cases[i].a, NULL), ZREG_OK);
        assert_int_equal(zreg__fetch_url_parse(&b, cases[i].b, NULL), ZREG_OK);
        assert_int_equal(zreg__fetch_url_same_origin(&a, &b), cases[i].same);
    }
}

static void addresses_that_are_ours_are_known(void **state)
{
    static const char *const ours[] = {
        "127.0.0.1",
        "127.255.0.9",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::127.0.0.1",
        "2002:7f00:1::",
        "not an address",
        "",
    };
    static const char *const others[] = {
        "1.1.1.1",     "172.15.0.1",      "172.32.0.1",     "192.167.1.1",      "100.63.0.1",
        "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::",
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(ours); i++) {
        if (!zreg__fetch_address_text_is_private(ours[i])) {
            fail_msg("taken for public: %s", ours[i]);
        }
    }
    for (size_t i = 0; i < ZREG__COUNT(others); i++) {
        if (zreg__fetch_address_text_is_private(others[i])) {
            fail_msg("taken for private: %s", others[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_split),
        cmocka_unit_test(bad_urls_are_refused),
        cmocka_unit_test(locations_are_resolved),
        cmocka_unit_test(origins_are_scheme_host_and_port),
        cmocka_unit_test(addresses_that_are_ours_are_known),
    };

    return cmocka_run_group_tests_name("fetch_url", tests, NULL, NULL);
}
