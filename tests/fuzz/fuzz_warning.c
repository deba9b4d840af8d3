/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that stand beside an answer: Warning, and on the first line a limit of requests. */
#include "fuzz.h"

#include "oci/warning.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = zreg__strndup((const char *)data, size);
    zreg__rate_limit limit;
    size_t count = 0;

    fuzz_check(text != NULL);
    (void)zreg__rate_limit_read(&limit, text, text);
    zreg__field field = zreg__field_of(text);
    for (;;) {
        ZREG__AUTO_FREE char *warning = NULL;

        fuzz_check(zreg__warning_next(&warning, &field, NULL) == ZREG_OK);
        if (warning == NULL) {
            return 0;
        }
        fuzz_check(++count <= size);
    }
}
