/* SPDX-License-Identifier: Apache-2.0 */
/* The tar of `docker save` as a source, made by hand. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image_fixture.h"
#include <unistd.h>
#include <zreg/copy.h>

typedef struct world {
    char *dir;
    char file[300];
    char from[400];
    char to[400];
    zreg__buf tar;
} world;

static int set_up(void **state)
{
    world *w = zreg__new(world);
    assert_int_equal(zreg__file_temp_dir(&w->dir, "zreg-test-", NULL), ZREG_OK);
    snprintf(w->file, sizeof(w->file), "%s/save.tar", w->dir);
    snprintf(w->from, sizeof(w->from), "docker-archive:%s", w->file);
    snprintf(w->to, sizeof(w->to), "oci:%s/dst:done", w->dir);
    w->tar = (zreg__buf)ZREG__BUF(1 << 20);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    zreg__file_remove_tree(w->dir, NULL);
    zreg__buf_finish(&w->tar);
    free(w->dir);
    free(w);
    return 0;
}

/* One entry: a header of ustar, the bytes, zeros up to the next block. */
static void add(world *w, const char *name, char type, const char *link, const char *bytes)
{
    static const char zeros[512];
    char header[512] = {0};
    size_t size = strlen(bytes);
    unsigned sum = 0;
    snprintf(header, 100, "%s", name);
    memcpy(header + 100, "0000644\0000000000\0000000000", 24);
    snprintf(header + 124, 12, "%011o", (unsigned)size & 0xffffff);
    memcpy(header + 136, "00000000000", 12);
    memset(header + 148, ' ', 8);
    header[156] = type;
    snprintf(header + 157, 100, "%s", link);
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof(header); i++) {
        sum += (unsigned char)header[i];
    }
    snprintf(header + 148, 7, "%06o", sum);
    zreg__buf_append(&w->tar, header, sizeof(header), NULL);
    zreg__buf_append(&w->tar, bytes, size, NULL);
    zreg__buf_append(&w->tar, zeros, (512 - size % 512) % 512, NULL);
}

static void write_tar(const world *w)
{
    assert_int_equal(zreg__file_write(w->file, w->tar.data, w->tar.size, 0644, false, NULL),
                     ZREG_OK);
}

static void close_tar(world *w)
{
    static const char zeros[1024];
    zreg__buf_append(&w->tar, zeros, sizeof(zeros), NULL);
    write_tar(w);
}

static void add_config(world *w, const char *layer)
{
    char config[300];
    zreg_digest digest;
    zreg_digest_of(&digest, NULL, layer, strlen(layer), NULL);
    snprintf(config, sizeof(config),
             "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
             "\"diff_ids\":[\"%s\"]}}",
             digest.text);
    add(w, "config.json", '0', "", config);
}

static const char one_image[] = "[{\"Config\":\"config.json\",\"RepoTags\":[\"x:1\"],"
                                "\"Layers\":[\"a/layer.tar\"]}]";

static zreg_status copy(zreg_copy_result *out, const world *w, zreg_error *err)
{
    return zreg_copy(out, NULL, w->from, w->to, NULL, NULL, err);
}

static void an_archive_is_copied(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    add_config(w, "the layer");
    add(w, "./a/layer.tar", '0', "", "the layer");
    add(w, "manifest.json", '0', "", one_image);
    close_tar(w);
    assert_int_equal(copy(&result, w, &err), ZREG_OK);
    assert_int_equal(result.blobs_copied, 2);
    assert_string_equal(result.media_type, FIXTURE_MANIFEST);
}

static void links_lead_to_the_layer(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    add_config(w, "the layer");
    add(w, "b/layer.tar", '0', "", "the layer");
    add(w, "a/layer.tar", '2', "../b/layer.tar", "");
    add(w, "manifest.json", '0', "", one_image);
    close_tar(w);
    assert_int_equal(copy(&result, w, NULL), ZREG_OK);
}

static void links_cannot_leave_the_archive(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    add_config(w, "the layer");
    add(w, "a/layer.tar", '2', "../../../../etc/passwd", "");
    add(w, "manifest.json", '0', "", one_image);
    close_tar(w);
    assert_int_equal(copy(&result, w, NULL), ZREG_NOTFOUND);
}

static void long_names_are_read(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    char name[300], pax[400], manifest[600];
    memset(name, 'n', sizeof(name));
    memcpy(name + sizeof(name) - 11, "/layer.tar", 11);
    snprintf(pax, sizeof(pax), "310 path=%s\n", name);
    assert_int_equal(strlen(pax), 309);
    memcpy(pax, "309", 3);
    snprintf(manifest, sizeof(manifest),
             "[{\"Config\":\"config.json\",\"RepoTags\":null,\"Layers\":[\"%s\"]}]", name);
    add_config(w, "the layer");
    add(w, "pax", 'x', "", pax);
    add(w, "short", '0', "", "the layer");
    add(w, "manifest.json", '0', "", manifest);
    close_tar(w);
    assert_int_equal(copy(&result, w, NULL), ZREG_OK);
}

static void a_wrong_layer_is_refused(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    add_config(w, "the layer");
    add(w, "a/layer.tar", '0', "", "another!!");
    add(w, "manifest.json", '0', "", one_image);
    close_tar(w);
    assert_int_equal(copy(&result, w, NULL), ZREG_CORRUPT);
}

static void an_image_is_chosen_by_its_name(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    size_t end = strlen(w->from);
    add_config(w, "the layer");
    add(w, "a/layer.tar", '0', "", "the layer");
    add(w, "manifest.json", '0', "",
        "[{\"Config\":\"absent\",\"RepoTags\":[\"y:1\"],\"Layers\":[]},"
        "{\"Config\":\"config.json\",\"RepoTags\":[\"x:1\"],\"Layers\":[\"a/layer.tar\"]}]");
    close_tar(w);
    assert_int_equal(copy(&result, w, NULL), ZREG_INVAL);
    snprintf(w->from + end, sizeof(w->from) - end, ":docker.io/library/x:1");
    assert_int_equal(copy(&result, w, NULL), ZREG_OK);
    snprintf(w->from + end, sizeof(w->from) - end, ":z:1");
    assert_int_equal(copy(&result, w, NULL), ZREG_NOTFOUND);
}

static void damaged_archives_are_refused(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    add_config(w, "the layer");
    add(w, "a/layer.tar", '0', "", "the layer");
    add(w, "manifest.json", '0', "", one_image);
    close_tar(w);
    for (size_t size = 0; size <= w->tar.size - 2048; size += 256) {
        assert_int_equal(truncate(w->file, (off_t)size), 0);
        zreg_status status = copy(&result, w, NULL);
        assert_true(status == ZREG_INVAL || status == ZREG_NOTFOUND);
        write_tar(w);
    }
    w->tar.data[3] ^= 1; /* in a header */
    write_tar(w);
    assert_int_equal(copy(&result, w, NULL), ZREG_INVAL);
}

static void a_written_archive_is_read(void **state)
{
    world *w = *state;
    zreg_copy_result result, back;
    char other[400];
    snprintf(other, sizeof(other), "docker-archive:%s/new.tar:a/b:1", w->dir);
    add_config(w, "the layer");
    add(w, "a/layer.tar", '0', "", "the layer");
    add(w, "manifest.json", '0', "", one_image);
    close_tar(w);
    assert_int_equal(zreg_copy(&result, NULL, w->from, other, NULL, NULL, NULL), ZREG_OK);
    assert_int_equal(zreg_copy(&back, NULL, other, w->to, NULL, NULL, NULL), ZREG_OK);
    assert_string_equal(back.digest.text, result.digest.text);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(an_archive_is_copied),           IN_WORLD(links_lead_to_the_layer),
        IN_WORLD(links_cannot_leave_the_archive), IN_WORLD(long_names_are_read),
        IN_WORLD(a_wrong_layer_is_refused),       IN_WORLD(an_image_is_chosen_by_its_name),
        IN_WORLD(damaged_archives_are_refused),   IN_WORLD(a_written_archive_is_read),
    };
    return cmocka_run_group_tests_name("image_archive", tests, NULL, NULL);
}
