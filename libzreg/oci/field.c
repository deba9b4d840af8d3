/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/field.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include <string.h>

zreg__field zreg__field_of(const char *value)
{
    zreg__span text = zreg__span_of(value);
    return (zreg__field){text.text, text.size > 0 ? text.text + text.size : text.text};
}

bool zreg__field_done(zreg__field *field)
{
    while (field->at < field->end && (*field->at == ' ' || *field->at == '\t')) {
        field->at++;
    }
    return field->at == field->end;
}

bool zreg__field_take(zreg__field *field, char wanted)
{
    if (zreg__field_done(field) || *field->at != wanted) {
        return false;
    }
    field->at++;
    return true;
}

static bool is_token_char(char c)
{
    return zreg__is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

zreg__span zreg__field_token(zreg__field *field)
{
    zreg__field_done(field);
    const char *start = field->at;
    while (field->at < field->end && is_token_char(*field->at)) {
        field->at++;
    }
    return (zreg__span){start, (size_t)(field->at - start)};
}

static zreg_status quoted(zreg__buf *to, zreg__field *field, zreg_error *err)
{
    for (field->at++; field->at < field->end; field->at++) {
        if (*field->at == '"') {
            field->at++;
            return ZREG_OK;
        }
        if (*field->at == '\\' && field->at + 1 < field->end) {
            field->at++;
        }
        if (is_control(*field->at)) {
            return zreg__fail(err, ZREG_PROTO, "control character in a quoted string");
        }
        ZREG__TRY(zreg__buf_append(to, field->at, 1, err));
    }
    return zreg__fail(err, ZREG_PROTO, "a quoted string is not closed");
}

/* More than a token: registries leave out the quotes around URLs too. */
static zreg_status bare(zreg__buf *to, zreg__field *field, zreg_error *err)
{
    const char *start = field->at;
    while (field->at<field->end && * field->at> ' ' && *field->at < 0x7f &&
           strchr(",;\"", *field->at) == NULL) {
        field->at++;
    }
    if (field->at == start) {
        return zreg__fail(err, ZREG_PROTO, "a value is missing after \"=\"");
    }
    return zreg__buf_append(to, start, (size_t)(field->at - start), err);
}

zreg_status zreg__field_value(char **out, zreg__field *field, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf value = ZREG__BUF(ZREG__MAX_URL);
    bool is_quoted = !zreg__field_done(field) && *field->at == '"';
    ZREG__TRY(is_quoted ? quoted(&value, field, err) : bare(&value, field, err));
    char *text = zreg__buf_steal(&value);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = text;
    return ZREG_OK;
}

zreg__span zreg__field_parameter(zreg__field *field)
{
    zreg__field tried = *field;
    zreg__span name = zreg__field_token(&tried);
    if (name.size == 0 || !zreg__field_take(&tried, '=')) {
        return (zreg__span){field->at, 0};
    }
    *field = tried;
    return name;
}
