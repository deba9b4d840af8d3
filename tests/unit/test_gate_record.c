/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "gate/record.h"
#include "oci/manifest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define IMAGE "application/vnd.oci.image.manifest.v1+json"
#define EMPTY_IMAGE                                                                                \
    "{\"schemaVersion\":2,\"mediaType\":\"" IMAGE                                                  \
    "\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":"        \
    "\"" DIGEST "\",\"size\":2},\"layers\":[]}"

static zreg_manifest *parse(const char *text)
{
    zreg_manifest *manifest = NULL;
    assert_int_equal(zreg_manifest_parse(&manifest, text, strlen(text), NULL, NULL), ZREG_OK);
    return manifest;
}

static void a_record_is_read_as_it_was_made(void **state)
{
    (void)state;
    zreg__record record = {.order = UINT64_MAX, .change = "12"};
    zreg__record seen;
    zreg_manifest *made = NULL;
    zreg_manifest *image = parse(EMPTY_IMAGE);
    record.digest = *zreg_manifest_digest(image);
    assert_int_equal(zreg__record_make(&made, &record, image, NULL), ZREG_OK);
    assert_true(zreg_manifest_is_index(made));
    assert_int_equal(zreg_manifest_count(made), 1);
    assert_string_equal(zreg_manifest_at(made, 0)->digest.text, record.digest.text);
    assert_int_equal(zreg__record_read(&seen, made, "latest", NULL), ZREG_OK);
    assert_true(seen.order == UINT64_MAX);
    assert_string_equal(seen.change, "12");
    assert_string_equal(seen.digest.text, record.digest.text);
    zreg_manifest_free(made);
    zreg_manifest_free(image);
}

static void what_is_no_record_is_a_conflict(void **state)
{
    (void)state;
    static const char *const annotations[] = {
        "{}",
        "{\"org.zuul-ci.order\":\"1\"}",
        "{\"org.zuul-ci.digest\":\"" DIGEST "\"}",
        "{\"org.zuul-ci.order\":\"0\",\"org.zuul-ci.digest\":\"" DIGEST "\"}",
        "{\"org.zuul-ci.order\":\"-1\",\"org.zuul-ci.digest\":\"" DIGEST "\"}",
        "{\"org.zuul-ci.order\":\"18446744073709551616\",\"org.zuul-ci.digest\":\"" DIGEST "\"}",
        "{\"org.zuul-ci.order\":\"1\",\"org.zuul-ci.digest\":\"sha256:0\"}",
    };
    for (size_t i = 0; i < ZREG__COUNT(annotations); i++) {
        char text[512];
        zreg__record seen;
        zreg_error err = {ZREG_OK};
        snprintf(text, sizeof(text),
                 "{\"schemaVersion\":2,\"mediaType\":\"" INDEX
                 "\",\"manifests\":[],\"annotations\":%s}",
                 annotations[i]);
        zreg_manifest *manifest = parse(text);
        assert_int_equal(zreg__record_read(&seen, manifest, "latest", &err), ZREG_CONFLICT);
        assert_non_null(strstr(err.message, "zreg-order_latest"));
        zreg_manifest_free(manifest);
    }
}

static void a_tag_without_room_for_its_record_is_refused(void **state)
{
    (void)state;
    char tag[ZREG__MAX_TAG + 1];
    char *record = NULL;
    memset(tag, 'a', sizeof(tag));
    tag[ZREG__MAX_TAG] = '\0';
    assert_int_equal(zreg__record_tag(&record, tag, NULL), ZREG_INVAL);
    tag[ZREG__MAX_TAG - strlen("zreg-order_")] = '\0';
    assert_int_equal(zreg__record_tag(&record, tag, NULL), ZREG_OK);
    assert_int_equal(strlen(record), ZREG__MAX_TAG);
    free(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_as_it_was_made),
        cmocka_unit_test(what_is_no_record_is_a_conflict),
        cmocka_unit_test(a_tag_without_room_for_its_record_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
