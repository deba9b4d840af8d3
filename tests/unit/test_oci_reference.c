/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "oci/reference.h"
#include <string.h>

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A127 A63 "a" A63
#define A247 A127 A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void references_are_read_by_the_rules_of_docker(void **state)
{
    (void)state;
    const struct {
        const char *text, *host, *repository, *tag, *digest, *canonical;
    } rows[] = {
        {"x", "docker.io", "library/x", "latest", NULL, "library/x"},
        {"x:1.2", "docker.io", "library/x", "1.2", NULL, "library/x"},
        {"x:5000", "docker.io", "library/x", "5000", NULL, "library/x"},
        {"y/x", "docker.io", "y/x", "latest", NULL, "y/x"},
        {"docker.io/x", "docker.io", "library/x", "latest", NULL, "library/x"},
        {"docker.io/library/x", "docker.io", "library/x", "latest", NULL, "library/x"},
        {"index.docker.io/x:1", "docker.io", "library/x", "1", NULL, "library/x"},
        {"registry-1.docker.io/y/x", "docker.io", "y/x", "latest", NULL, "y/x"},
        {"Docker.IO/x", "docker.io", "library/x", "latest", NULL, "library/x"},
        {"docker://x", "docker.io", "library/x", "latest", NULL, "library/x"},
        {"docker://quay.io/y/x:t", "quay.io", "y/x", "t", NULL, "quay.io/y/x"},
        {"quay.io/x", "quay.io", "x", "latest", NULL, "quay.io/x"},
        {"localhost/x", "localhost", "x", "latest", NULL, "localhost/x"},
        {"localhost:5000/x", "localhost:5000", "x", "latest", NULL, "localhost:5000/x"},
        {"localhost", "docker.io", "library/localhost", "latest", NULL, "library/localhost"},
        {"h:5/x", "h:5", "x", "latest", NULL, "h:5/x"},
        {"H:5/x", "h:5", "x", "latest", NULL, "h:5/x"},
        {"127.0.0.1:5000/a/b/c:t", "127.0.0.1:5000", "a/b/c", "t", NULL, "127.0.0.1:5000/a/b/c"},
        {"[::1]:5000/x:t", "[::1]:5000", "x", "t", NULL, "[::1]:5000/x"},
        {"[::1]/x", "[::1]", "x", "latest", NULL, "[::1]/x"},
        {"[FE80::1:2]/x", "[fe80::1:2]", "x", "latest", NULL, "[fe80::1:2]/x"},
        {"[::ffff:1.2.3.4]:1/x", "[::ffff:1.2.3.4]:1", "x", "latest", NULL, "[::ffff:1.2.3.4]:1/x"},
        {"[1:2:3:4:5:6:7:8]/x", "[1:2:3:4:5:6:7:8]", "x", "latest", NULL, "[1:2:3:4:5:6:7:8]/x"},
        {"x@" DIGEST, "docker.io", "library/x", NULL, DIGEST, "library/x"},
        {"q.io/x:t@" DIGEST, "q.io", "x", "t", DIGEST, "q.io/x"},
        {"a.b/c.d_e__f-g---h/i", "a.b", "c.d_e__f-g---h/i", "latest", NULL, "a.b/c.d_e__f-g---h/i"},
        {"x:_T.-9", "docker.io", "library/x", "_T.-9", NULL, "library/x"},
        {"x:" A127 "a", "docker.io", "library/x", A127 "a", NULL, "library/x"},
        {A247, "docker.io", "library/" A247, "latest", NULL, "library/" A247},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
        zreg_error err;
        if (zreg_ref_parse(&ref, rows[i].text, &err) != ZREG_OK) {
            fail_msg("%s: %s", rows[i].text, err.message);
        }
        assert_string_equal(zreg_ref_host(ref), rows[i].host);
        assert_string_equal(zreg_ref_repository(ref), rows[i].repository);
        assert_true(zreg__str_equal(zreg_ref_tag(ref), rows[i].tag));
        const zreg_digest *digest = zreg_ref_digest(ref);
        assert_true(zreg__str_equal(digest ? digest->text : NULL, rows[i].digest));
        assert_string_equal(zreg_ref_canonical_name(ref), rows[i].canonical);
        assert_string_equal(zreg_ref_reference(ref), rows[i].digest ? rows[i].digest : rows[i].tag);
    }
}

static void the_full_text_reads_back_as_the_same(void **state)
{
    (void)state;
    const struct {
        const char *text, *full;
    } rows[] = {
        {"x", "docker.io/library/x:latest"},
        {"x@" DIGEST, "docker.io/library/x@" DIGEST},
        {"index.docker.io/x:t@" DIGEST, "docker.io/library/x:t@" DIGEST},
        {"[::1]:5/x:t", "[::1]:5/x:t"},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
        ZREG__AUTO(zreg_ref) zreg_ref *again = NULL;
        assert_int_equal(zreg_ref_parse(&ref, rows[i].text, NULL), ZREG_OK);
        assert_string_equal(zreg_ref_text(ref), rows[i].full);
        assert_int_equal(zreg_ref_parse(&again, zreg_ref_text(ref), NULL), ZREG_OK);
        assert_string_equal(zreg_ref_text(again), rows[i].full);
    }
}

static void bad_references_are_refused_and_named(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",
        "docker://",
        "/",
        "/x",
        "x/",
        "a//b",
        "X",
        "y/X",
        "Y/x",
        "x:",
        "x:a:b",
        "x:.a",
        "x:-a",
        "x:a b",
        "x:" A127 "aa",
        "x@",
        "x@sha256:00",
        "x@" DIGEST "@" DIGEST,
        "x:@" DIGEST,
        "@" DIGEST,
        ":t",
        "q.io/",
        "q.io/:t",
        "q.io/../x",
        "q.io/a/../b",
        "q.io/.x",
        "q.io/x.",
        "q.io/x..y",
        "q.io/x___y",
        "q.io/x_-y",
        "q.io/-x",
        "q.io/x%2f",
        "q.io/x?y",
        "q.io/x#y",
        "q.io/x\ny",
        "q.io/x y",
        "q.io/\xc3\xa4",
        "q_.io/x",
        "-q.io/x",
        "q-.io/x",
        "q..io/x",
        ".io/x",
        "q.io./x",
        A63 "a.io/x",
        "q.io:/x",
        "q.io:0/x",
        "q.io:65536/x",
        "q.io:5000000000/x",
        "q.io:5x/x",
        "q.io:-5/x",
        "user:secret@q.io/x",
        "https://q.io/x",
        "[::1/x",
        "[]/x",
        "[:]/x",
        "[:::]/x",
        "[1::2::3]/x",
        "[1:2:3:4:5:6:7]/x",
        "[1:2:3:4:5:6:7:8:9]/x",
        "[12345::]/x",
        "[::g]/x",
        "[::1%eth0]/x",
        "[::1.2.3]/x",
        "[::1.2.3.256]/x",
        "[1.2.3.4::]/x",
        "[::1]x/y",
        "[::1]:/x",
        "::1/x",
        A247 "aaaaaaaaa",
        "q.io/" A247 "aaaaaaaaa",
    };
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        zreg_ref *ref = NULL;
        zreg_error err = {0};
        if (zreg_ref_parse(&ref, bad[i], &err) == ZREG_OK) {
            fail_msg("\"%s\" was taken as %s", bad[i], zreg_ref_text(ref));
        }
        assert_int_equal(err.code, ZREG_INVAL);
        assert_string_not_equal(err.message, "");
        assert_null(ref);
    }
    assert_int_equal(zreg_ref_parse(&(zreg_ref *){NULL}, NULL, NULL), ZREG_INVAL);
}

static void the_library_prefix_counts_towards_the_length(void **state)
{
    (void)state;
    zreg_ref *ref = NULL;
    assert_int_equal(zreg_ref_parse(&ref, A247 "a", NULL), ZREG_INVAL);
}

static void an_unknown_digest_algorithm_is_unsupported(void **state)
{
    (void)state;
    zreg_ref *ref = NULL;
    zreg_error err;
    assert_int_equal(zreg_ref_parse(&ref, "x@md5:00", &err), ZREG_UNSUPPORTED);
    assert_non_null(strstr(err.message, "md5"));
}

static void tag_and_digest_can_be_exchanged(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *tagged = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *pinned = NULL;
    assert_int_equal(zreg_ref_parse(&ref, "q.io/x:a@" DIGEST, NULL), ZREG_OK);
    assert_int_equal(zreg_ref_with_tag(&tagged, ref, "b", NULL), ZREG_OK);
    assert_string_equal(zreg_ref_text(tagged), "q.io/x:b");
    assert_int_equal(zreg_ref_with_digest(&pinned, tagged, zreg_ref_digest(ref), NULL), ZREG_OK);
    assert_string_equal(zreg_ref_text(pinned), "q.io/x@" DIGEST);

    zreg_ref *none = NULL;
    zreg_error err;
    assert_int_equal(zreg_ref_with_tag(&none, ref, "a/b", &err), ZREG_INVAL);
    assert_int_equal(zreg_ref_with_tag(&none, ref, "", &err), ZREG_INVAL);
    assert_int_equal(zreg_ref_with_tag(&none, ref, NULL, &err), ZREG_INVAL);
    assert_int_equal(zreg_ref_with_digest(&none, ref, NULL, &err), ZREG_INVAL);
    zreg_digest forged = {"sha256:../x"};
    assert_int_equal(zreg_ref_with_digest(&none, ref, &forged, &err), ZREG_INVAL);
    assert_null(none);
}

static void one_canonical_name_for_all_spellings(void **state)
{
    (void)state;
    const struct {
        const char *repository, *host, *canonical;
    } rows[] = {
        {"x", NULL, "library/x"},
        {"library/x", NULL, "library/x"},
        {"docker.io/x", NULL, "library/x"},
        {"docker.io/library/x", NULL, "library/x"},
        {"index.docker.io/library/x", NULL, "library/x"},
        {"x", "docker.io", "library/x"},
        {"library/x", "docker.io", "library/x"},
        {"library/x", "registry-1.docker.io", "library/x"},
        {"docker.io/library/x", "docker.io", "library/x"},
        {"y/x", NULL, "y/x"},
        {"y/x", "docker.io", "y/x"},
        {"quay.io/y/x", NULL, "quay.io/y/x"},
        {"y/x", "quay.io", "quay.io/y/x"},
        {"quay.io/y/x", "quay.io", "quay.io/y/x"},
        {"x", "quay.io", "quay.io/x"},
        {"x", "Quay.IO", "quay.io/x"},
        {"localhost/x", NULL, "localhost/x"},
        {"x", "127.0.0.1:5000", "127.0.0.1:5000/x"},
        {"quay.io/y/x", "ghcr.io", "ghcr.io/quay.io/y/x"},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__AUTO_FREE char *name = NULL;
        assert_int_equal(
            zreg__reference_canonical(&name, zreg__span_of(rows[i].repository), rows[i].host, NULL),
            ZREG_OK);
        assert_string_equal(name, rows[i].canonical);
    }
}

static void bad_names_have_no_canonical_form(void **state)
{
    (void)state;
    const struct {
        const char *repository, *host;
    } rows[] = {
        {"", NULL},
        {"..", NULL},
        {"quay.io/", NULL},
        {"quay.io/../x", NULL},
        {"x", ""},
        {"x", "../.."},
        {"x", "quay.io/y"},
        {"x", "a b"},
        {"X", "quay.io"},
        {"quay.io", "quay.io/"},
        {"x/", "quay.io"},
        /* which would be another's name, or none that leads back here */
        {"docker.io/docker.io/x", NULL},
        {"docker.io/index.docker.io/x", "docker.io"},
        {"quay.io/y/x", "docker.io"},
        {"localhost/x", "docker.io"},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        char *name = NULL;
        zreg_error err = {0};
        assert_int_equal(
            zreg__reference_canonical(&name, zreg__span_of(rows[i].repository), rows[i].host, &err),
            ZREG_INVAL);
        assert_null(name);
    }
}

static void loopback_is_told_by_address_not_by_prefix(void **state)
{
    (void)state;
    const struct {
        const char *host;
        bool loopback;
    } rows[] = {
        {"localhost", true},     {"LocalHost:5000", true}, {"127.0.0.1", true},
        {"127.1.2.3:80", true},  {"[::1]", true},          {"[::1]:5000", true},
        {"127.evil.com", false}, {"127.0.0.1.com", false}, {"localhost.evil.com", false},
        {"localhost:x", false},  {"128.0.0.1", false},     {"[::2]", false},
        {"127.0.0.256", false},  {"1127.0.0.1", false},    {"", false},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        assert_int_equal(zreg__reference_is_loopback(rows[i].host), rows[i].loopback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_read_by_the_rules_of_docker),
        cmocka_unit_test(the_full_text_reads_back_as_the_same),
        cmocka_unit_test(bad_references_are_refused_and_named),
        cmocka_unit_test(the_library_prefix_counts_towards_the_length),
        cmocka_unit_test(an_unknown_digest_algorithm_is_unsupported),
        cmocka_unit_test(tag_and_digest_can_be_exchanged),
        cmocka_unit_test(one_canonical_name_for_all_spellings),
        cmocka_unit_test(bad_names_have_no_canonical_form),
        cmocka_unit_test(loopback_is_told_by_address_not_by_prefix),
    };

    return cmocka_run_group_tests_name("oci reference", tests, NULL, NULL);
}
