/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "image/plan.h"
#include "oci/manifest.h"
#include <stdio.h>
#include <string.h>

#define IMAGE "application/vnd.oci.image.manifest.v1+json"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define LAYER "application/vnd.oci.image.layer.v1.tar"

/* A digest whose hex is this number, so that tests can name blobs. */
static void number_digest(char to[80], unsigned number)
{
    snprintf(to, 80, "sha256:%064x", number);
}

static void add_blob(zreg__buf *to, const char *type, unsigned number, uint64_t size)
{
    char digest[80];
    number_digest(digest, number);
    zreg__buf_printf(to, NULL, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu}", type,
                     digest, (unsigned long long)size);
}

/* An image of a config and layers; a layer is {number, size} and {0, 0} ends the list. */
static zreg_manifest *image(unsigned config, const uint64_t (*layers)[2], const char *layer_type)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(1 << 20);
    zreg_manifest *manifest = NULL;
    zreg__buf_text(&text, "{\"schemaVersion\":2,\"mediaType\":\"" IMAGE "\",\"config\":", NULL);
    add_blob(&text, "application/vnd.oci.image.config.v1+json", config, 100);
    zreg__buf_text(&text, ",\"layers\":[", NULL);
    for (size_t i = 0; layers[i][0] != 0; i++) {
        zreg__buf_text(&text, i > 0 ? "," : "", NULL);
        add_blob(&text, layer_type, (unsigned)layers[i][0], layers[i][1]);
    }
    zreg__buf_text(&text, "]}", NULL);
    assert_int_equal(zreg_manifest_parse(&manifest, text.data, text.size, NULL, NULL), ZREG_OK);
    return manifest;
}

static zreg_manifest *index_of(zreg_manifest *const *children, const char *const *platforms,
                               int size_error)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(1 << 20);
    zreg_manifest *manifest = NULL;
    zreg__buf_text(&text, "{\"schemaVersion\":2,\"mediaType\":\"" INDEX "\",\"manifests\":[", NULL);
    for (size_t i = 0; children[i] != NULL; i++) {
        size_t size = 0;
        (void)zreg_manifest_bytes(children[i], &size);
        zreg__buf_printf(&text, NULL, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}",
                         i > 0 ? "," : "", zreg_manifest_media_type(children[i]),
                         zreg_manifest_digest(children[i])->text, size + (size_t)size_error,
                         platforms != NULL ? platforms[i] : "");
    }
    zreg__buf_text(&text, "]}", NULL);
    assert_int_equal(zreg_manifest_parse(&manifest, text.data, text.size, NULL, NULL), ZREG_OK);
    return manifest;
}

static void assert_blobs(const zreg__plan *plan, const unsigned *numbers)
{
    size_t count = 0, i = 0;
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    for (; numbers[i] != 0; i++) {
        char digest[80];
        number_digest(digest, numbers[i]);
        assert_true(i < count);
        assert_string_equal(blobs[i]->digest.text, digest);
    }
    assert_int_equal(count, i);
}

static void blobs_come_largest_first_and_once(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{1, 50}, {2, 7000}, {1, 50}, {3, 300}, {0, 0}};
    static const unsigned order[] = {2, 3, 9, 1, 0};
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = image(9, layers, LAYER);
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    assert_int_equal(zreg__plan_new(&plan, root, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_wanted_count(plan), 0);
    assert_int_equal(zreg__plan_finish(plan, NULL), ZREG_OK);
    assert_blobs(plan, order);
    assert_int_equal(zreg__plan_bytes(plan), 50 + 7000 + 300 + 100);
    assert_int_equal(zreg__plan_manifest_count(plan), 0);
}

static void foreign_layers_stay_where_they_are(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{1, 50}, {0, 0}};
    static const unsigned order[] = {9, 0};
    ZREG__AUTO(zreg_manifest)
    zreg_manifest *root =
        image(9, layers, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    assert_int_equal(zreg__plan_new(&plan, root, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_finish(plan, NULL), ZREG_OK);
    assert_blobs(plan, order);
}

static void one_blob_with_two_sizes_is_refused(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{1, 50}, {1, 51}, {0, 0}};
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = image(9, layers, LAYER);
    zreg__plan *plan = NULL;
    assert_int_equal(zreg__plan_new(&plan, root, NULL), ZREG_CORRUPT);
    assert_null(plan);
}

static void children_come_before_parents(void **state)
{
    (void)state;
    static const uint64_t shared[][2] = {{1, 50}, {0, 0}};
    static const uint64_t other[][2] = {{1, 50}, {2, 60}, {0, 0}};
    ZREG__AUTO(zreg_manifest) zreg_manifest *a = image(8, shared, LAYER);
    ZREG__AUTO(zreg_manifest) zreg_manifest *b = image(9, other, LAYER);
    zreg_manifest *const inner_children[] = {b, NULL};
    ZREG__AUTO(zreg_manifest) zreg_manifest *inner = index_of(inner_children, NULL, 0);
    /* b is reached twice, once directly: it still has to come before `inner`. */
    zreg_manifest *const children[] = {inner, a, b, NULL};
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = index_of(children, NULL, 0);
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    static const unsigned order[] = {8, 9, 2, 1, 0};

    assert_int_equal(zreg__plan_new(&plan, root, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_wanted_count(plan), 3);
    assert_int_equal(zreg__plan_finish(plan, NULL), ZREG_INVAL);
    assert_int_equal(zreg__plan_add(plan, inner, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_add(plan, b, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_add(plan, b, NULL), ZREG_INVAL);
    assert_int_equal(zreg__plan_add(plan, a, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_finish(plan, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_manifest_count(plan), 3);
    assert_ptr_equal(zreg__plan_manifest(plan, 2), inner);
    assert_int_equal(zreg__plan_run_end(plan, 0), 2);
    assert_int_equal(zreg__plan_run_end(plan, 2), 3);
    assert_blobs(plan, order);
}

static void what_the_destination_has_is_left_out(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{1, 50}, {0, 0}};
    static const unsigned order[] = {9, 1, 0};
    ZREG__AUTO(zreg_manifest) zreg_manifest *a = image(8, layers, LAYER);
    ZREG__AUTO(zreg_manifest) zreg_manifest *b = image(9, layers, LAYER);
    zreg_manifest *const children[] = {a, b, NULL};
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = index_of(children, NULL, 0);
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    assert_int_equal(zreg__plan_new(&plan, root, NULL), ZREG_OK);
    zreg__plan_skip(plan, zreg_manifest_digest(a));
    assert_int_equal(zreg__plan_add(plan, b, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_finish(plan, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_manifest_count(plan), 1);
    assert_blobs(plan, order);
}

static void a_plan_without_a_root_lists_all(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{2, 10}, {0, 0}};
    static const uint64_t others[][2] = {{3, 20}, {2, 10}, {0, 0}};
    zreg_manifest *one = image(1, layers, LAYER);
    zreg_manifest *two = image(1, others, LAYER);
    zreg_manifest *const children[] = {one, NULL};
    zreg_manifest *index = index_of(children, NULL, 0);
    zreg__plan *plan = NULL;
    assert_int_equal(zreg__plan_new_rootless(&plan, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_begin_with(plan, index, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_wanted_count(plan), 1);
    assert_int_equal(zreg__plan_begin_with(plan, one, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_wanted_count(plan), 0);
    assert_int_equal(zreg__plan_begin_with(plan, two, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_begin_with(plan, two, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_finish(plan, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_manifest_count(plan), 3);
    assert_ptr_equal(zreg__plan_manifest(plan, 2), index);
    assert_blobs(plan, (const unsigned[]){1, 3, 2, 0});
    zreg__plan_free(plan);
    zreg_manifest_free(index);
    zreg_manifest_free(two);
    zreg_manifest_free(one);
}

static void a_child_of_another_size_is_refused(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{1, 50}, {0, 0}};
    ZREG__AUTO(zreg_manifest) zreg_manifest *a = image(8, layers, LAYER);
    zreg_manifest *const children[] = {a, NULL};
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = index_of(children, NULL, 1);
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    assert_int_equal(zreg__plan_new(&plan, root, NULL), ZREG_OK);
    assert_int_equal(zreg__plan_add(plan, a, NULL), ZREG_CORRUPT);
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{1, 50}, {0, 0}};
    zreg_manifest *chain[ZREG__MAX_INDEX_DEPTH + 2];
    zreg_status status = ZREG_OK;
    chain[0] = image(8, layers, LAYER);
    for (size_t i = 1; i < ZREG__COUNT(chain); i++) {
        zreg_manifest *const children[] = {chain[i - 1], NULL};
        chain[i] = index_of(children, NULL, 0);
    }
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    assert_int_equal(zreg__plan_new(&plan, chain[ZREG__COUNT(chain) - 1], NULL), ZREG_OK);
    for (size_t i = ZREG__COUNT(chain) - 1; i > 0 && status == ZREG_OK; i--) {
        status = zreg__plan_add(plan, chain[i - 1], NULL);
    }
    assert_int_equal(status, ZREG_LIMIT);

    /* The same chain with a short way to each link. */
    zreg_manifest *all[ZREG__COUNT(chain) + 1] = {NULL};
    for (size_t i = 0; i < ZREG__COUNT(chain); i++) {
        all[i] = chain[i];
    }
    ZREG__AUTO(zreg_manifest) zreg_manifest *flat = index_of(all, NULL, 0);
    ZREG__AUTO(zreg__plan) zreg__plan *second = NULL;
    assert_int_equal(zreg__plan_new(&second, flat, NULL), ZREG_OK);
    for (size_t i = 0; i < ZREG__COUNT(chain); i++) {
        assert_int_equal(zreg__plan_add(second, chain[i], NULL), ZREG_OK);
        zreg_manifest_free(chain[i]);
    }
    assert_int_equal(zreg__plan_finish(second, NULL), ZREG_LIMIT);
}

typedef struct filter_case {
    const char *platforms[3];
    size_t kept;
} filter_case;

static void platforms_are_filtered(void **state)
{
    (void)state;
    static const filter_case cases[] = {
        {{"linux/amd64"}, 1},    {{"linux/arm64"}, 1},
        {{"linux/arm64/v8"}, 1}, {{"linux/amd64", "linux/arm64"}, 2},
        {{"linux/arm64/v7"}, 0}, {{"linux/amd64", "linux/s390x"}, 1},
    };
    static const uint64_t layers[][2] = {{1, 50}, {0, 0}};
    static const char *const platforms[] = {
        ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}",
        ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}", ""};
    ZREG__AUTO(zreg_manifest) zreg_manifest *a = image(7, layers, LAYER);
    ZREG__AUTO(zreg_manifest) zreg_manifest *b = image(8, layers, LAYER);
    ZREG__AUTO(zreg_manifest) zreg_manifest *c = image(9, layers, LAYER);
    zreg_manifest *const children[] = {a, b, c, NULL};
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = index_of(children, platforms, 0);
    for (size_t i = 0; i < ZREG__COUNT(cases); i++) {
        ZREG__AUTO(zreg_manifest) zreg_manifest *filtered = NULL;
        assert_int_equal(zreg__plan_filter(&filtered, root, NULL, cases[i].platforms, NULL),
                         ZREG_OK);
        assert_int_equal(filtered != NULL ? zreg_manifest_count(filtered) : 0, cases[i].kept);
    }
}

static void a_filter_that_keeps_all_changes_nothing(void **state)
{
    (void)state;
    static const uint64_t layers[][2] = {{1, 50}, {0, 0}};
    static const char *const platforms[] = {
        ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}"};
    static const char *const wanted[] = {"linux/amd64", NULL};
    ZREG__AUTO(zreg_manifest) zreg_manifest *a = image(7, layers, LAYER);
    zreg_manifest *const children[] = {a, NULL};
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = index_of(children, platforms, 0);
    ZREG__AUTO(zreg_manifest) zreg_manifest *filtered = NULL;
    assert_int_equal(zreg__plan_filter(&filtered, root, NULL, wanted, NULL), ZREG_OK);
    assert_true(zreg_digest_equal(zreg_manifest_digest(filtered), zreg_manifest_digest(root)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs_come_largest_first_and_once),
        cmocka_unit_test(foreign_layers_stay_where_they_are),
        cmocka_unit_test(one_blob_with_two_sizes_is_refused),
        cmocka_unit_test(children_come_before_parents),
        cmocka_unit_test(what_the_destination_has_is_left_out),
        cmocka_unit_test(a_plan_without_a_root_lists_all),
        cmocka_unit_test(a_child_of_another_size_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(platforms_are_filtered),
        cmocka_unit_test(a_filter_that_keeps_all_changes_nothing),
    };
    return cmocka_run_group_tests_name("image_plan", tests, NULL, NULL);
}
