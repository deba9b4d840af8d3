/* SPDX-License-Identifier: Apache-2.0 */
/** Reading structured header fields (RFC 9110 section 5.6): tokens, quoted strings, parameters. */
#ifndef ZREG_OCI_FIELD_H
#define ZREG_OCI_FIELD_H

#include "base/str.h"
#include <zreg/common.h>

/** Where the reading of a field value stands. */
typedef struct zreg__field {
    const char *at;
    const char *end;
} zreg__field;

zreg__field zreg__field_of(const char *value);

/** True when nothing but spaces and tabs is left; skips them. */
bool zreg__field_done(zreg__field *field);

/** Skips spaces and tabs, then takes this character if it comes next. */
bool zreg__field_take(zreg__field *field, char wanted);

/** A token; empty when none stands here. */
zreg__span zreg__field_token(zreg__field *field);

/** A quoted string or a bare value (up to a space, comma or semicolon) into new memory.
 *  Errors: PROTO (not closed, control characters, empty bare value), LIMIT, NOMEM. */
zreg_status zreg__field_value(char **out, zreg__field *field, zreg_error *err);

/** Tries to take `name =` (spaces allowed around the sign); without one nothing is taken and the
 *  name is empty. */
zreg__span zreg__field_parameter(zreg__field *field);

#endif
