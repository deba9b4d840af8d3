/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <zreg/digest.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    zreg_digest digest;
    zreg_error err = {0};
    zreg_status status = zreg_digest_parse(&digest, text, &err);
    fuzz_check_result(status, &err);
    if (status == ZREG_OK) {
        fuzz_check(strcmp(digest.text, text) == 0);
        fuzz_check(strpbrk(digest.text, "/.%?# \\") == NULL);
    }
    return 0;
}
