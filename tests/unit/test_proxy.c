/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy the environment names for whom. */
#include "http/proxy.h"

#include "base/compiler.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The environment of a case: "NAME=VALUE", ends with NULL. */
static const char *const *environment;

static const char *variable(const char *name)
{
    size_t size = strlen(name);

    for (const char *const *at = environment; *at != NULL; at++) {
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=') {
            return *at + size + 1;
        }
    }
    return NULL;
}

static void exceptions_are_those_of_go(void **state)
{
    static const struct {
        const char *none, *host;
        uint16_t port;
        bool passes;
    } rows[] = {
        {NULL, "h.example", 443, false},
        {"", "h.example", 443, false},
        {"*", "h.example", 443, true},
        {"a, *", "h.example", 443, true},
        {"h.example", "h.example", 443, true},
        {"H.Example", "h.example", 443, true},
        {"example", "h.example", 443, true},
        {"xample", "h.example", 443, false},
        {".example", "h.example", 443, true},
        {".example", "example", 443, false},
        {"*.example", "a.h.example", 443, true},
        {"*.example", "example", 443, false},
        {"*xample", "h.example", 443, false},
        {"h.example:5000", "h.example", 5000, true},
        {"h.example:5000", "h.example", 443, false},
        {"*.example:5000", "h.example", 5000, true},
        {".example:5000", "h.example", 443, false},
        {"other,h.example", "h.example", 443, true},
        {"other h.example", "h.example", 443, true},
        {" , ,h.example , ", "h.example", 443, true},
        {"h.example", "h.example.", 443, true},
        {"10.1.2.3", "10.1.2.3", 443, true},
        {"10.1.2.3", "10.1.2.30", 443, false},
        {"10.1.2.3:5000", "10.1.2.3", 443, false},
        {"10.1.2.3:5000", "10.1.2.3", 5000, true},
        {"10.0.0.0/8", "10.9.9.9", 443, true},
        {"10.0.0.0/8", "11.9.9.9", 443, false},
        {"10.1.2.0/23", "10.1.3.255", 443, true},
        {"10.1.2.0/23", "10.1.4.0", 443, false},
        {"0.0.0.0/0", "8.8.8.8", 443, true},
        {"10.0.0.0/33", "10.9.9.9", 443, false},
        {"10.0.0.0/8", "h.example", 443, false},
        {"fd00::/8", "[fd00::1]", 443, true},
        {"fd00::/8", "[fe00::1]", 443, false},
        {"fd00::1", "[fd00::1]", 443, true},
        {"fd00:0::1", "[fd00::1]", 443, true},
        {"[fd00::1]:5000", "[fd00::1]", 5000, true},
        {"[fd00::1]:5000", "[fd00::1]", 443, false},
        {"[fd00::1]", "[fd00::1]", 443, true},
        {":5000", "h.example", 5000, false},
        {".", "h.example", 443, false},
        {"*.", "h.example", 443, false},
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        if (zreg__proxy_passes_by(rows[i].none, rows[i].host, rows[i].port) != rows[i].passes) {
            fail_msg("NO_PROXY=%s for %s:%d", rows[i].none, rows[i].host, rows[i].port);
        }
    }
}

static void the_variables_say_which(void **state)
{
    static const struct {
        const char *variables[4], *url;
        const char *proxy; /* NULL: none */
        const char *shown;
    } rows[] = {
        {{"HTTPS_PROXY=http://p:1"}, "https://h.example/", "http://p:1", "http://p:1"},
        {{"https_proxy=http://p:1"}, "https://h.example/", "http://p:1", "http://p:1"},
        {{"HTTPS_PROXY=http://p:1"}, "http://h.example/", NULL, NULL},
        {{"HTTP_PROXY=http://p:1"}, "http://h.example/", "http://p:1", "http://p:1"},
        {{"http_proxy=http://p:1"}, "http://h.example/", "http://p:1", "http://p:1"},
        {{"http_proxy=http://p:1"}, "https://h.example/", NULL, NULL},
        {{"HTTP_PROXY=http://p:1", "http_proxy=http://q:1"},
         "http://h.example/",
         "http://p:1",
         "http://p:1"},
        {{"HTTP_PROXY=", "http_proxy=http://q:1"}, "http://h.example/", "http://q:1", "http://q:1"},
        {{"ALL_PROXY=socks5h://p"}, "https://h.example/", "socks5h://p:1080", "socks5h://p:1080"},
        {{"all_proxy=p", "https_proxy=q"}, "https://h.example/", "http://q:80", "http://q:80"},
        {{"HTTPS_PROXY=p:3128"}, "https://h.example/", "http://p:3128", "http://p:3128"},
        {{"HTTPS_PROXY=HTTPS://p/"}, "https://h.example/", "https://p:443", "https://p:443"},
        {{"HTTPS_PROXY= http://p:1/x "}, "https://h.example/", "http://p:1", "http://p:1"},
        {{"HTTPS_PROXY=http://u:p%40ss@p:1"},
         "https://h.example/",
         "http://u:p%40ss@p:1",
         "http://p:1"},
        {{"HTTPS_PROXY=u:s@[fd00::1]:1"},
         "https://h.example/",
         "http://u:s@[fd00::1]:1",
         "http://[fd00::1]:1"},
        {{"HTTPS_PROXY=http://my_proxy:1"},
         "https://h.example/",
         "http://my_proxy:1",
         "http://my_proxy:1"},
        {{"HTTPS_PROXY=u:s@_p.example_."},
         "https://h.example/",
         "http://u:s@_p.example_.:80",
         "http://_p.example_.:80"},
        {{"HTTPS_PROXY=http://p.example.:1"},
         "https://h.example/",
         "http://p.example.:1",
         "http://p.example.:1"},
        {{"HTTPS_PROXY=http://10.0.0.1:1"},
         "https://h.example/",
         "http://10.0.0.1:1",
         "http://10.0.0.1:1"},
        {{"HTTPS_PROXY=http://p:1", "NO_PROXY=*.example"}, "https://h.example/", NULL, NULL},
        {{"HTTPS_PROXY=http://p:1", "no_proxy=h.example:443"}, "https://h.example/", NULL, NULL},
        {{"HTTPS_PROXY=http://p:1"}, "https://localhost:5000/", NULL, NULL},
        {{"HTTP_PROXY=http://p:1"}, "http://127.0.0.9:5000/", NULL, NULL},
        {{"HTTP_PROXY=http://p:1"}, "http://[::1]:5000/", NULL, NULL},
        {{"http_proxy=http://p:1", "REQUEST_METHOD=GET"},
         "http://h.example/",
         "http://p:1",
         "http://p:1"},
        {{"HTTPS_PROXY=http://p:1", "REQUEST_METHOD=GET"},
         "https://h.example/",
         "http://p:1",
         "http://p:1"},
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg__proxies) zreg__proxies proxies = {0};
        ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
        const zreg__proxy *proxy = NULL;

        environment = rows[i].variables;
        assert_int_equal(zreg__fetch_url_parse(&url, rows[i].url, NULL), ZREG_OK);
        assert_int_equal(zreg__proxies_read(&proxies, variable, NULL), ZREG_OK);
        assert_int_equal(zreg__proxies_choose(&proxy, &proxies, &url, NULL), ZREG_OK);
        if (!zreg__str_equal(proxy != NULL ? proxy->url : NULL, rows[i].proxy) ||
            !zreg__str_equal(proxy != NULL ? proxy->shown : NULL, rows[i].shown)) {
            fail_msg("%s: %s", rows[i].variables[0], proxy != NULL ? proxy->url : "none");
        }
    }
}

static void what_is_no_proxy_is_told_without_its_secrets(void **state)
{
    static const struct {
        const char *variables[3];
        zreg_status status;
    } rows[] = {
        {{"HTTP_PROXY=ftp://u:s3cret@p:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3/cret@p:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@p:99999"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@p q"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@p:0"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@p:"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@."}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@p..q:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@p%2f:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@[p]:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@[1.2.3.4]:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@[::1]p:1"}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@::1"}, ZREG_INVAL},
        {{"HTTP_PROXY=  "}, ZREG_INVAL},
        {{"HTTP_PROXY=http://u:s3cret@p:1", "REQUEST_METHOD=GET"}, ZREG_DENIED},
    };

    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg__proxies) zreg__proxies proxies = {0};
        ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
        const zreg__proxy *proxy = NULL;
        zreg_error err = {0};

        environment = rows[i].variables;
        assert_int_equal(zreg__fetch_url_parse(&url, "http://h.example/", NULL), ZREG_OK);
        assert_int_equal(zreg__proxies_read(&proxies, variable, NULL), ZREG_OK);
        if (zreg__proxies_choose(&proxy, &proxies, &url, &err) != rows[i].status) {
            fail_msg("%s: %s", rows[i].variables[0], err.message);
        }
        assert_non_null(strstr(err.message, "HTTP_PROXY"));
        assert_null(strstr(err.message, "s3"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exceptions_are_those_of_go),
        cmocka_unit_test(the_variables_say_which),
        cmocka_unit_test(what_is_no_proxy_is_told_without_its_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
