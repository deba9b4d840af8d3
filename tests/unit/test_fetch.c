/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that a public registry may not send us to are refused after the name was looked up. */
#include "http/fetch.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A socket that listens on loopback, and its port. */
static int listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void a_private_peer_is_refused_before_anything_is_sent(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]"};
    ZREG__AUTO(zreg__fetch) zreg__fetch *fetch = NULL;
    int port;
    int fd = listener(&port);

    (void)state;
    assert_int_equal(zreg__fetch_new(&fetch, NULL, NULL), ZREG_OK);
    for (size_t i = 0; i < ZREG__COUNT(hosts); i++) {
        ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
        ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
        zreg__fetch_request request = {.method = "GET", .url = &url, .public_peer_only = true};
        zreg__fetch_failure failure = ZREG__FETCH_TRANSIENT;
        char text[64];
        zreg_error err = {0};

        snprintf(text, sizeof(text), "http://%s:%d/token", hosts[i], port);
        assert_int_equal(zreg__fetch_url_parse(&url, text, NULL), ZREG_OK);
        assert_int_equal(zreg__fetch_open(&exchange, fetch, &request, &failure, NULL, &err),
                         ZREG_DENIED);
        assert_int_equal(failure, ZREG__FETCH_FINAL);
        assert_non_null(strstr(err.message, "private address"));
    }
    assert_int_equal(accept(fd, NULL, NULL), -1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_peer_is_refused_before_anything_is_sent),
    };

    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
