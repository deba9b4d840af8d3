/* SPDX-License-Identifier: Apache-2.0 */
/* Copies between folders: what every kind of place has in common. */
#include "base/cancel.h"
#include "config.h"
#include "image/parallel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/json.h"
#include "image/parallel.h"
#include "image_fixture.h"
#include <sys/stat.h>
#include <unistd.h>
#include <zreg/copy.h>

typedef struct world {
    char *dir;
    char src[300]; /* layout of the source */
    char from[400];
    char to[400];
    fixture_blob root;
} world;

static void use_tag(world *w, const char *tag)
{
    snprintf(w->from, sizeof(w->from), "oci:%s:%s", w->src, tag);
}

static int set_up(void **state)
{
    world *w = zreg__new(world);
    assert_int_equal(zreg__file_temp_dir(&w->dir, "zreg-test-", NULL), ZREG_OK);
    snprintf(w->src, sizeof(w->src), "%s/src", w->dir);
    snprintf(w->to, sizeof(w->to), "oci:%s/dst:done", w->dir);
    fixture_layout(w->src);
    use_tag(w, "v1");
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world *w = *state;
    zreg__file_remove_tree(w->dir, NULL);
    free(w->dir);
    free(w);
    return 0;
}

static void make_image(world *w)
{
    w->root = fixture_image(w->src, "amd64", 3, 300000, 1);
    fixture_tag(w->src, FIXTURE_MANIFEST, &w->root, "v1");
}

static void make_index(world *w)
{
    const fixture_blob children[2] = {fixture_image(w->src, "amd64", 2, 1000, 1),
                                      fixture_image(w->src, "arm64", 2, 1000, 2)};
    w->root = fixture_index(w->src, children);
    fixture_tag(w->src, FIXTURE_INDEX, &w->root, "v1");
}

static zreg_status copy(zreg_copy_result *out, const world *w, const zreg_copy_options *options,
                        zreg_error *err)
{
    return zreg_copy(out, NULL, w->from, w->to, options, NULL, err);
}

static bool exists(const world *w, const char *name)
{
    char path[1024];
    struct stat info;
    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    return lstat(path, &info) == 0;
}

static void blob_path(char to[1024], const char *layout, const zreg_digest *digest)
{
    snprintf(to, 1024, "%s/blobs/sha256/%s", layout, digest->text + strlen("sha256:"));
}

static void an_image_arrives_whole(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    make_image(w);
    assert_int_equal(copy(&result, w, NULL, &err), ZREG_OK);
    assert_string_equal(result.digest.text, w->root.digest.text);
    assert_string_equal(result.media_type, FIXTURE_MANIFEST);
    assert_int_equal(result.blobs_copied, 4);
    assert_int_equal(result.blobs_skipped, 0);
    assert_int_equal(result.manifests_put, 1);
    assert_int_equal(result.src_requests + result.dst_requests, 0);
    assert_true(result.bytes > 900000);
}

static void a_second_copy_has_nothing_to_do(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    make_index(w);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_OK);
    assert_int_equal(result.manifests_put, 3);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_OK);
    assert_int_equal(result.blobs_copied, 0);
    assert_int_equal(result.manifests_put, 0);
    assert_int_equal(result.bytes, 0);
    assert_string_equal(result.digest.text, w->root.digest.text);
}

static void a_lost_blob_is_copied_again(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    char dst[500], path[1024];
    make_image(w);
    fixture_blob layer = fixture_bytes(w->src, 300000, 1);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_OK);
    snprintf(dst, sizeof(dst), "%s/dst", w->dir);
    blob_path(path, dst, &layer.digest);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_OK);
    assert_int_equal(result.blobs_copied, 1);
    assert_int_equal(result.blobs_skipped, 3);
    assert_int_equal(result.manifests_put, 0);
}

static void other_tags_stay_and_a_moved_tag_moves(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    char first[400];
    make_image(w);
    snprintf(first, sizeof(first), "oci:%s/dst:first", w->dir);
    assert_int_equal(zreg_copy(&result, NULL, w->from, first, NULL, NULL, NULL), ZREG_OK);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_OK);
    fixture_blob second = fixture_image(w->src, "amd64", 1, 10, 7);
    fixture_tag(w->src, FIXTURE_MANIFEST, &second, "v1");
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_OK);

    char third[400];
    snprintf(third, sizeof(third), "oci:%s/third", w->dir);
    assert_int_equal(zreg_copy(&result, NULL, first, third, NULL, NULL, NULL), ZREG_OK);
    assert_string_equal(result.digest.text, w->root.digest.text);
    assert_int_equal(zreg_copy(&result, NULL, w->to, third, NULL, NULL, NULL), ZREG_OK);
    assert_string_equal(result.digest.text, second.digest.text);
}

static void platforms_give_a_new_index(void **state)
{
    world *w = *state;
    static const char *const arm[] = {"linux/arm64", NULL};
    static const char *const absent[] = {"linux/s390x", NULL};
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    make_index(w);
    options.platforms = absent;
    assert_int_equal(copy(&result, w, &options, &err), ZREG_NOTFOUND);
    assert_false(exists(w, "dst"));
    options.platforms = arm;
    assert_int_equal(copy(&result, w, &options, NULL), ZREG_OK);
    assert_string_not_equal(result.digest.text, w->root.digest.text);
    assert_string_equal(result.media_type, FIXTURE_INDEX);
    assert_int_equal(result.blobs_copied, 3);
    assert_int_equal(result.manifests_put, 2);
    zreg_digest digest = result.digest;
    assert_int_equal(copy(&result, w, &options, NULL), ZREG_OK);
    assert_string_equal(result.digest.text, digest.text);
    assert_int_equal(result.manifests_put, 0);
}

static void an_unexpected_source_is_refused(void **state)
{
    world *w = *state;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    zreg_digest other;
    make_image(w);
    zreg_digest_of(&other, NULL, "other", 5, NULL);
    options.expect_digest = &other;
    assert_int_equal(copy(&result, w, &options, &err), ZREG_CONFLICT);
    assert_non_null(strstr(err.message, w->root.digest.text));
    assert_false(exists(w, "dst"));
    options.expect_digest = &w->root.digest;
    assert_int_equal(copy(&result, w, &options, NULL), ZREG_OK);
}

static void a_destination_pinned_to_another_digest_is_refused(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    zreg_digest other;
    make_image(w);
    zreg_digest_of(&other, NULL, "other", 5, NULL);
    snprintf(w->to, sizeof(w->to), "oci:%s/dst@%s", w->dir, other.text);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_INVAL);
    snprintf(w->to, sizeof(w->to), "oci:%s/dst@%s", w->dir, w->root.digest.text);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_OK);
}

static void what_is_missing_is_named(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    make_image(w);
    use_tag(w, "v2");
    assert_int_equal(copy(&result, w, NULL, &err), ZREG_NOTFOUND);
    assert_non_null(strstr(err.message, "v2"));
    assert_non_null(strstr(err.message, "v1"));
    snprintf(w->from, sizeof(w->from), "oci:%s/absent", w->dir);
    assert_int_equal(copy(&result, w, NULL, &err), ZREG_NOTFOUND);
    snprintf(w->from, sizeof(w->from), "oci:%s", w->dir);
    assert_int_equal(copy(&result, w, NULL, &err), ZREG_INVAL);
    assert_false(exists(w, "dst"));
}

static void wrong_bytes_are_not_stored(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    zreg_error err = {.code = ZREG_OK};
    char path[1024], stored[600];
    make_image(w);
    fixture_blob layer = fixture_bytes(w->src, 300000, 1);
    blob_path(path, w->src, &layer.digest);
    ZREG__AUTO_FREE char *wrong = zreg__calloc(300000, 1);
    assert_int_equal(zreg__file_write(path, wrong, 300000, 0644, false, NULL), ZREG_OK);
    assert_int_equal(copy(&result, w, NULL, &err), ZREG_CORRUPT);
    assert_non_null(strstr(err.message, layer.digest.text));
    snprintf(stored, sizeof(stored), "dst/blobs/sha256/%s", layer.digest.text + strlen("sha256:"));
    assert_false(exists(w, stored));
}

static void links_inside_a_layout_are_not_followed(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    char path[1024], target[300];
    make_image(w);
    fixture_blob layer = fixture_bytes(w->src, 300000, 1);
    blob_path(path, w->src, &layer.digest);
    snprintf(target, sizeof(target), "%s/outside", w->dir);
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(copy(&result, w, NULL, NULL), ZREG_CORRUPT);
}

static int stop_at_once(const zreg_progress *progress, void *user)
{
    assert_string_equal(progress->phase, "copy");
    (*(int *)user)++;
    return 1;
}

static int count_progress(const zreg_progress *progress, void *user)
{
    *(zreg_progress *)user = *progress;
    return 0;
}

static void progress_ends_with_everything_done(void **state)
{
    world *w = *state;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_result result;
    zreg_progress last = {.phase = NULL};
    make_image(w);
    options.progress = count_progress;
    options.progress_user = &last;
    assert_int_equal(copy(&result, w, &options, NULL), ZREG_OK);
    assert_int_equal(last.blobs_done, 4);
    assert_int_equal(last.blobs_total, 4);
    assert_int_equal(last.bytes_done, last.bytes_total);
    assert_int_equal(last.bytes_done, result.bytes);
}

static void progress_can_stop_a_copy(void **state)
{
    world *w = *state;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_result result;
    int calls = 0;
    make_image(w);
    options.progress = stop_at_once;
    options.progress_user = &calls;
    assert_int_equal(copy(&result, w, &options, NULL), ZREG_CALLBACK);
    assert_int_equal(calls, 1);
    zreg_error err = {.code = ZREG_OK};
    use_tag(w, "v1");
    assert_int_equal(zreg_copy(&result, NULL, w->from, w->to, NULL, NULL, &err), ZREG_OK);
}

static zreg_status work_on(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    (void)user;
    (void)i;
    (void)stop;
    return zreg__cancel_sleep(NULL, 300, err);
}

static int stop_and_count(void *user)
{
    (*(int *)user)++;
    return 1;
}

static void who_stopped_the_work_is_not_asked_again(void **state)
{
    int calls = 0;
    (void)state;
    assert_int_equal(zreg__parallel_run(2, 2, work_on, stop_and_count, &calls, NULL, NULL),
                     ZREG_CALLBACK);
    assert_int_equal(calls, 1);
}

static void a_triggered_token_stops_a_copy(void **state)
{
    world *w = *state;
    zreg_copy_result result;
    ZREG__AUTO(zreg_cancel) zreg_cancel *cancel = NULL;
    make_image(w);
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);
    zreg_cancel_trigger(cancel);
    assert_int_equal(zreg_copy(&result, NULL, w->from, w->to, NULL, cancel, NULL), ZREG_CANCELLED);
}

static void images_are_put_under_one_index(void **state)
{
    world *w = *state;
    zreg_digest digest, again;
    char second[400];
    make_index(w);
    const char *const one[] = {w->from, NULL};
    assert_int_equal(zreg_index_create(&digest, NULL, one, w->to, NULL, NULL, NULL), ZREG_OK);
    assert_int_equal(zreg_index_create(&again, NULL, one, w->to, NULL, NULL, NULL), ZREG_OK);
    assert_string_equal(digest.text, again.text);

    snprintf(second, sizeof(second), "oci:%s/second:x", w->dir);
    const char *const two[] = {w->to, w->from, NULL};
    assert_int_equal(zreg_index_create(&again, NULL, two, second, NULL, NULL, NULL), ZREG_OK);
    assert_string_equal(digest.text, again.text);
}

static void two_images_of_one_platform_are_refused(void **state)
{
    world *w = *state;
    zreg_digest digest;
    zreg_error err = {.code = ZREG_OK};
    char other[400], from_other[400];
    make_image(w);
    snprintf(other, sizeof(other), "%s/other", w->dir);
    fixture_layout(other);
    fixture_blob image = fixture_image(other, "amd64", 1, 10, 5);
    fixture_tag(other, FIXTURE_MANIFEST, &image, "x");
    snprintf(from_other, sizeof(from_other), "oci:%.300s", other);
    const char *const sources[] = {w->from, from_other, NULL};
    assert_int_equal(zreg_index_create(&digest, NULL, sources, w->to, NULL, NULL, &err),
                     ZREG_INVAL);
    assert_non_null(strstr(err.message, "linux/amd64"));
}

static void an_image_is_described(void **state)
{
    world *w = *state;
    char *text = NULL;
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    make_image(w);
    assert_int_equal(zreg_inspect(&text, NULL, w->from, NULL, NULL), ZREG_OK);
    assert_int_equal(zreg__json_parse(&json, text, strlen(text), "test", NULL), ZREG_OK);
    zreg_free(text);
    assert_string_equal(zreg__json_text(json, "digest"), w->root.digest.text);
    assert_string_equal(zreg__json_text(json, "media_type"), FIXTURE_MANIFEST);
    assert_string_equal(zreg__json_text(zreg__json_get(json, "labels"), "seed"), "1");
    assert_string_equal(zreg__json_text(zreg__json_get(json, "config"), "platform"), "linux/amd64");
    assert_int_equal(zreg__json_length(zreg__json_get(json, "layers")), 3);
}

static void an_index_is_described(void **state)
{
    world *w = *state;
    char *text = NULL;
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    make_index(w);
    assert_int_equal(zreg_inspect(&text, NULL, w->from, NULL, NULL), ZREG_OK);
    assert_int_equal(zreg__json_parse(&json, text, strlen(text), "test", NULL), ZREG_OK);
    zreg_free(text);
    const zreg__json *platforms = zreg__json_get(json, "platforms");
    assert_int_equal(zreg__json_length(platforms), 2);
    assert_string_equal(zreg__json_text(zreg__json_at(platforms, 1), "platform"), "linux/arm64/v8");
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(an_image_arrives_whole),
        IN_WORLD(a_second_copy_has_nothing_to_do),
        IN_WORLD(a_lost_blob_is_copied_again),
        IN_WORLD(other_tags_stay_and_a_moved_tag_moves),
        IN_WORLD(platforms_give_a_new_index),
        IN_WORLD(an_unexpected_source_is_refused),
        IN_WORLD(a_destination_pinned_to_another_digest_is_refused),
        IN_WORLD(what_is_missing_is_named),
        IN_WORLD(wrong_bytes_are_not_stored),
        IN_WORLD(links_inside_a_layout_are_not_followed),
        IN_WORLD(progress_ends_with_everything_done),
        IN_WORLD(progress_can_stop_a_copy),
        IN_WORLD(who_stopped_the_work_is_not_asked_again),
        IN_WORLD(a_triggered_token_stops_a_copy),
        IN_WORLD(images_are_put_under_one_index),
        IN_WORLD(two_images_of_one_platform_are_refused),
        IN_WORLD(an_image_is_described),
        IN_WORLD(an_index_is_described),
    };
    return cmocka_run_group_tests_name("image_copy", tests, NULL, NULL);
}
