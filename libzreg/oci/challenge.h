/* SPDX-License-Identifier: Apache-2.0 */
/** WWW-Authenticate challenges (RFC 9110 section 11.6.1), basic and bearer. */
#ifndef ZREG_OCI_CHALLENGE_H
#define ZREG_OCI_CHALLENGE_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef enum zreg__challenge_scheme {
    ZREG__CHALLENGE_NONE, /* nothing that we speak */
    ZREG__CHALLENGE_BASIC,
    ZREG__CHALLENGE_BEARER,
} zreg__challenge_scheme;

/** One challenge. Texts are owned; NULL when unset. */
typedef struct zreg__challenge {
    zreg__challenge_scheme scheme;
    bool or_basic; /* of a bearer challenge: basic was offered beside it */
    char *realm;
    char *service;
    char *scope;
    char *error; /* "invalid_token", "insufficient_scope" */
} zreg__challenge;

/**
 * Parses one header value, which may hold several challenges; bearer is preferred to basic. What is unknown or
 * malformed is passed over where there is a challenge beside it that can be met. A header with unknown ones
 * only gives scheme NONE. Errors: PROTO (malformed), NOMEM, LIMIT.
 */
zreg_status zreg__challenge_parse(zreg__challenge *out, const char *header, zreg_error *err);

void zreg__challenge_finish(zreg__challenge *challenge);

ZREG__DEFINE_AUTO_VALUE(zreg__challenge, zreg__challenge_finish)

#endif
