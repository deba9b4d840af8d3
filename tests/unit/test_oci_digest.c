/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include <string.h>
#include <zreg/digest.h>

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEX128                                                                                     \
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"                             \
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

static void good_digests_are_kept_as_written(void **state)
{
    (void)state;
    const char *const good[] = {"sha256:" HEX64, "sha512:" HEX128};
    for (size_t i = 0; i < ZREG__COUNT(good); i++) {
        zreg_digest digest;
        zreg_error err;
        assert_int_equal(zreg_digest_parse(&digest, good[i], &err), ZREG_OK);
        assert_string_equal(digest.text, good[i]);
        assert_int_equal(err.code, ZREG_OK);
    }
}

static void bad_digests_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *text;
        zreg_status status;
    } bad[] = {
        {NULL, ZREG_INVAL},
        {"", ZREG_INVAL},
        {":", ZREG_INVAL},
        {"sha256", ZREG_INVAL},
        {"sha256:", ZREG_INVAL},
        {":" HEX64, ZREG_INVAL},
        {HEX64, ZREG_INVAL},
        {"sha256:" HEX64 "0", ZREG_INVAL},
        {"sha256:" HEX128, ZREG_INVAL},
        {"sha512:" HEX64, ZREG_INVAL},
        {"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", ZREG_INVAL},
        {"SHA256:" HEX64, ZREG_INVAL},
        {"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", ZREG_INVAL},
        {"sha256:../../../../../../etc/passwd/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ZREG_INVAL},
        {"../sha256:" HEX64, ZREG_INVAL},
        {" sha256:" HEX64, ZREG_INVAL},
        {"sha256:" HEX64 "\n", ZREG_INVAL},
        {"sha256: " HEX64, ZREG_INVAL},
        {"md5:d41d8cd98f00b204e9800998ecf8427e", ZREG_UNSUPPORTED},
        {"sha384:" HEX64, ZREG_UNSUPPORTED},
        {"sha256+b64:" HEX64, ZREG_UNSUPPORTED},
    };
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        zreg_digest digest = {"untouched"};
        zreg_error err;
        assert_int_equal(zreg_digest_parse(&digest, bad[i].text, &err), bad[i].status);
        assert_int_equal(err.code, bad[i].status);
        assert_string_not_equal(err.message, "");
        assert_string_equal(digest.text, "untouched");
    }
}

static void a_digest_of_bytes_is_that_of_the_algorithm(void **state)
{
    (void)state;
    zreg_digest digest;
    assert_int_equal(zreg_digest_of(&digest, NULL, "", 0, NULL), ZREG_OK);
    assert_string_equal(digest.text, "sha256:" HEX64);
    assert_int_equal(zreg_digest_of(&digest, "sha512", "", 0, NULL), ZREG_OK);
    assert_string_equal(digest.text, "sha512:" HEX128);
    assert_int_equal(zreg_digest_of(&digest, "sha256", "abc", 3, NULL), ZREG_OK);
    assert_string_equal(digest.text,
                        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(zreg_digest_of(&digest, "md5", "", 0, NULL), ZREG_UNSUPPORTED);
}

static void equal_means_the_same_text(void **state)
{
    (void)state;
    zreg_digest a;
    zreg_digest b;
    zreg_digest_of(&a, NULL, "a", 1, NULL);
    zreg_digest_of(&b, NULL, "b", 1, NULL);
    assert_int_equal(zreg_digest_equal(&a, &a), 1);
    assert_int_equal(zreg_digest_equal(&a, &b), 0);
    zreg_digest_of(&b, "sha512", "a", 1, NULL);
    assert_int_equal(zreg_digest_equal(&a, &b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_digests_are_kept_as_written),
        cmocka_unit_test(bad_digests_are_refused),
        cmocka_unit_test(a_digest_of_bytes_is_that_of_the_algorithm),
        cmocka_unit_test(equal_means_the_same_text),
    };

    return cmocka_run_group_tests_name("oci digest", tests, NULL, NULL);
}
