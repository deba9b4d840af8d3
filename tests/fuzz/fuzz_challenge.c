/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "oci/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    ZREG__AUTO(zreg__challenge) zreg__challenge challenge = {0};
    zreg_error err = {0};
    zreg_status status = zreg__challenge_parse(&challenge, text, &err);
    fuzz_check_result(status, &err);
    if (challenge.scheme == ZREG__CHALLENGE_BEARER) {
        fuzz_check(!zreg__str_empty(challenge.realm));
        fuzz_check(strpbrk(challenge.realm, "\r\n") == NULL);
    }
    return 0;
}
