/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "registry/token_answer.h"

/* It becomes part of a header. */
static void check_secret(const char *text)
{
    fuzz_check(text[0] != '\0');
    for (const char *c = text; *c != '\0'; c++) {
        fuzz_check((unsigned char)*c >= 0x20 && *c != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg__token_answer) zreg__token_answer answer = {0};
    zreg_error err = {0};
    zreg_status status =
        zreg__token_answer_read(&answer, (zreg__span){(const char *)data, size}, &err);

    fuzz_check_result(status, &err);
    if (status == ZREG_OK) {
        check_secret(answer.token);
        fuzz_check(answer.life_s > 0 && answer.life_s <= 86400);
        if (answer.refresh != NULL) {
            check_secret(answer.refresh);
        }
    }
    return 0;
}
