/* SPDX-License-Identifier: Apache-2.0 */
/** What a token service answers (docker token authentication). No I/O. */
#ifndef ZREG_REGISTRY_TOKEN_ANSWER_H
#define ZREG_REGISTRY_TOKEN_ANSWER_H

#include "base/compiler.h"
#include "base/str.h"
#include <zreg/common.h>

typedef struct zreg__token_answer {
    char *token;
    char *refresh; /* to ask for more with; or NULL */
    uint64_t life_s;
} zreg__token_answer;

/** Errors: PROTO (no JSON, or no token that a header can hold), which shows nothing of the answer; NOMEM. */
zreg_status zreg__token_answer_read(zreg__token_answer *out, zreg__span text, zreg_error *err);

/** Wipes and frees. */
void zreg__token_answer_finish(zreg__token_answer *answer);

ZREG__DEFINE_AUTO_VALUE(zreg__token_answer, zreg__token_answer_finish)

#endif
