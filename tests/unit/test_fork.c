/* SPDX-License-Identifier: Apache-2.0 */
/* A forked child may free what it inherited, and nothing else; a server is not ended by its own callback. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zreg.h>

#define PATIENCE_MS 20000
#define SOME_FOLDER "/usr/include/linux" /* a few megabytes */

/* A buildset registry and a client of it, with one blob in it. */
typedef struct world {
    zreg_client *client;
    zreg_server *_Atomic server; /* a callback may take it */
    zreg_cancel *cancel;
    zreg_ref *ref;
    zreg_digest digest;
    char folder[64]; /* holds the registry's own */
} world;

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void set_folder(world *w)
{
    snprintf(w->folder, sizeof(w->folder), "/tmp/zreg-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    setenv("TMPDIR", w->folder, 1);
}

static void start_server(world *w, zreg_access_fn access)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    options.buildset = 1;
    options.access = access;
    options.access_user = w;
    zreg_server *server = NULL;
    set_folder(w);
    assert_int_equal(zreg_server_start(&server, &options, NULL), ZREG_OK);
    w->server = server;
}

static void connect_client(world *w)
{
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);
    zreg_host_options host = ZREG_OPTIONS(zreg_host_options);
    const char *address = zreg_server_address(w->server);
    char place[128];
    options.authfile = "";
    options.attempts = 1;
    host.ca_pem = zreg_server_certificate(w->server);
    snprintf(place, sizeof(place), "%s/a/b:1", address);
    assert_int_equal(zreg_client_new(&w->client, &options, NULL), ZREG_OK);
    assert_int_equal(zreg_client_set_host(w->client, address, &host, NULL), ZREG_OK);
    assert_int_equal(zreg_client_set_credentials(w->client, address, "zuul",
                                                 zreg_server_password(w->server), NULL),
                     ZREG_OK);
    assert_int_equal(zreg_ref_parse(&w->ref, place, NULL), ZREG_OK);
    assert_int_equal(zreg_cancel_new(&w->cancel, NULL), ZREG_OK);
}

static void push_blob(world *w, size_t size)
{
    zreg_blob_writer *writer = NULL;
    char *bytes = calloc(1, size);
    assert_non_null(bytes);
    assert_int_equal(
        zreg_blob_create(&writer, w->client, w->ref, NULL, UINT64_MAX, w->cancel, NULL), ZREG_OK);
    assert_int_equal(zreg_blob_write(writer, bytes, size, NULL), ZREG_OK);
    assert_int_equal(zreg_blob_commit(&w->digest, writer, NULL), ZREG_OK);
    zreg_blob_writer_free(writer);
    free(bytes);
}

static void leave(world *w)
{
    zreg_cancel_free(w->cancel);
    zreg_ref_free(w->ref);
    zreg_client_free(w->client);
    zreg_server_free(w->server);
    assert_int_equal(rmdir(w->folder), 0);
    unsetenv("TMPDIR");
}

/* Runs in a child; gives its exit status, or fails the test when a signal or the clock ended it. */
static int in_child(int (*run)(world *w), world *w)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(run(w));
    }
    for (int waited = 0; waitpid(child, &status, WNOHANG) == 0; waited += 10) {
        if (waited > PATIENCE_MS) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            fail_msg("the child hangs");
        }
        sleep_ms(10);
    }
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static zreg_blob_reader *open_blob(world *w)
{
    zreg_blob_reader *reader = NULL;
    assert_int_equal(zreg_blob_open(&reader, w->client, w->ref, &w->digest, w->cancel, NULL),
                     ZREG_OK);
    return reader;
}

static zreg_blob_reader *shared_reader;
static zreg_blob_writer *shared_writer;

static int free_all(world *w)
{
    zreg_blob_reader_free(shared_reader);
    zreg_blob_writer_free(shared_writer);
    zreg_cancel_trigger(w->cancel);
    zreg_cancel_free(w->cancel);
    zreg_ref_free(w->ref);
    zreg_client_free(w->client);
    zreg_server_free(w->server);
    return 0;
}

/* The connections, over TLS, stay in step; the registry and its folder stay; nobody is cancelled. */
static void a_child_frees_what_is_its_parents(void **state)
{
    (void)state;
    world w = {0};
    char piece[70000];
    uint64_t received = 0;
    size_t size;
    start_server(&w, NULL);
    connect_client(&w);
    push_blob(&w, 5000000);
    shared_reader = open_blob(&w);
    assert_int_equal(
        zreg_blob_create(&shared_writer, w.client, w.ref, NULL, UINT64_MAX, w.cancel, NULL),
        ZREG_OK);
    assert_int_equal(zreg_blob_write(shared_writer, piece, sizeof(piece), NULL), ZREG_OK);
    assert_int_equal(in_child(free_all, &w), 0);
    assert_int_equal(zreg_cancel_triggered(w.cancel), 0);
    do {
        assert_int_equal(zreg_blob_read(&size, shared_reader, piece, sizeof(piece), NULL), ZREG_OK);
        received += size;
    } while (size > 0);
    assert_int_equal(received, 5000000);
    assert_int_equal(zreg_blob_write(shared_writer, piece, sizeof(piece), NULL), ZREG_OK);
    assert_int_equal(zreg_blob_commit(NULL, shared_writer, NULL), ZREG_OK);
    zreg_blob_reader_free(shared_reader);
    zreg_blob_writer_free(shared_writer);
    leave(&w);
}

static int refused(zreg_status status, const zreg_error *err)
{
    return status == ZREG_INVAL && strstr(err->message, "fork()") != NULL;
}

/* The number of the first call that is not refused; 0: each was. */
static int call_all(world *w)
{
    zreg_error e;
    char *text = NULL, byte;
    size_t size;
    zreg_blob_writer *writer = NULL;
    zreg_blob_reader *reader = NULL;
    zreg_strings *tags = NULL;
    zreg_resolution *resolution = NULL;
    zreg_digest digest;
    zreg_client *own = NULL;
    const char *host = zreg_ref_host(w->ref);
    int n = 0;
#define REFUSED(call)                                                                              \
    do {                                                                                           \
        n++;                                                                                       \
        if (!refused(call, &e)) {                                                                  \
            return n;                                                                              \
        }                                                                                          \
    } while (0)
    REFUSED(zreg_server_stop(w->server, 0, &e));
    REFUSED(zreg_server_connection(&text, w->server, &e));
    REFUSED(zreg_client_set_credentials(w->client, host, "a", "b", &e));
    REFUSED(zreg_client_ping(w->client, host, NULL, &e));
    REFUSED(zreg_client_tags(&tags, w->client, w->ref, NULL, &e));
    REFUSED(zreg_client_manifest_head(&digest, w->client, w->ref, NULL, &e));
    REFUSED(zreg_client_tag_delete(w->client, w->ref, NULL, &e));
    REFUSED(zreg_resolve(&resolution, w->client, "a", NULL, NULL, NULL, &e));
    REFUSED(zreg_inspect(&text, w->client, zreg_ref_text(w->ref), NULL, &e));
    REFUSED(zreg_blob_open(&reader, w->client, w->ref, &w->digest, NULL, &e));
    REFUSED(zreg_blob_read(&size, shared_reader, &byte, 1, &e));
    REFUSED(zreg_blob_create(&writer, w->client, w->ref, NULL, UINT64_MAX, NULL, &e));
    REFUSED(zreg_blob_write(shared_writer, "a", 1, &e));
    REFUSED(zreg_blob_commit(NULL, shared_writer, &e));
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);
    options.authfile = "";
    if (zreg_client_new(&own, &options, &e) != ZREG_OK) {
        return 100;
    }
    REFUSED(zreg_client_ping(own, host, w->cancel, &e));
    zreg_client_free(own);
    return 0;
}

static void a_child_may_call_nothing(void **state)
{
    (void)state;
    world w = {0};
    start_server(&w, NULL);
    connect_client(&w);
    push_blob(&w, 1000);
    shared_reader = open_blob(&w);
    assert_int_equal(
        zreg_blob_create(&shared_writer, w.client, w.ref, NULL, UINT64_MAX, NULL, NULL), ZREG_OK);
    assert_int_equal(in_child(call_all, &w), 0);
    zreg_blob_reader_free(shared_reader);
    zreg_blob_writer_free(shared_writer);
    leave(&w);
}

static int dial(const world *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *port = strrchr(zreg_server_address(w->server), ':');
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    address.sin_port = htons((uint16_t)atoi(port + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* What the server closes while a child has it too is not watched on. */
static void a_child_may_have_the_sockets_of_connections_that_end(void **state)
{
    (void)state;
    enum { COUNT = 16 };
    world w = {0};
    int fds[COUNT];
    start_server(&w, NULL);
    connect_client(&w);
    for (int i = 0; i < COUNT; i++) {
        fds[i] = dial(&w);
    }
    assert_int_equal(zreg_client_ping(w.client, zreg_ref_host(w.ref), NULL, NULL), ZREG_OK);
    pid_t child = fork();
    if (child == 0) {
        sleep_ms(PATIENCE_MS);
        _exit(0);
    }
    for (int i = 0; i < COUNT; i++) {
        shutdown(fds[i], SHUT_RDWR);
        close(fds[i]);
        sleep_ms(10);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(zreg_client_ping(w.client, zreg_ref_host(w.ref), NULL, NULL), ZREG_OK);
    leave(&w);
}

static zreg_status stopped_how;

static void stop_it(const char *line, void *user)
{
    world *w = user;
    (void)line;
    stopped_how = zreg_server_stop(w->server, 0, NULL);
}

static void a_callback_cannot_stop_its_server(void **state)
{
    (void)state;
    world w = {0};
    stopped_how = ZREG_OK;
    start_server(&w, stop_it);
    connect_client(&w);
    assert_int_equal(zreg_client_ping(w.client, zreg_ref_host(w.ref), NULL, NULL), ZREG_OK);
    assert_int_equal(zreg_server_stop(w.server, 1000, NULL), ZREG_OK);
    assert_int_equal(stopped_how, ZREG_INVAL);
    leave(&w);
}

static void free_it(const char *line, void *user)
{
    world *w = user;
    (void)line;
    zreg_server_free(atomic_exchange(&w->server, NULL));
}

static void a_server_freed_in_its_callback_ends_after_it(void **state)
{
    (void)state;
    world w = {0};
    start_server(&w, free_it);
    connect_client(&w);
    (void)zreg_client_ping(w.client, zreg_ref_host(w.ref), NULL, NULL);
    for (int waited = 0; rmdir(w.folder) != 0; waited += 10) {
        assert_true(waited < PATIENCE_MS);
        sleep_ms(10);
    }
    assert_int_equal(mkdir(w.folder, 0700), 0);
    leave(&w);
}

static const char *folder_of_its_own;

/* It stands until the callback has returned, though the reload is called by a thread of the owner. */
static void free_it_and_look(const char *line, void *user)
{
    free_it(line, user);
    sleep_ms(100);
    assert_int_not_equal(rmdir(folder_of_its_own), 0);
}

static void a_server_freed_in_the_callback_of_a_reload_ends_after_it(void **state)
{
    (void)state;
    world w = {0};
    zreg_server *server = NULL;
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    set_folder(&w);
    folder_of_its_own = w.folder;
    options.buildset = 1;
    options.audit = free_it_and_look;
    options.audit_user = &w;
    assert_int_equal(zreg_server_start(&server, &options, NULL), ZREG_OK);
    w.server = server;
    assert_int_equal(zreg_server_reload(server, &options, NULL), ZREG_INVAL);
    for (int waited = 0; rmdir(w.folder) != 0; waited += 10) {
        assert_true(waited < PATIENCE_MS);
        sleep_ms(10);
    }
}

static void *stop_patiently(void *server)
{
    zreg_server_stop(server, UINT32_MAX, NULL);
    return NULL;
}

static zreg_server *busy_server;

static int stop_soon(const zreg_progress *progress, void *user)
{
    pthread_t *thread = user;
    (void)progress;
    if (busy_server != NULL) {
        assert_int_equal(pthread_create(thread, NULL, stop_patiently, busy_server), 0);
        busy_server = NULL;
        sleep_ms(100);
    }
    return 0;
}

/* Of a copy that writes into the server, no file is left, and the copy says why it ended. */
static void a_server_stops_in_the_middle_of_a_copy(void **state)
{
    (void)state;
    world w = {0};
    pthread_t thread;
    zreg_error err = {0};
    zreg_digest digest;
    const char *layers[] = {SOME_FOLDER, NULL};
    zreg_append_options options = ZREG_OPTIONS(zreg_append_options);
    start_server(&w, NULL);
    connect_client(&w);
    options.dst_server = w.server;
    options.progress = stop_soon;
    options.progress_user = &thread;
    busy_server = w.server;
    zreg_status status = zreg_append(&digest, w.client, "scratch", layers, zreg_ref_text(w.ref),
                                     &options, NULL, &err);
    assert_true(status == ZREG_OK || status == ZREG_CANCELLED);
    assert_null(busy_server);
    pthread_join(thread, NULL);
    assert_int_equal(rmdir(w.folder), 0);
    status = zreg_append(&digest, w.client, "scratch", layers, zreg_ref_text(w.ref), &options, NULL,
                         &err);
    assert_int_not_equal(status, ZREG_OK);
    assert_int_equal(mkdir(w.folder, 0700), 0);
    leave(&w);
}

static void the_second_stop_makes_the_first_hurry(void **state)
{
    (void)state;
    world w = {0};
    pthread_t thread;
    zreg_blob_writer *writer = NULL;
    start_server(&w, NULL);
    connect_client(&w);
    assert_int_equal(zreg_blob_create(&writer, w.client, w.ref, NULL, UINT64_MAX, NULL, NULL),
                     ZREG_OK);
    char bytes[100000] = {0};
    assert_int_equal(zreg_blob_write(writer, bytes, sizeof(bytes), NULL),
                     ZREG_OK); /* a PATCH is open */
    assert_int_equal(pthread_create(&thread, NULL, stop_patiently, w.server), 0);
    sleep_ms(100);
    assert_int_equal(zreg_server_stop(w.server, 0, NULL), ZREG_OK);
    pthread_join(thread, NULL);
    assert_int_equal(rmdir(w.folder), 0);
    zreg_blob_writer_free(writer);
    assert_int_equal(mkdir(w.folder, 0700), 0);
    leave(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_frees_what_is_its_parents),
        cmocka_unit_test(a_child_may_call_nothing),
        cmocka_unit_test(a_child_may_have_the_sockets_of_connections_that_end),
        cmocka_unit_test(a_callback_cannot_stop_its_server),
        cmocka_unit_test(a_server_freed_in_its_callback_ends_after_it),
        cmocka_unit_test(a_server_freed_in_the_callback_of_a_reload_ends_after_it),
        cmocka_unit_test(a_server_stops_in_the_middle_of_a_copy),
        cmocka_unit_test(the_second_stop_makes_the_first_hurry),
    };

    return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
