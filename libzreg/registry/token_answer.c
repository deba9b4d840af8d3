/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/token_answer.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

/* What the token specification says where the service does not. */
#define DEFAULT_LIFE_S 60
/* A token is not used in its last tenth, and a longer life is not believed. */
#define LONGEST_LIFE_S 86400

/* A control character would begin another header, or end it. */
static bool is_token(const char *text)
{
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return false;
        }
    }
    return !zreg__str_empty(text);
}

static const char *token_in(const zreg__json *answer)
{
    const char *text = zreg__json_text(answer, "token");

    return zreg__str_empty(text) ? zreg__json_text(answer, "access_token") : text;
}

/* Seconds, as a number or, from some, as a text or with a fraction; what makes no sense is as if it were not
 * there. */
static uint64_t life_of(const zreg__json *answer)
{
    zreg__json *value = zreg__json_get(answer, "expires_in");
    ZREG__AUTO_FREE char *printed = NULL;
    const char *text = zreg__json_as_text(value);
    uint64_t life_s = 0;

    if (text == NULL && value != NULL && zreg__json_print(&printed, value, NULL) == ZREG_OK) {
        text = printed;
    }
    zreg__span digits = {text, text != NULL ? strspn(text, "0123456789") : 0};
    bool whole = digits.size > 0 && strchr(".", text[digits.size]) != NULL;
    if (!whole || !zreg__span_u64(digits, &life_s) || life_s == 0) {
        return DEFAULT_LIFE_S;
    }
    return life_s < LONGEST_LIFE_S ? life_s : LONGEST_LIFE_S;
}

zreg_status zreg__token_answer_read(zreg__token_answer *out, zreg__span text, zreg_error *err)
{
    ZREG__AUTO_SECRET_JSON zreg__json *answer = NULL;

    *out = (zreg__token_answer){0};
    if (zreg__json_parse(&answer, text.text, text.size, "token", NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_PROTO, "it does not answer in JSON");
    }
    const char *token = token_in(answer);
    const char *refresh = zreg__json_text(answer, "refresh_token");
    if (!is_token(token)) {
        return zreg__fail(err, ZREG_PROTO, "it gives no token");
    }
    out->token = zreg__strdup(token);
    out->refresh = is_token(refresh) ? zreg__strdup(refresh) : NULL;
    out->life_s = life_of(answer);
    return out->token != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

void zreg__token_answer_finish(zreg__token_answer *answer)
{
    zreg__free_secret(answer->token);
    zreg__free_secret(answer->refresh);
    *answer = (zreg__token_answer){0};
}
