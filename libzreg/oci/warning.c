/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/warning.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

/* Past the next comma that stands in no quotes. */
static void skip_one(zreg__field *field)
{
    bool is_quoted = false;

    while (field->at < field->end && (is_quoted || *field->at != ',')) {
        if (is_quoted && *field->at == '\\' && field->at + 1 < field->end) {
            field->at++;
        } else if (*field->at == '"') {
            is_quoted = !is_quoted;
        }
        field->at++;
    }
    field->at += field->at < field->end;
}

/* warn-code SP warn-agent SP quoted-string (RFC 7234, 5.5). */
static zreg_status read_one(char **out, zreg__field *field, zreg_error *err)
{
    zreg__span code = zreg__field_token(field);
    zreg_error failed = {0};

    if (!zreg__span_is(code, "299") || zreg__field_done(field)) {
        return ZREG_OK;
    }
    while (field->at < field->end && *field->at != ' ' && *field->at != ',') {
        field->at++; /* the agent, "-" or a host */
    }
    if (zreg__field_done(field) || *field->at != '"') {
        return ZREG_OK;
    }
    zreg_status status = zreg__field_value(out, field, &failed);
    return status == ZREG_NOMEM ? zreg__fail_nomem(err) : ZREG_OK;
}

zreg_status zreg__warning_next(char **out, zreg__field *field, zreg_error *err)
{
    *out = NULL;
    while (*out == NULL && !zreg__field_done(field)) {
        zreg__field one = *field;

        skip_one(field);
        one.end = field->at;
        ZREG__TRY(read_one(out, &one, err));
    }
    return ZREG_OK;
}

/* A number, and what follows as ";w=SECONDS". */
static bool read_number(uint64_t *out, uint64_t *out_window_s, const char *text)
{
    zreg__span rest = zreg__span_of(text != NULL ? text : "");
    zreg__span number = zreg__span_trim(zreg__span_cut(&rest, ';'));
    bool is_read = zreg__span_u64(number, out);

    while (is_read && rest.text != NULL) {
        zreg__span parameter = zreg__span_trim(zreg__span_cut(&rest, ';'));
        if (parameter.size > 2 && memcmp(parameter.text, "w=", 2) == 0) {
            (void)zreg__span_u64((zreg__span){parameter.text + 2, parameter.size - 2},
                                 out_window_s);
        }
    }
    return is_read;
}

bool zreg__rate_limit_read(zreg__rate_limit *out, const char *limit, const char *remaining)
{
    *out = (zreg__rate_limit){0};
    return read_number(&out->limit, &out->window_s, limit) &&
           read_number(&out->remaining, &out->window_s, remaining);
}
