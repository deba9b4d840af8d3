/* SPDX-License-Identifier: Apache-2.0 */
/* Layers put on a base or on scratch, into layouts and registries. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "image/imageconfig.h"
#include "image/tarlayer.h"
#include "image_fixture.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/client.h"
#include <sys/stat.h>
#include <zreg/copy.h>
#include <zreg/server.h>

#define DIFF_ID "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct world {
    char *dir;
    char tree[300];
    char tar[300];
    char one[300]; /* destinations */
    char two[300];
    char base[300]; /* a layout, and the image "base" in it */
    char base_image[400];
    zreg_append_options options;
} world;

/* What is at a place. */
typedef struct image {
    zreg_manifest *manifest;
    zreg__json *config;
} image;

static void image_finish(image *self)
{
    zreg_manifest_free(self->manifest);
    zreg__json_free(self->config);
}

ZREG__DEFINE_AUTO_VALUE(image, image_finish)

static void run_command(const char *format, const char *argument)
{
    char command[1000];
    snprintf(command, sizeof(command), "set -- '%s'; %s", argument, format);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    world *w = zreg__new(world);
    assert_int_equal(zreg__file_temp_dir(&w->dir, "zreg-test-", NULL), ZREG_OK);
    snprintf(w->tree, sizeof(w->tree), "%s/tree", w->dir);
    snprintf(w->tar, sizeof(w->tar), "%s/layer.tar", w->dir);
    snprintf(w->one, sizeof(w->one), "oci:%s/one:t", w->dir);
    snprintf(w->two, sizeof(w->two), "oci:%s/two:t", w->dir);
    snprintf(w->base, sizeof(w->base), "%s/base", w->dir);
    snprintf(w->base_image, sizeof(w->base_image), "oci:%s/base:base", w->dir);
    run_command("mkdir -p \"$1/tree/etc\" && echo hello > \"$1/tree/etc/motd\"", w->dir);
    run_command("tar -cf \"$1/layer.tar\" -C \"$1\" tree", w->dir);
    w->options = (zreg_append_options)ZREG_OPTIONS(zreg_append_options);
    w->options.platform = "linux/arm64/v8";
    fixture_layout(w->base);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    assert_int_equal(zreg__file_remove_tree(w->dir, NULL), ZREG_OK);
    free(w->dir);
    free(w);
    return 0;
}

static zreg_digest append_to(world *w, const char *base, const char *layer, const char *dst)
{
    const char *const layers[] = {layer, NULL};
    zreg_digest digest;
    zreg_error err;
    if (zreg_append(&digest, NULL, base, layers, dst, &w->options, NULL, &err) != ZREG_OK) {
        fail_msg("%s", err.message);
    }
    return digest;
}

static zreg_status try_append(zreg_error *err, world *w, const char *base, const char *layer)
{
    const char *const layers[] = {layer, NULL};
    zreg_digest digest;
    return zreg_append(&digest, NULL, base, layers, w->one, &w->options, NULL, err);
}

static image read_image(const char *place)
{
    const zreg__endpoint_options options = {.client = NULL};
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *src = NULL;
    image found = {NULL, NULL};
    assert_int_equal(zreg__endpoint_open(&src, place, &options, NULL), ZREG_OK);
    assert_int_equal(zreg__endpoint_manifest_get(&found.manifest, src, NULL, NULL, NULL), ZREG_OK);
    assert_int_equal(zreg__imageconfig_fetch(&found.config, src, found.manifest, NULL, NULL),
                     ZREG_OK);
    return found;
}

static void assert_config(const image *found, const char *wanted)
{
    ZREG__AUTO_FREE char *text = NULL;
    assert_int_equal(zreg__json_print(&text, found->config, NULL), ZREG_OK);
    assert_string_equal(text, wanted);
}

/* An image of one layer, of docker's types or OCI's, tagged "base". */
static fixture_blob put_base(const world *w, bool docker, const char *config)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(1 << 20);
    fixture_blob config_blob = fixture_put(w->base, config, strlen(config));
    fixture_blob layer = fixture_bytes(w->base, 1000, 1);
    const char *type = docker ? ZREG__TYPE_DOCKER_MANIFEST : ZREG__TYPE_OCI_MANIFEST;
    zreg__buf_printf(&text, NULL, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":", type);
    fixture_add(&text, docker ? ZREG__TYPE_DOCKER_CONFIG : ZREG__TYPE_OCI_CONFIG, &config_blob, "");
    zreg__buf_text(&text, ",\"layers\":[", NULL);
    fixture_add(&text, docker ? ZREG__TYPE_DOCKER_LAYER_GZIP : ZREG__TYPE_OCI_LAYER_GZIP, &layer,
                "");
    zreg__buf_text(&text, "],\"annotations\":{\"kept\":\"yes\"}}", NULL);
    fixture_blob root = fixture_put(w->base, text.data, text.size);
    fixture_tag(w->base, type, &root, "base");
    return root;
}

static zreg__tarlayer measured(const world *w)
{
    zreg__tarlayer layer;
    assert_int_equal(zreg__tarlayer_measure(&layer, w->tar, NULL, NULL), ZREG_OK);
    return layer;
}

static void an_image_from_scratch_says_what_it_was_told(void **state)
{
    world *w = *state;
    const char *const labels[] = {"a=b=c", "empty=", "a=last", NULL};
    const char *const environment[] = {"PATH=/bin", "X=", NULL};
    const char *const entrypoint[] = {"/bin/sh", "-c", NULL};
    const char *const command[] = {"true", NULL};
    w->options.labels = labels;
    w->options.environment = environment;
    w->options.entrypoint = entrypoint;
    w->options.command = command;
    w->options.working_dir = "/etc";
    w->options.user = "1000:1000";
    w->options.created = 1234567890;
    zreg_digest digest = append_to(w, "scratch", w->tar, w->one);

    ZREG__AUTO(image) image found = read_image(w->one);
    zreg__tarlayer layer = measured(w);
    ZREG__AUTO_FREE char *wanted = zreg__asprintf(
        "{\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\","
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]},"
        "\"created\":\"2009-02-13T23:31:30Z\","
        "\"config\":{\"User\":\"1000:1000\",\"WorkingDir\":\"/etc\",\"Env\":[\"PATH=/bin\",\"X=\"],"
        "\"Entrypoint\":[\"/bin/sh\",\"-c\"],\"Cmd\":[\"true\"],"
        "\"Labels\":{\"a\":\"last\",\"empty\":\"\"}},"
        "\"history\":[{\"created\":\"2009-02-13T23:31:30Z\",\"created_by\":\"zreg append\"}]}",
        layer.diff_id.text);
    assert_config(&found, wanted);
    assert_string_equal(zreg_manifest_digest(found.manifest)->text, digest.text);
    assert_string_equal(zreg_manifest_media_type(found.manifest), ZREG__TYPE_OCI_MANIFEST);
    assert_int_equal(zreg_manifest_count(found.manifest), 1);
}

static void a_tar_file_is_used_as_it_is(void **state)
{
    world *w = *state;
    const char *const commands[] = {":", "gzip -n \"$1\" && mv \"$1.gz\" \"$1\""};
    const char *const types[] = {ZREG__TYPE_OCI_LAYER, ZREG__TYPE_OCI_LAYER_GZIP};
    for (size_t i = 0; i < ZREG__COUNT(commands); i++) {
        run_command(commands[i], w->tar);
        append_to(w, "scratch", w->tar, w->one);
        ZREG__AUTO(image) image found = read_image(w->one);
        const zreg_descriptor *layer = zreg_manifest_at(found.manifest, 0);
        zreg__tarlayer file = measured(w);
        assert_string_equal(layer->media_type, types[i]);
        assert_string_equal(layer->digest.text, file.digest.text);
        assert_int_equal(layer->size_bytes, file.size_bytes);
    }
}

static void the_same_input_gives_the_same_digest(void **state)
{
    world *w = *state;
    zreg_digest first = append_to(w, "scratch", w->tree, w->one);
    run_command("touch -d 2001-01-01 \"$1/etc/motd\"", w->tree);
    zreg_digest second = append_to(w, "scratch", w->tree, w->two);
    assert_string_equal(first.text, second.text);
    run_command("chmod 600 \"$1/etc/motd\"", w->tree);
    zreg_digest third = append_to(w, "scratch", w->tree, w->two);
    assert_string_not_equal(first.text, third.text);
}

static void a_base_keeps_what_is_not_changed(void **state)
{
    world *w = *state;
    put_base(w, false,
             "{\"architecture\":\"amd64\",\"os\":\"linux\",\"author\":\"x\",\"created\":\"2020\","
             "\"config\":{\"Env\":[\"A=1\",\"AB=2\"],\"Cmd\":[\"sh\"],\"Labels\":{\"old\":\"1\"}},"
             "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF_ID "\"]},"
             "\"history\":[{\"created_by\":\"base\"}]}");
    const char *const labels[] = {"new=2", NULL};
    const char *const environment[] = {"A=3", "C=4", NULL};
    w->options.labels = labels;
    w->options.environment = environment;
    append_to(w, w->base_image, w->tar, w->one);

    ZREG__AUTO(image) image found = read_image(w->one);
    zreg__tarlayer layer = measured(w);
    ZREG__AUTO_FREE char *wanted =
        zreg__asprintf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"author\":\"x\","
                       "\"created\":\"1970-01-01T00:00:00Z\","
                       "\"config\":{\"Env\":[\"A=3\",\"AB=2\",\"C=4\"],\"Cmd\":[\"sh\"],"
                       "\"Labels\":{\"old\":\"1\",\"new\":\"2\"}},"
                       "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF_ID "\",\"%s\"]},"
                       "\"history\":[{\"created_by\":\"base\"},"
                       "{\"created\":\"1970-01-01T00:00:00Z\",\"created_by\":\"zreg append\"}]}",
                       layer.diff_id.text);
    assert_config(&found, wanted);
    assert_int_equal(zreg_manifest_count(found.manifest), 2);
    assert_int_equal(zreg_manifest_at(found.manifest, 0)->size_bytes, 1000);
    assert_string_equal(zreg_manifest_annotation(found.manifest, "kept"), "yes");
}

static void a_base_of_docker_stays_one(void **state)
{
    world *w = *state;
    put_base(w, true,
             "{\"architecture\":\"amd64\",\"os\":\"linux\","
             "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF_ID "\"]}}");
    append_to(w, w->base_image, w->tree, w->one);
    ZREG__AUTO(image) image found = read_image(w->one);
    assert_string_equal(zreg_manifest_media_type(found.manifest), ZREG__TYPE_DOCKER_MANIFEST);
    assert_string_equal(zreg_manifest_config(found.manifest)->media_type, ZREG__TYPE_DOCKER_CONFIG);
    assert_string_equal(zreg_manifest_at(found.manifest, 1)->media_type,
                        ZREG__TYPE_DOCKER_LAYER_GZIP);
    /* A history for one layer of two would be out of step. */
    assert_null(zreg__json_get(found.config, "history"));
}

static void the_config_alone_can_be_changed(void **state)
{
    world *w = *state;
    const char *const labels[] = {"new=2", NULL};
    w->options.labels = labels;
    append_to(w, "scratch", w->tar, w->one);
    append_to(w, w->one, NULL, w->two);
    ZREG__AUTO(image) image found = read_image(w->two);
    assert_int_equal(zreg_manifest_count(found.manifest), 1);
    zreg__json *last = zreg__json_at(zreg__json_get(found.config, "history"), 1);
    assert_true(zreg__json_bool(last, "empty_layer"));
}

static void of_an_index_the_child_of_the_platform_is_the_base(void **state)
{
    world *w = *state;
    char config[300];
    fixture_blob children[2];
    const char *const architectures[] = {"amd64", "arm64"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(config, sizeof(config),
                 "{\"architecture\":\"%s\",\"os\":\"linux\","
                 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                 architectures[i], DIFF_ID);
        children[i] = put_base(w, false, config);
    }
    fixture_blob root = fixture_index(w->base, children);
    fixture_tag(w->base, FIXTURE_INDEX, &root, "base");
    append_to(w, w->base_image, w->tar, w->one);
    ZREG__AUTO(image) image found = read_image(w->one);
    assert_string_equal(zreg__json_text(found.config, "architecture"), "arm64");

    zreg_error err;
    w->options.platform = "linux/s390x";
    assert_int_equal(try_append(&err, w, w->base_image, w->tar), ZREG_NOTFOUND);
    assert_non_null(strstr(err.message, "linux/s390x"));
}

static void wrong_options_are_refused_before_anything_is_made(void **state)
{
    world *w = *state;
    zreg_error err;
    const char *const bad_pairs[] = {"nothing", NULL};
    const char *const not_utf8[] = {"a=\xff", NULL};
    const zreg_append_options bad[] = {
        {.size = sizeof(zreg_append_options), .labels = bad_pairs},
        {.size = sizeof(zreg_append_options), .environment = bad_pairs},
        {.size = sizeof(zreg_append_options), .platform = "linux"},
        {.size = sizeof(zreg_append_options), .created = -1},
        {.size = sizeof(zreg_append_options), .created = INT64_MAX},
        {.size = sizeof(zreg_append_options), .labels = not_utf8},
    };
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        w->options = bad[i];
        assert_int_equal(try_append(&err, w, "scratch", NULL), ZREG_INVAL);
        assert_string_not_equal(err.message, "");
    }
    char index[400];
    snprintf(index, sizeof(index), "%s/one/index.json", w->dir);
    assert_int_not_equal(access(index, F_OK), 0);
}

static void bases_and_layers_that_are_none_are_refused(void **state)
{
    world *w = *state;
    zreg_error err;
    char path[400];
    snprintf(path, sizeof(path), "%s/missing", w->dir);
    assert_int_equal(try_append(&err, w, "scratch", path), ZREG_NOTFOUND);
    assert_non_null(strstr(err.message, path));
    snprintf(path, sizeof(path), "%s/tree/etc/motd", w->dir);
    assert_int_equal(try_append(&err, w, "scratch", path), ZREG_INVAL);
    assert_int_equal(try_append(&err, w, "", w->tar), ZREG_INVAL);
    assert_int_equal(try_append(&err, w, w->two, w->tar), ZREG_NOTFOUND);

    const char *const configs[] = {
        "{}",
        "[]",
        "{\"rootfs\":{\"diff_ids\":[]}}",
        "{\"rootfs\":{\"diff_ids\":[\"a\",\"b\"]}}",
        "{\"rootfs\":{\"diff_ids\":[\"a\"]},\"config\":[]}",
        "{\"rootfs\":{\"diff_ids\":[\"a\"]},\"config\":{\"Env\":{}}}",
        "{\"rootfs\":{\"diff_ids\":[\"a\"]},\"config\":{\"Labels\":[]}}",
        "{\"rootfs\":{\"diff_ids\":[\"a\"]},\"history\":{}}",
    };
    for (size_t i = 0; i < ZREG__COUNT(configs); i++) {
        put_base(w, false, configs[i]);
        if (try_append(&err, w, w->base_image, w->tar) != ZREG_INVAL) {
            fail_msg("taken: %s", configs[i]);
        }
    }
}

static void a_destination_with_another_digest_is_refused(void **state)
{
    world *w = *state;
    char pinned[400];
    zreg_error err;
    zreg_digest digest;
    const char *const layers[] = {w->tar, NULL};
    snprintf(pinned, sizeof(pinned), "oci:%s/one@" DIFF_ID, w->dir);
    assert_int_equal(zreg_append(&digest, NULL, "scratch", layers, pinned, &w->options, NULL, &err),
                     ZREG_INVAL);
}

static int stop_at_once(const zreg_progress *progress, void *user)
{
    assert_string_equal(progress->phase, "append");
    *(int *)user += 1;
    return 1;
}

static void progress_can_stop_it(void **state)
{
    world *w = *state;
    int calls = 0;
    zreg_error err;
    w->options.progress = stop_at_once;
    w->options.progress_user = &calls;
    assert_int_equal(try_append(&err, w, "scratch", w->tree), ZREG_CALLBACK);
    assert_true(calls > 0);
}

#if ZREG_WITH_SERVER
static void a_registry_gets_a_tar_file_once(void **state)
{
    world *w = *state;
    char root[400];
    char place[400];
    snprintf(root, sizeof(root), "%s/registry", w->dir);
    zreg_server_options settings = ZREG_OPTIONS(zreg_server_options);
    settings.root = root;
    settings.anonymous = ZREG_ANONYMOUS_PUSH;
    settings.durability = ZREG_DURABILITY_NONE;
    settings.threads = 1;
    zreg_server *server = NULL;
    ZREG__AUTO(zreg_client) zreg_client *client = NULL;
    assert_int_equal(zreg_server_start(&server, &settings, NULL), ZREG_OK);
    assert_int_equal(zreg_client_new(&client, NULL, NULL), ZREG_OK);
    zreg_host_options host = ZREG_OPTIONS(zreg_host_options);
    host.plain_http = 1;
    assert_int_equal(zreg_client_set_host(client, zreg_server_address(server), &host, NULL),
                     ZREG_OK);
    snprintf(place, sizeof(place), "%s/made:t", zreg_server_address(server));

    const char *const layers[] = {w->tar, w->tree, NULL};
    zreg_counters before = {0};
    zreg_counters after = {0};
    zreg_digest first;
    zreg_digest second;
    zreg_error err = {0};
    if (zreg_append(&first, client, "scratch", layers, place, &w->options, NULL, &err) != ZREG_OK) {
        fail_msg("%s", err.message);
    }
    zreg_client_counters(&before, client, NULL);
    assert_int_equal(
        zreg_append(&second, client, "scratch", layers, place, &w->options, NULL, NULL), ZREG_OK);
    zreg_client_counters(&after, client, NULL);
    assert_string_equal(first.text, second.text);
    assert_true(after.bytes_out - before.bytes_out < measured(w).size_bytes);

    /* The same image through the server in this process is the same digest too. */
    w->options.dst_server = server;
    zreg_digest third;
    assert_int_equal(
        zreg_append(&third, NULL, "scratch", layers, "any.host/direct:t", &w->options, NULL, &err),
        ZREG_OK);
    assert_string_equal(first.text, third.text);
    zreg_server_free(server);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(an_image_from_scratch_says_what_it_was_told),
        TEST(a_tar_file_is_used_as_it_is),
        TEST(the_same_input_gives_the_same_digest),
        TEST(a_base_keeps_what_is_not_changed),
        TEST(a_base_of_docker_stays_one),
        TEST(the_config_alone_can_be_changed),
        TEST(of_an_index_the_child_of_the_platform_is_the_base),
        TEST(wrong_options_are_refused_before_anything_is_made),
        TEST(bases_and_layers_that_are_none_are_refused),
        TEST(a_destination_with_another_digest_is_refused),
        TEST(progress_can_stop_it),
#if ZREG_WITH_SERVER
        TEST(a_registry_gets_a_tar_file_once),
#endif
    };

    return cmocka_run_group_tests_name("image append", tests, NULL, NULL);
}
