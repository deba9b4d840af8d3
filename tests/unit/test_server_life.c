/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "server/server.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zreg/server.h>

static zreg_server *start(const zreg_server_options *options)
{
    zreg_server *server = NULL;
    zreg_error err;
    if (zreg_server_start(&server, options, &err) != ZREG_OK) {
        fail_msg("%s", err.message);
    }
    return server;
}

static zreg_server_options buildset(void)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    options.buildset = 1;
    return options;
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static size_t threads(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* A thread that was joined is in /proc for a moment longer. */
static int threads_become(size_t count)
{
    for (int tries = 0; threads() != count; tries++) {
        if (tries == 1000) {
            return 0;
        }
        usleep(1000);
    }
    return 1;
}

static void a_buildset_registry_makes_what_it_needs(void **state)
{
    (void)state;
    zreg_server_options options = buildset();
    zreg_server *server = start(&options);
    assert_string_equal(zreg_server_host(server), "127.0.0.1");
    assert_true(zreg_server_port(server) > 0);
    assert_string_equal(zreg_server_username(server), "zuul");
    assert_true(strlen(zreg_server_password(server)) >= 32);
    assert_non_null(strstr(zreg_server_certificate(server), "BEGIN CERTIFICATE"));
    assert_int_equal(strlen(zreg_server_fingerprint(server)), 32 * 3 - 1);
    zreg_server *other = start(&options);
    assert_string_not_equal(zreg_server_password(server), zreg_server_password(other));
    assert_string_not_equal(zreg_server_fingerprint(server), zreg_server_fingerprint(other));
    zreg_server_free(other);
    zreg_server_free(server);
}

static void the_connection_record_is_zuuls(void **state)
{
    (void)state;
    zreg_server_options options = buildset();
    zreg_server *server = start(&options);
    char *text = NULL;
    assert_int_equal(zreg_server_connection(&text, server, NULL), ZREG_OK);
    ZREG__AUTO(zreg__json) zreg__json *record = NULL;
    assert_int_equal(zreg__json_parse(&record, text, strlen(text), "the record", NULL), ZREG_OK);
    uint64_t port = 0;
    assert_true(zreg__json_u64(record, "port", &port));
    assert_int_equal(port, zreg_server_port(server));
    assert_string_equal(zreg__json_text(record, "host"), "127.0.0.1");
    assert_string_equal(zreg__json_text(record, "username"), "zuul");
    assert_string_equal(zreg__json_text(record, "password"), zreg_server_password(server));
    assert_string_equal(zreg__json_text(record, "cert"), zreg_server_certificate(server));
    assert_string_equal(zreg__json_text(record, "fingerprint"), zreg_server_fingerprint(server));
    zreg_free(text);
    zreg_server_free(server);
}

static void names_in_the_certificate_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"registry.example", "192.0.2.7", "2001:db8::1", NULL};
    static const char *const bad[] = {"a,DNS:b", NULL};
    zreg_server_options options = buildset();
    zreg_server *server = NULL;
    zreg_error err;
    options.names = good;
    zreg_server_free(start(&options));
    options.names = bad;
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_INVAL);
    assert_null(server);
}

static void a_temporary_root_goes_at_stop(void **state)
{
    (void)state;
    char folder[] = "/tmp/zreg-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    zreg_server_options options = buildset();
    zreg_server *server = start(&options);
    assert_int_not_equal(rmdir(folder), 0);
    assert_int_equal(zreg_server_stop(server, 0, NULL), ZREG_OK);
    assert_int_equal(rmdir(folder), 0);
    const zreg__server_visit one_that_began_before = {server};
    assert_non_null(zreg__server_store(&one_that_began_before));
    zreg_server_free(server);
    unsetenv("TMPDIR");
}

static void a_root_that_was_given_stays(void **state)
{
    (void)state;
    struct stat info;
    char *folder = NULL;
    assert_int_equal(zreg__file_temp_dir(&folder, "zreg-test-", NULL), ZREG_OK);
    zreg_server_options options = buildset();
    options.root = folder;
    zreg_server_free(start(&options));
    assert_int_equal(stat(folder, &info), 0);
    zreg__file_remove_tree(folder, NULL);
    free(folder);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    zreg_error err;
    zreg_server *server = NULL;
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_INVAL);
    options.root = "/proc/no/such";
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_IO);
    options = buildset();
    options.tls_cert_pem = "only one";
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_INVAL);
    options.tls_key_pem = "and no PEM";
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_INVAL);
    options = buildset();
    options.listen = "nonsense";
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_INVAL);
    options = buildset();
    options.size = 3;
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_INVAL);
    assert_null(server);
}

static void many_servers_run_at_once(void **state)
{
    (void)state;
    zreg_server *servers[16];
    zreg_server_options options = buildset();
    for (size_t i = 0; i < 16; i++) {
        servers[i] = start(&options);
    }
    for (size_t i = 1; i < 16; i++) {
        assert_int_not_equal(zreg_server_port(servers[i]), zreg_server_port(servers[0]));
    }
    for (size_t i = 0; i < 16; i++) {
        zreg_server_free(servers[i]);
    }
}

/* A hash of "password" under each of two names. */
static const char *const two_files[] = {
    "ann:$2y$05$0AeKxsAEXSTzYRq4DP8uHOPqXKpr/J6lWbMlxuF1jxlcjrIuWFCHe\n",
    "bob:$2y$05$0AeKxsAEXSTzYRq4DP8uHOPqXKpr/J6lWbMlxuF1jxlcjrIuWFCHe\n",
};

static void *reload_often(void *argument)
{
    zreg_server *server = argument;
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    for (size_t i = 0; i < 200; i++) {
        options.htpasswd = two_files[i % 2];
        if (zreg_server_reload(server, &options, NULL) != ZREG_OK) {
            return server;
        }
    }
    return NULL;
}

static void many_threads_may_reload(void **state)
{
    (void)state;
    ZREG__AUTO_FREE char *root = NULL;
    assert_int_equal(zreg__file_temp_dir(&root, "zreg-test-", NULL), ZREG_OK);
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    options.root = root;
    options.htpasswd = two_files[0];
    zreg_server *server = start(&options);
    pthread_t reloaders[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&reloaders[i], NULL, reload_often, server), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed;
        pthread_join(reloaders[i], &failed);
        assert_null(failed);
    }
    zreg_server_free(server);
    zreg__file_remove_tree(root, NULL);
}

static void starting_and_stopping_leaves_nothing(void **state)
{
    (void)state;
    struct sigaction before, after;
    zreg_server_options options = buildset();
    options.plain_http = 1;
    zreg_server_free(start(&options));
    sigaction(SIGPIPE, NULL, &before);
    size_t descriptors = open_descriptors();
    size_t tasks = threads();
    for (int i = 0; i < 1000; i++) {
        zreg_server *server = start(&options);
        assert_int_equal(zreg_server_stop(server, 0, NULL), ZREG_OK);
        zreg_server_free(server);
    }
    sigaction(SIGPIPE, NULL, &after);
    assert_int_equal(open_descriptors(), descriptors);
    assert_true(threads_become(tasks));
    assert_true(before.sa_handler == after.sa_handler);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    zreg_server_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buildset_registry_makes_what_it_needs),
        cmocka_unit_test(the_connection_record_is_zuuls),
        cmocka_unit_test(names_in_the_certificate_are_checked),
        cmocka_unit_test(a_temporary_root_goes_at_stop),
        cmocka_unit_test(a_root_that_was_given_stays),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(many_servers_run_at_once),
        cmocka_unit_test(many_threads_may_reload),
        cmocka_unit_test(starting_and_stopping_leaves_nothing),
        cmocka_unit_test(freeing_nothing_is_fine),
    };

    return cmocka_run_group_tests_name("server_life", tests, NULL, NULL);
}
