/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "oci/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    ZREG__AUTO_FREE char *next = NULL;
    zreg_error err = {0};
    fuzz_check_result(zreg__link_next(&next, text, &err), &err);
    fuzz_check(next == NULL || strpbrk(next, " \r\n>") == NULL);
    return 0;
}
