/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "oci/reference.h"

static void check_reference(const zreg_ref *ref)
{
    ZREG__AUTO(zreg_ref) zreg_ref *again = NULL;
    fuzz_check(zreg_ref_parse(&again, zreg_ref_text(ref), NULL) == ZREG_OK);
    fuzz_check(strcmp(zreg_ref_text(again), zreg_ref_text(ref)) == 0);
    fuzz_check(zreg__reference_is_host(zreg__span_of(zreg_ref_host(ref))));
    fuzz_check(zreg__reference_is_repository(zreg__span_of(zreg_ref_repository(ref))));
    fuzz_check(strstr(zreg_ref_repository(ref), "..") == NULL);
    fuzz_check(zreg_ref_tag(ref) != NULL || zreg_ref_digest(ref) != NULL);
}

static void check_canonical(const char *text)
{
    ZREG__AUTO_FREE char *name = NULL;
    ZREG__AUTO_FREE char *again = NULL;
    if (zreg__reference_canonical(&name, zreg__span_of(text), NULL, NULL) == ZREG_OK) {
        fuzz_check(zreg__reference_canonical(&again, zreg__span_of(name), NULL, NULL) == ZREG_OK);
        fuzz_check(strcmp(again, name) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    zreg_error err = {0};
    fuzz_check_result(zreg_ref_parse(&ref, text, &err), &err);
    if (ref != NULL) {
        check_reference(ref);
    }
    check_canonical(text);
    zreg__reference_is_loopback(text);
    return 0;
}
