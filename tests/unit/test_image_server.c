/* SPDX-License-Identifier: Apache-2.0 */
/* Copies into, out of and between registries, over loopback and within the process. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "image_fixture.h"
#include "registry/client.h"
#include "server/server.h"
#include <pthread.h>
#include <zreg/copy.h>

#define LAYERS 5

typedef struct world {
    char *dir;
    char layout[300];
    zreg_server *a;
    zreg_server *b;
    zreg_client *client;
    fixture_blob root;
} world;

static zreg_server *start_server(const char *dir, const char *name, int shadow)
{
    char root[400];
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_server *server = NULL;
    zreg_error err = {.code = ZREG_OK};
    snprintf(root, sizeof(root), "%s/%s", dir, name);
    options.root = root;
    options.anonymous = ZREG_ANONYMOUS_PUSH;
    options.durability = ZREG_DURABILITY_NONE;
    options.threads = 1;
    options.shadow = shadow;
    assert_int_equal(zreg_server_start(&server, &options, &err), ZREG_OK);
    return server;
}

static void trust_plain_http(zreg_client *client, const zreg_server *server)
{
    zreg_host_options host = ZREG_OPTIONS(zreg_host_options);
    host.plain_http = 1;
    assert_int_equal(zreg_client_set_host(client, zreg_server_address(server), &host, NULL),
                     ZREG_OK);
}

static int set_up(void **state)
{
    world *w = zreg__new(world);
    char blobs[400];
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);
    assert_int_equal(zreg__file_temp_dir(&w->dir, "zreg-test-", NULL), ZREG_OK);
    snprintf(w->layout, sizeof(w->layout), "%s/src", w->dir);
    snprintf(blobs, sizeof(blobs), "oci:%s:v1", w->layout);
    fixture_layout(w->layout);
    w->root = fixture_image(w->layout, "amd64", LAYERS, 200000, 1);
    fixture_tag(w->layout, FIXTURE_MANIFEST, &w->root, "v1");
    w->a = start_server(w->dir, "a", 0);
    w->b = start_server(w->dir, "b", 0);
    options.authfile = "";
    assert_int_equal(zreg_client_new(&w->client, &options, NULL), ZREG_OK);
    trust_plain_http(w->client, w->a);
    trust_plain_http(w->client, w->b);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    zreg_client_free(w->client);
    zreg_server_free(w->a);
    zreg_server_free(w->b);
    zreg__file_remove_tree(w->dir, NULL);
    free(w->dir);
    free(w);
    return 0;
}

typedef struct text {
    char at[500];
} text;

static text layout_place(const world *w, const char *folder)
{
    text place;
    snprintf(place.at, sizeof(place.at), "oci:%s/%s:v1", w->dir, folder);
    return place;
}

static text place(const zreg_server *server, const char *name)
{
    text place;
    snprintf(place.at, sizeof(place.at), "%s/%s", zreg_server_address(server), name);
    return place;
}

static zreg_copy_result copy(const world *w, text from, text to, const zreg_copy_options *options)
{
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    zreg_status status = zreg_copy(&result, w->client, from.at, to.at, options, NULL, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ZREG_OK);
    return result;
}

static void a_server_in_the_process_is_filled_and_read(void **state)
{
    world *w = *state;
    zreg_copy_options in = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_options out = ZREG_OPTIONS(zreg_copy_options);
    const text inside = {"localhost/app:v1"};
    in.dst_server = w->a;
    out.src_server = w->a;
    zreg_copy_result result = copy(w, layout_place(w, "src"), inside, &in);
    assert_int_equal(result.blobs_copied, LAYERS + 1);
    assert_int_equal(result.src_requests + result.dst_requests, 0);
    result = copy(w, layout_place(w, "src"), inside, &in);
    assert_int_equal(result.blobs_skipped, LAYERS + 1);
    assert_int_equal(result.manifests_put, 0);
    result = copy(w, inside, layout_place(w, "back"), &out);
    assert_int_equal(result.blobs_copied, LAYERS + 1);
    assert_string_equal(result.digest.text, w->root.digest.text);
}

/* What was put in from inside is read over the wire, by the server's own rule of names. */
static void names_are_alike(const world *w, zreg_server *server, const char *inside,
                            const char *outside)
{
    text to;
    zreg_copy_options in = ZREG_OPTIONS(zreg_copy_options);
    in.dst_server = server;
    snprintf(to.at, sizeof(to.at), "localhost/%s", inside);
    copy(w, layout_place(w, "src"), to, &in);
    zreg_copy_result result = copy(w, place(server, outside), layout_place(w, "back"), NULL);
    assert_string_equal(result.digest.text, w->root.digest.text);
}

static void inside_and_over_the_wire_are_one_registry(void **state)
{
    world *w = *state;
    ZREG__AUTO(zreg_server) zreg_server *shadow = start_server(w->dir, "shadow", 1);
    trust_plain_http(w->client, shadow);
    names_are_alike(w, w->a, "library/app:v1", "library/app:v1");
    names_are_alike(w, shadow, "library/app:v1", "app:v1");
}

static void a_server_mounts_from_its_own_repositories(void **state)
{
    world *w = *state;
    static const char *const siblings[] = {"absent", "app", NULL};
    zreg_copy_options in = ZREG_OPTIONS(zreg_copy_options);
    in.dst_server = w->a;
    copy(w, layout_place(w, "src"), (text){"localhost/app:v1"}, &in);
    in.mount_from = siblings;
    zreg_copy_result result = copy(w, layout_place(w, "src"), (text){"localhost/second:v1"}, &in);
    assert_int_equal(result.blobs_mounted, LAYERS + 1);
    in.mount_from = NULL;
    in.src_server = w->a;
    result = copy(w, (text){"localhost/app:v1"}, (text){"localhost/third:v1"}, &in);
    assert_int_equal(result.blobs_mounted, LAYERS + 1);
    assert_int_equal(result.bytes, 0);
}

/* The floor of requests: GET of the manifest; HEAD of the name, three for each blob, PUT. */
static void an_empty_registry_costs_three_requests_a_blob(void **state)
{
    world *w = *state;
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    zreg_copy_result result = copy(w, place(w->a, "app:v1"), place(w->b, "app:v1"), NULL);
    assert_int_equal(result.blobs_copied, LAYERS + 1);
    assert_int_equal(result.src_requests, 1 + LAYERS + 1);
    assert_true(result.dst_requests <= 2 + 2 * (LAYERS + 1));
    assert_string_equal(result.digest.text, w->root.digest.text);
}

static void a_second_copy_costs_two_requests(void **state)
{
    world *w = *state;
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    copy(w, place(w->a, "app:v1"), place(w->b, "app:v1"), NULL);
    zreg_copy_result result = copy(w, place(w->a, "app:v1"), place(w->b, "app:v1"), NULL);
    assert_int_equal(result.src_requests, 1);
    assert_int_equal(result.dst_requests, 1);
    assert_int_equal(result.manifests_put, 0);
    assert_int_equal(result.blobs_skipped, LAYERS + 1);
}

static void a_new_tag_costs_two_requests(void **state)
{
    world *w = *state;
    zreg_counters before, after;
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    zreg_client_counters(&before, w->client, NULL);
    zreg_copy_result result = copy(w, place(w->a, "app:v1"), place(w->a, "app:v2"), NULL);
    zreg_client_counters(&after, w->client, NULL);
    assert_int_equal(result.src_requests, 0);
    assert_int_equal(result.dst_requests, 2);
    assert_int_equal(after.requests - before.requests, 2);
    assert_int_equal(after.blob_requests, before.blob_requests);
    assert_int_equal(result.manifests_put, 1);
}

static void another_repository_of_the_host_is_mounted(void **state)
{
    world *w = *state;
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    zreg_copy_result result = copy(w, place(w->a, "app:v1"), place(w->a, "other:v1"), NULL);
    assert_int_equal(result.blobs_mounted, LAYERS + 1);
    assert_int_equal(result.bytes, 0);
    assert_int_equal(result.dst_requests, 3 + LAYERS + 1);
}

static void blobs_that_are_there_are_not_sent(void **state)
{
    world *w = *state;
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    copy(w, place(w->a, "app:v1"), place(w->b, "app:v1"), NULL);
    zreg_copy_result result = copy(w, place(w->a, "app:v1"), place(w->b, "app:v2"), NULL);
    assert_int_equal(result.blobs_skipped, LAYERS + 1);
    assert_int_equal(result.bytes, 0);
    assert_int_equal(result.src_requests, 1);
    assert_int_equal(result.dst_requests, 2 + LAYERS + 1);
}

static void siblings_are_mounted_from(void **state)
{
    world *w = *state;
    static const char *const siblings[] = {"absent", "app", NULL};
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    options.mount_from = siblings;
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    zreg_copy_result result = copy(w, layout_place(w, "src"), place(w->a, "other:v1"), &options);
    assert_int_equal(result.blobs_mounted, LAYERS + 1);
    assert_int_equal(result.bytes, 0);
}

static void a_session_sends_a_blob_once_to_a_host(void **state)
{
    world *w = *state;
    zreg_copy_options in = ZREG_OPTIONS(zreg_copy_options);
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    zreg_copy_result result = copy(w, layout_place(w, "src"), place(w->a, "other:v1"), NULL);
    assert_int_equal(result.blobs_mounted, LAYERS + 1);
    assert_int_equal(result.dst_requests, 2 + LAYERS + 1);
    in.dst_server = w->b;
    copy(w, layout_place(w, "src"), (text){"localhost/app:v1"}, &in);
    result = copy(w, layout_place(w, "src"), (text){"localhost/other:v1"}, &in);
    assert_int_equal(result.blobs_mounted, LAYERS + 1);
}

static void an_index_is_copied_and_completed(void **state)
{
    world *w = *state;
    static const char *const amd[] = {"linux/amd64", NULL};
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    const fixture_blob children[2] = {fixture_image(w->layout, "amd64", 3, 1000, 1),
                                      fixture_image(w->layout, "arm64", 3, 1000, 2)};
    fixture_blob index = fixture_index(w->layout, children);
    fixture_tag(w->layout, FIXTURE_INDEX, &index, "v1");
    options.platforms = amd;
    zreg_copy_result result = copy(w, layout_place(w, "src"), place(w->a, "app:v1"), &options);
    assert_int_equal(result.manifests_put, 2);
    result = copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    assert_int_equal(result.manifests_put, 2); /* the child that was there is left alone */
    assert_string_equal(result.digest.text, index.digest.text);
    result = copy(w, place(w->a, "app:v1"), place(w->b, "app:v1"), NULL);
    assert_int_equal(result.manifests_put, 3);
    result = copy(w, place(w->b, "app:v1"), layout_place(w, "back"), NULL);
    assert_string_equal(result.digest.text, index.digest.text);
}

static void a_missing_source_is_not_found(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    text from = place(w->a, "absent:v1");
    assert_int_equal(
        zreg_copy(&result, w->client, from.at, place(w->b, "x:1").at, NULL, NULL, &err),
        ZREG_NOTFOUND);
    assert_non_null(strstr(err.message, "absent"));
}

typedef struct trigger {
    zreg_cancel *cancel;
    uint64_t after_ms;
    uint64_t triggered_ms;
} trigger;

static void *trigger_later(void *argument)
{
    trigger *self = argument;
    (void)zreg__cancel_sleep(NULL, self->after_ms, NULL);
    self->triggered_ms = zreg__clock_ms();
    zreg_cancel_trigger(self->cancel);
    return NULL;
}

static void cancelling_ends_a_copy_soon(void **state)
{
    world *w = *state;
    ZREG__AUTO(zreg_cancel) zreg_cancel *cancel = NULL;
    fixture_blob big = fixture_image(w->layout, "amd64", 12, 8 << 20, 77);
    fixture_tag(w->layout, FIXTURE_MANIFEST, &big, "v1");
    copy(w, layout_place(w, "src"), place(w->a, "app:v1"), NULL);
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);

    trigger later = {.cancel = cancel, .after_ms = 60};
    pthread_t thread;
    zreg_copy_result result;
    text from = place(w->a, "app:v1"), to = place(w->b, "app:v1");
    assert_int_equal(pthread_create(&thread, NULL, trigger_later, &later), 0);
    zreg_status status = zreg_copy(&result, w->client, from.at, to.at, NULL, cancel, NULL);
    uint64_t ended_ms = zreg__clock_ms();
    pthread_join(thread, NULL);
    assert_int_equal(status, ZREG_CANCELLED);
    assert_true(ended_ms - later.triggered_ms < 1000); /* 100 and room for a busy machine */
    copy(w, from, to, NULL);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_server_in_the_process_is_filled_and_read),
        IN_WORLD(inside_and_over_the_wire_are_one_registry),
        IN_WORLD(a_server_mounts_from_its_own_repositories),
        IN_WORLD(an_empty_registry_costs_three_requests_a_blob),
        IN_WORLD(a_second_copy_costs_two_requests),
        IN_WORLD(a_new_tag_costs_two_requests),
        IN_WORLD(another_repository_of_the_host_is_mounted),
        IN_WORLD(blobs_that_are_there_are_not_sent),
        IN_WORLD(siblings_are_mounted_from),
        IN_WORLD(a_session_sends_a_blob_once_to_a_host),
        IN_WORLD(an_index_is_copied_and_completed),
        IN_WORLD(a_missing_source_is_not_found),
        IN_WORLD(cancelling_ends_a_copy_soon),
    };
    return cmocka_run_group_tests_name("image_server", tests, NULL, NULL);
}
