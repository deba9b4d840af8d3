/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/str.h"
#include "image/place.h"
#include <string.h>

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct good {
    const char *text;
    zreg__place_kind kind;
    const char *ref;
    const char *path;
    const char *tag;
    const char *digest;
    size_t number; /* where the text has an "@" that no digest follows */
} good;

static const good good_places[] = {
    {"debian", ZREG__PLACE_REGISTRY, "docker.io/library/debian:latest", NULL, NULL, NULL},
    {"docker://quay.io/a/b:c", ZREG__PLACE_REGISTRY, "quay.io/a/b:c", NULL, NULL, NULL},
    {"[::1]:5000/a@sha256:" HEX, ZREG__PLACE_REGISTRY, "[::1]:5000/a@sha256:" HEX, NULL, NULL,
     "sha256:" HEX},
    {"oci:dir", ZREG__PLACE_LAYOUT, NULL, "dir", NULL, NULL},
    {"oci:/a/b:1.0", ZREG__PLACE_LAYOUT, NULL, "/a/b", "1.0", NULL},
    {"oci:/a:b/c", ZREG__PLACE_LAYOUT, NULL, "/a", "b/c", NULL},
    {"oci:/a:b/c:t", ZREG__PLACE_LAYOUT, NULL, "/a", "b/c:t", NULL},
    {"oci:/a:docker.io/b/c:1", ZREG__PLACE_LAYOUT, NULL, "/a", "docker.io/b/c:1", NULL},
    {"oci:/a:h:5000/b:1@sha256:" HEX, ZREG__PLACE_LAYOUT, NULL, "/a", "h:5000/b:1", "sha256:" HEX},
    {"oci:/a:_x", ZREG__PLACE_LAYOUT, NULL, "/a", "_x", NULL},
    {"oci:5000/a:b", ZREG__PLACE_REGISTRY, "oci:5000/a:b", NULL, NULL, NULL},
    {"dir:5000/a:b", ZREG__PLACE_REGISTRY, "dir:5000/a:b", NULL, NULL, NULL},
    {"oci-archive:f.tar", ZREG__PLACE_OCI_ARCHIVE, NULL, "f.tar", NULL, NULL},
    {"oci-archive:-:t", ZREG__PLACE_OCI_ARCHIVE, NULL, "-", "t", NULL},
    {"oci-archive:f@sha256:" HEX, ZREG__PLACE_OCI_ARCHIVE, NULL, "f", NULL, "sha256:" HEX},
    {"oci:/a:@3", ZREG__PLACE_LAYOUT, NULL, "/a", NULL, NULL, 3},
    {"docker-archive:f:@0", ZREG__PLACE_ARCHIVE, NULL, "f", NULL, NULL, 0},
    {"oci:d@sha256:" HEX, ZREG__PLACE_LAYOUT, NULL, "d", NULL, "sha256:" HEX},
    {"oci:/a@b/c:t", ZREG__PLACE_LAYOUT, NULL, "/a@b/c", "t", NULL},
    {"docker-archive:f.tar", ZREG__PLACE_ARCHIVE, NULL, "f.tar", NULL, NULL},
    {"docker-archive:f.tar:x:1", ZREG__PLACE_ARCHIVE, NULL, "f.tar", "docker.io/library/x:1", NULL},
    {"docker-archive:f:q.io/x:1@sha256:" HEX, ZREG__PLACE_ARCHIVE, NULL, "f", "q.io/x:1",
     "sha256:" HEX},
    {"docker-archive:f:q.io/x@sha256:" HEX, ZREG__PLACE_ARCHIVE, NULL, "f", NULL, "sha256:" HEX},
    {"docker-daemon:debian", ZREG__PLACE_DAEMON, NULL, "docker.io/library/debian:latest",
     "docker.io/library/debian:latest", NULL},
    {"docker-daemon:q.io:5000/a/b:1", ZREG__PLACE_DAEMON, NULL, "q.io:5000/a/b:1",
     "q.io:5000/a/b:1", NULL},
    {"docker-daemon:sha256:" HEX, ZREG__PLACE_DAEMON, NULL, "sha256:" HEX, NULL, NULL},
    {"docker-daemon:5000/a:b", ZREG__PLACE_REGISTRY, "docker-daemon:5000/a:b", NULL, NULL, NULL},
};

static void places_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZREG__COUNT(good_places); i++) {
        const good *wanted = &good_places[i];
        ZREG__AUTO(zreg__place) zreg__place *place = NULL;
        assert_int_equal(zreg__place_parse(&place, wanted->text, NULL), ZREG_OK);
        const zreg_digest *digest = zreg__place_digest(place);
        bool numbered = strstr(wanted->text, ":@") != NULL;
        assert_int_equal(place->kind, wanted->kind);
        assert_true(place->number == (numbered ? wanted->number : ZREG__PLACE_NO_NUMBER));
        assert_true(zreg__str_equal(place->path, wanted->path));
        assert_true(zreg__str_equal(place->tag, wanted->tag));
        assert_true(zreg__str_equal(digest != NULL ? digest->text : NULL, wanted->digest));
        assert_true(
            zreg__str_equal(place->ref != NULL ? zreg_ref_text(place->ref) : NULL, wanted->ref));
    }
}

static void wrong_places_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        NULL,
        "",
        "oci:",
        "oci::tag",
        "oci:d:-bad",
        "oci:d@sha256:12",
        "docker-archive:",
        "docker-archive::x",
        "docker://",
        "UPPER/case",
        "docker-archive:f:UPPER",
        "docker-daemon:",
        "docker-daemon:UPPER",
        "docker-daemon:a:b:c",
    };
    for (size_t i = 0; i < ZREG__COUNT(wrong); i++) {
        zreg__place *place = NULL;
        zreg_error err = {.code = ZREG_OK};
        assert_int_equal(zreg__place_parse(&place, wrong[i], &err), ZREG_INVAL);
        assert_null(place);
        assert_int_equal(err.code, ZREG_INVAL);
        assert_true(err.message[0] != '\0');
    }
}

static void places_of_other_tools_are_named(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"dir:/tmp/x", "oci:DIR"},
        {"docker-daemon:a/b@sha256:" HEX, "name or ID"},
        {"docker-daemon:sha256:12", "sha256"},
        {"containers-storage:localhost/x", "podman save"},
        {"https://quay.io/a/b:c", "without a scheme"},
        {"http://quay.io/a/b:c", "without a scheme"},
        {"ocidir:///tmp/x", "oci:DIR"},
        {"oci:///tmp/x", "oci:DIR"},
        {"file:/tmp/x", "oci:DIR"},
        {"oci-archive:f:b ad", "name of an image"},
        {"oci:f:@x", "name of an image"},
    };
    for (size_t i = 0; i < ZREG__COUNT(texts); i++) {
        zreg__place *place = NULL;
        zreg_error err = {.code = ZREG_OK};
        assert_int_not_equal(zreg__place_parse(&place, texts[i][0], &err), ZREG_OK);
        assert_null(place);
        if (strstr(err.message, texts[i][1]) == NULL) {
            fail_msg("%s: %s", texts[i][0], err.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read),
        cmocka_unit_test(wrong_places_are_refused),
        cmocka_unit_test(places_of_other_tools_are_named),
    };
    return cmocka_run_group_tests_name("image_place", tests, NULL, NULL);
}
