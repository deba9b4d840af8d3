/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of a credential helper. */
#include "fuzz.h"

#include "registry/helper_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    zreg_error err = {0};
    bool found = false;
    zreg_status status = zreg__helper_answer_read(
        &found, &credential, (zreg__span){(const char *)data, size}, "name", &err);

    fuzz_check_result(status, &err);
    if (status == ZREG_OK && found) {
        fuzz_check((credential.identity_token != NULL) != (credential.username != NULL));
        fuzz_check((credential.username != NULL) == (credential.password != NULL));
    }
    return 0;
}
