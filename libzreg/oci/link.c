/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/link.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "oci/field.h"
#include <string.h>

static zreg_status read_target(zreg__span *out, zreg__field *field, zreg_error *err)
{
    if (!zreg__field_take(field, '<')) {
        return zreg__fail(err, ZREG_PROTO, "no <target> where one is due");
    }
    const char *start = field->at;
    while (field->at<field->end && * field->at> ' ' && *field->at < 0x7f && *field->at != '>') {
        field->at++;
    }
    *out = (zreg__span){start, (size_t)(field->at - start)};
    if (field->at == field->end || *field->at != '>') {
        return zreg__fail(err, ZREG_PROTO, "a <target> with foreign characters or without its end");
    }
    field->at++;
    return out->size <= ZREG__MAX_URL
               ? ZREG_OK
               : zreg__fail(err, ZREG_LIMIT, "a target of %zu bytes", out->size);
}

/* A relation is a list of words: rel="next last". */
static bool has_next(const char *relation)
{
    zreg__span rest = zreg__span_of(relation);
    while (rest.text != NULL) {
        if (zreg__span_is_nocase(zreg__span_cut(&rest, ' '), "next")) {
            return true;
        }
    }
    return false;
}

/* Reads the parameters of one link. Only the first "rel" counts (RFC 8288, section 3.3). */
static zreg_status read_parameters(bool *is_next, zreg__field *field, zreg_error *err)
{
    bool seen = false;
    *is_next = false;
    while (zreg__field_take(field, ';')) {
        zreg__span name = zreg__field_parameter(field);
        if (name.size == 0) {
            zreg__field_token(field); /* a parameter may go without a value */
            continue;
        }
        ZREG__AUTO_FREE char *value = NULL;
        ZREG__TRY(zreg__field_value(&value, field, err));
        if (!seen && zreg__span_is_nocase(name, "rel")) {
            seen = true;
            *is_next = has_next(value);
        }
    }
    return ZREG_OK;
}

static zreg_status find_next(zreg__span *out, const char *header, zreg_error *err)
{
    zreg__field field = zreg__field_of(header);
    while (!zreg__field_done(&field)) {
        if (zreg__field_take(&field, ',')) {
            continue;
        }
        zreg__span target = {NULL, 0};
        bool is_next = false;
        ZREG__TRY(read_target(&target, &field, err));
        ZREG__TRY(read_parameters(&is_next, &field, err));
        if (is_next) {
            *out = target;
            return ZREG_OK;
        }
        if (!zreg__field_done(&field) && *field.at != ',') {
            return zreg__fail(err, ZREG_PROTO, "no comma where one is due");
        }
    }
    return ZREG_OK;
}

zreg_status zreg__link_next(char **out, const char *header, zreg_error *err)
{
    zreg__span target = {NULL, 0};
    zreg_status status = find_next(&target, header, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "Link");
    }
    char *next = target.text ? zreg__strndup(target.text, target.size) : NULL;
    if (target.text != NULL && next == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = next;
    return ZREG_OK;
}
