/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "oci/manifest.h"
#include "oci/referrers.h"
#include <stdio.h>
#include <string.h>

#define MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX64

static zreg_manifest *parsed(const char *text)
{
    zreg_manifest *manifest = NULL;
    assert_int_equal(zreg_manifest_parse(&manifest, text, strlen(text), NULL, NULL), ZREG_OK);
    return manifest;
}

/* An image manifest: layers as JSON, and more members as ",\"key\":value". */
static zreg_manifest *image(const char *layers, const char *more)
{
    char text[2000];
    snprintf(text, sizeof(text),
             "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST "\",\"config\":{\"mediaType\":"
             "\"a/config\",\"digest\":\"" DIGEST "\",\"size\":2},\"layers\":[%s]%s}",
             layers, more);
    return parsed(text);
}

#define LAYER(signature)                                                                           \
    "{\"mediaType\":\"a/layer\",\"digest\":\"" DIGEST                                              \
    "\",\"size\":2,\"annotations\":{\"signature\":\"" signature "\"}}"

static void tags_are_made_of_digests(void **state)
{
    (void)state;
    zreg_digest short_one, long_one;
    assert_int_equal(zreg_digest_parse(&short_one, DIGEST, NULL), ZREG_OK);
    assert_int_equal(zreg_digest_parse(&long_one, "sha512:" HEX64 HEX64, NULL), ZREG_OK);
    assert_string_equal(zreg__referrers_tag(&short_one).text, "sha256-" HEX64);
    assert_string_equal(zreg__referrers_tag(&long_one).text, "sha512-" HEX64);
    assert_string_equal(zreg__referrers_cosign_tag(&short_one, 0).text, "sha256-" HEX64 ".sig");
    assert_string_equal(zreg__referrers_cosign_tag(&short_one, 1).text, "sha256-" HEX64 ".att");
    assert_string_equal(zreg__referrers_cosign_tag(&short_one, 2).text, "sha256-" HEX64 ".sbom");
    assert_string_equal(zreg__referrers_cosign_tag(&long_one, 0).text, "");
}

static void tags_made_of_digests_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        bool known;
    } rows[] = {
        {"sha256-" HEX64, true},
        {"sha256-" HEX64 ".sig", true},
        {"sha256-" HEX64 ".att", true},
        {"sha256-" HEX64 ".sbom", true},
        {"sha512-" HEX64, true},
        {"sha512-" HEX64 ".sig", false},
        {"sha256-" HEX64 ".x", false},
        {"sha256-" HEX64 "0", false},
        {"sha256-" HEX64 ".", false},
        {"sha256-", false},
        {"latest", false},
        {"sha256-latest", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(zreg__referrers_is_digest_tag(rows[i].tag), rows[i].known);
    }
}

static void a_list_grows_by_what_it_lacks(void **state)
{
    (void)state;
    zreg_manifest *one = image("", ",\"artifactType\":\"a/b\",\"annotations\":{\"k\":\"v\"}");
    zreg_manifest *two = image(LAYER("x"), "");
    zreg_manifest *list = NULL, *longer = NULL, *same = NULL;
    const zreg_manifest *const both[] = {one, two};
    assert_int_equal(zreg__referrers_list_add(&list, NULL, both, 1, NULL), ZREG_OK);
    assert_string_equal(zreg_manifest_media_type(list), INDEX);
    assert_int_equal(zreg_manifest_count(list), 1);
    assert_string_equal(zreg_manifest_at(list, 0)->artifact_type, "a/b");
    size_t size = 0;
    assert_non_null(strstr(zreg_manifest_bytes(list, &size), "\"annotations\":{\"k\":\"v\"}"));
    assert_int_equal(zreg__referrers_list_add(&longer, list, both, 2, NULL), ZREG_OK);
    assert_int_equal(zreg_manifest_count(longer), 2);
    assert_string_equal(zreg_manifest_at(longer, 1)->artifact_type, "a/config");
    assert_int_equal(zreg__referrers_list_add(&same, longer, both, 2, NULL), ZREG_OK);
    assert_ptr_equal(same, longer);
    zreg_manifest *const all[] = {one, two, list, longer, same};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        zreg_manifest_free(all[i]);
    }
}

static void one_signature_more_holds_the_others(void **state)
{
    (void)state;
    zreg_manifest *one = image(LAYER("x"), "");
    zreg_manifest *two = image(LAYER("x") "," LAYER("y"), "");
    zreg_manifest *other = image(LAYER("z"), "");
    zreg_manifest *index =
        parsed("{\"schemaVersion\":2,\"mediaType\":\"" INDEX "\",\"manifests\":[]}");
    assert_true(zreg__referrers_holds(two, one));
    assert_false(zreg__referrers_holds(one, two));
    assert_false(zreg__referrers_holds(two, other));
    assert_false(zreg__referrers_holds(index, one));
    assert_false(zreg__referrers_holds(one, index));
    zreg_manifest *const all[] = {one, two, other, index};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        zreg_manifest_free(all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_made_of_digests),
        cmocka_unit_test(tags_made_of_digests_are_known),
        cmocka_unit_test(a_list_grows_by_what_it_lacks),
        cmocka_unit_test(one_signature_more_holds_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
