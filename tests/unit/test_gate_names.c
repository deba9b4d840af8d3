/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gate/names.h"
#include "oci/reference.h"
#include <zreg/gate.h>

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void temporary_tags_are_those_of_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *change;
        const char *pipeline;
        const char *tag;
        const char *expected; /* NULL: INVAL */
    } rows[] = {
        {"12", NULL, "latest", "change_12_latest"},
        {"12", "gate", "1.0", "change_12_1.0"},
        {NULL, "periodic", "latest", "periodic_latest"},
        {"", "tag", "v1", "tag_v1"},
        {NULL, NULL, "latest", NULL},
        {"", "", "latest", NULL},
        {"12", NULL, "", NULL},
        {"12", NULL, NULL, NULL},
        {"12", NULL, "a b", NULL},
        {NULL, "a/b", "latest", NULL},
        {NULL, "-x", "latest", NULL},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        char *tag = NULL;
        zreg_error err;
        zreg_status status =
            zreg_temporary_tag(&tag, rows[i].change, rows[i].pipeline, rows[i].tag, &err);
        assert_int_equal(status, rows[i].expected == NULL ? ZREG_INVAL : ZREG_OK);
        if (rows[i].expected != NULL) {
            assert_string_equal(tag, rows[i].expected);
        }
        zreg_free(tag);
    }
}

static void a_word_is_no_host(void **state)
{
    (void)state;
    static const char *const good[] = {"localhost",  "h:5000",  "10.0.0.1:5000",
                                       "[::1]:5000", "quay.io", "docker.io"};
    static const char *const bad[] = {"",    "registry", "h:5000/x", "docker://h:5000",
                                      "h:x", "h 1:5"};
    for (size_t i = 0; i < ZREG__COUNT(good); i++) {
        assert_int_equal(zreg__names_host_check(good[i], "t", NULL), ZREG_OK);
    }
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        assert_int_equal(zreg__names_host_check(bad[i], "t", NULL), ZREG_INVAL);
    }
    assert_int_equal(zreg__names_host_check(NULL, "t", NULL), ZREG_INVAL);
}

static void an_image_needs_a_tag(void **state)
{
    (void)state;
    static const char *const bad[] = {"x/y", "h:5000/x", "x@" DIGEST, "x:1@" DIGEST, "", "x:"};
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    assert_int_equal(zreg__names_image(&ref, "h:5000/x:1", NULL), ZREG_OK);
    assert_string_equal(zreg_ref_tag(ref), "1");
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        ZREG__AUTO(zreg_ref) zreg_ref *none = NULL;
        assert_int_equal(zreg__names_image(&none, bad[i], NULL), ZREG_INVAL);
    }
}

static void a_repository_has_no_tag(void **state)
{
    (void)state;
    static const char *const bad[] = {"h:5000/x:1", ("h:5000/x@" DIGEST), "h:5000", "", "x:1"};
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    assert_int_equal(zreg__names_repository(&ref, "h:5000/x/y", NULL), ZREG_OK);
    assert_string_equal(zreg_ref_repository(ref), "x/y");
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        ZREG__AUTO(zreg_ref) zreg_ref *none = NULL;
        assert_int_equal(zreg__names_repository(&none, bad[i], NULL), ZREG_INVAL);
    }
}

static void an_artifacts_place_is_pinned_and_moved(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *digest;
        const char *host;
        const char *expected;
    } rows[] = {
        {"docker://h:1/x/y:b_1", "", NULL, "h:1/x/y:b_1"},
        {"docker://h:1/x/y:b_1", DIGEST, NULL, "h:1/x/y@" DIGEST},
        {"docker://h:1/x/y:b_1", "", "i:2", "i:2/x/y:b_1"},
        {"docker://h:1/quay.io/x/y:b_1", DIGEST, "[::1]:2", "[::1]:2/quay.io/x/y@" DIGEST},
        {"docker://h:1/x/y@" DIGEST, "", NULL, "h:1/x/y@" DIGEST},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg_ref) zreg_ref *place = NULL;
        zreg_artifact artifact = {.url = rows[i].url, .digest = rows[i].digest};
        assert_int_equal(zreg__names_artifact(&place, &artifact, rows[i].host, NULL), ZREG_OK);
        assert_string_equal(zreg_ref_text(place), rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temporary_tags_are_those_of_the_table),
        cmocka_unit_test(a_word_is_no_host),
        cmocka_unit_test(an_image_needs_a_tag),
        cmocka_unit_test(a_repository_has_no_tag),
        cmocka_unit_test(an_artifacts_place_is_pinned_and_moved),
    };

    return cmocka_run_group_tests_name("gate_names", tests, NULL, NULL);
}
