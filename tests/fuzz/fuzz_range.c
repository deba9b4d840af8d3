/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "oci/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t total = 0;
    for (uint64_t content = 0; content < 3; content++) {
        if (zreg__range_request(&first, &last, text, content) == ZREG__RANGE_OK) {
            fuzz_check(first <= last && last < content);
        }
    }
    if (zreg__range_content(&first, &last, &total, text)) {
        fuzz_check(first <= last && (last < total || total == UINT64_MAX));
    }
    if (zreg__range_upload(&first, &last, text)) {
        fuzz_check(first <= last);
    }
    return 0;
}
