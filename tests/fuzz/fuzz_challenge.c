/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "oci/challenge.h"
#include "registry/scope.h"

/* What it asks for goes into the question to the token service. */
static void check_scope(const char *text)
{
    ZREG__AUTO(zreg__scopes) zreg__scopes scopes = {0};
    ZREG__AUTO(zreg__buf) zreg__buf query = ZREG__BUF(1 << 20);
    zreg_error err = {0};

    fuzz_check_result(zreg__scopes_parse(&scopes, text, &err), &err);
    fuzz_check(zreg__scopes_cover(&scopes, &scopes));
    if (zreg__scopes_query(&scopes, &query, NULL) == ZREG_OK) {
        fuzz_check(strpbrk(zreg__buf_cstr(&query), "\r\n #") == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_FREE char *text = fuzz_text(data, size);
    ZREG__AUTO(zreg__challenge) zreg__challenge challenge = {0};
    zreg_error err = {0};
    zreg_status status = zreg__challenge_parse(&challenge, text, &err);
    fuzz_check_result(status, &err);
    if (challenge.scope != NULL) {
        check_scope(challenge.scope);
    }
    if (challenge.scheme == ZREG__CHALLENGE_BEARER) {
        fuzz_check(!zreg__str_empty(challenge.realm));
        fuzz_check(strpbrk(challenge.realm, "\r\n") == NULL);
    }
    return 0;
}
