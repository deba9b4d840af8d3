/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "oci/errors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int statuses[] = {400, 404, 502};
    for (size_t i = 0; i < ZREG__COUNT(statuses); i++) {
        zreg_error err = {0};
        zreg_status status = zreg__errors_from_response(&err, statuses[i], data, size, "request");
        fuzz_check(status != ZREG_OK);
        fuzz_check_result(status, &err);
        fuzz_check(strpbrk(err.message, "\r\n\x1b") == NULL);
        fuzz_check(memchr(err.registry_code, '\0', sizeof(err.registry_code)) != NULL);
    }
    return 0;
}
