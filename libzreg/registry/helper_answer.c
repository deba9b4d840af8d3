/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/helper_answer.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

static zreg_status take_answer(bool *out_found, zreg__credential *out, const zreg__json *answer,
                               const char *name, zreg_error *err)
{
    const char *username = zreg__json_text(answer, "Username");
    const char *secret = zreg__json_text(answer, "Secret");

    if (username == NULL || secret == NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "the answer of docker-credential-%s has no Username and Secret", name);
    }
    if (username[0] == '\0' && secret[0] == '\0') {
        *out_found = false;
        return ZREG_OK;
    }
    /* The convention for a refresh token in place of a password. */
    if (strcmp(username, "<token>") == 0) {
        out->identity_token = zreg__strdup(secret);
    } else {
        out->username = zreg__strdup(username);
        out->password = zreg__strdup(secret);
    }
    if (out->identity_token == NULL && (out->username == NULL || out->password == NULL)) {
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

zreg_status zreg__helper_answer_read(bool *out_found, zreg__credential *out, zreg__span answer,
                                     const char *name, zreg_error *err)
{
    ZREG__AUTO_SECRET_JSON zreg__json *json = NULL;

    ZREG__TRY(zreg__json_parse(&json, answer.text, answer.size, "the answer of a credential helper",
                               err));
    *out_found = true;
    return take_answer(out_found, out, json, name, err);
}
