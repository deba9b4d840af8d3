/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/errors.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

/* Codes of the distribution-spec, then those of docker's registry that say more than the HTTP status,
 * with what they mean here. A status of OK leaves the choice to the HTTP status. */
static const struct {
    const char *name;
    int http_status;
    zreg_status status;
} codes[] = {
    [ZREG__BLOB_UNKNOWN] = {"BLOB_UNKNOWN", 404, ZREG_NOTFOUND},
    [ZREG__BLOB_UPLOAD_INVALID] = {"BLOB_UPLOAD_INVALID", 400, ZREG_OK},
    [ZREG__BLOB_UPLOAD_UNKNOWN] = {"BLOB_UPLOAD_UNKNOWN", 404, ZREG_NOTFOUND},
    [ZREG__DIGEST_INVALID] = {"DIGEST_INVALID", 400, ZREG_OK},
    [ZREG__MANIFEST_BLOB_UNKNOWN] = {"MANIFEST_BLOB_UNKNOWN", 404, ZREG_NOTFOUND},
    [ZREG__MANIFEST_INVALID] = {"MANIFEST_INVALID", 400, ZREG_OK},
    [ZREG__MANIFEST_UNKNOWN] = {"MANIFEST_UNKNOWN", 404, ZREG_NOTFOUND},
    [ZREG__NAME_INVALID] = {"NAME_INVALID", 400, ZREG_OK},
    [ZREG__NAME_UNKNOWN] = {"NAME_UNKNOWN", 404, ZREG_NOTFOUND},
    [ZREG__SIZE_INVALID] = {"SIZE_INVALID", 400, ZREG_OK},
    [ZREG__UNAUTHORIZED] = {"UNAUTHORIZED", 401, ZREG_DENIED},
    [ZREG__CODE_DENIED] = {"DENIED", 403, ZREG_DENIED},
    [ZREG__CODE_UNSUPPORTED] = {"UNSUPPORTED", 405, ZREG_UNSUPPORTED},
    [ZREG__TOOMANYREQUESTS] = {"TOOMANYREQUESTS", 429, ZREG_BUSY},
    {"UNAVAILABLE", 503, ZREG_BUSY},
};

static const struct {
    int http_status;
    zreg_status status;
    const char *advice;
} statuses[] = {
    {400, ZREG_INVAL, ""},
    {401, ZREG_DENIED, "; log in, or check the user and password for this registry"},
    {403, ZREG_DENIED, "; check that this user may do it"},
    {404, ZREG_NOTFOUND, ""},
    {405, ZREG_UNSUPPORTED, ""},
    {408, ZREG_TIMEOUT, ""},
    {409, ZREG_CONFLICT, ""},
    {412, ZREG_CONFLICT, ""},
    {413, ZREG_LIMIT, ""},
    {429, ZREG_BUSY, "; try again later"},
    {501, ZREG_UNSUPPORTED, ""},
    {503, ZREG_BUSY, "; try again later"},
};

const char *zreg__errors_name(zreg__code code)
{
    return codes[code].name;
}

int zreg__errors_http_status(zreg__code code)
{
    return codes[code].http_status;
}

zreg__code zreg__errors_code(int http_status)
{
    static const struct {
        int http_status;
        zreg__code code;
    } rows[] = {
        {401, ZREG__UNAUTHORIZED},     {403, ZREG__CODE_DENIED},      {404, ZREG__NAME_UNKNOWN},
        {408, ZREG__TOOMANYREQUESTS},  {413, ZREG__SIZE_INVALID},     {414, ZREG__NAME_INVALID},
        {416, ZREG__SIZE_INVALID},     {429, ZREG__TOOMANYREQUESTS},  {431, ZREG__SIZE_INVALID},
        {501, ZREG__CODE_UNSUPPORTED}, {505, ZREG__CODE_UNSUPPORTED},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        if (rows[i].http_status == http_status) {
            return rows[i].code;
        }
    }
    return http_status < 500 ? ZREG__CODE_UNSUPPORTED : ZREG__TOOMANYREQUESTS;
}

static zreg_status fill_body(zreg__json *body, zreg__code code, const char *message,
                             const zreg__json *detail, zreg_error *err)
{
    zreg__json *list = NULL;
    zreg__json *entry = NULL;
    ZREG__TRY(zreg__json_set_array(&list, body, "errors", err));
    ZREG__TRY(zreg__json_add_object(&entry, list, err));
    ZREG__TRY(zreg__json_set_text(entry, "code", zreg__errors_name(code), err));
    ZREG__TRY(zreg__json_set_text(entry, "message", message, err));
    return detail == NULL ? ZREG_OK : zreg__json_set_shared(entry, "detail", detail, err);
}

zreg_status zreg__errors_body(char **out, zreg__code code, const char *message, zreg__json *detail,
                              zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *taken = detail;
    ZREG__AUTO(zreg__json) zreg__json *body = zreg__json_new_object();
    ZREG__TRY(fill_body(body, code, message, taken, err));
    return zreg__json_print_report(out, body, err);
}

/* The text that a body carries in one of the places where it may stand; NULL without one. */
static const char *find_message(const zreg__json *body, const zreg__json *first)
{
    static const char *const keys[] = {"message",           "detail", "details", "error_message",
                                       "error_description", "error"};
    const char *text = zreg__json_text(first, "message");
    if (text == NULL) {
        text = zreg__json_text(zreg__json_get(body, "error"), "message");
    }
    for (size_t i = 0; text == NULL && i < ZREG__COUNT(keys); i++) {
        text = zreg__json_text(body, keys[i]);
    }
    return text;
}

static bool is_code(const char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;
    for (size_t i = 0; i < size; i++) {
        if (!zreg__is_alnum(text[i]) && text[i] != '_' && text[i] != '-') {
            return false;
        }
    }
    return size > 0 && size < sizeof(((zreg_error *)0)->registry_code);
}

/* How many bytes of `text` to show: at most `maximum`, and no half of a UTF-8 character. */
static int shown_size(const char *text, size_t maximum)
{
    size_t size = strlen(text);
    if (size > maximum) {
        for (size = maximum; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;) {
            size--;
        }
    }
    return (int)size;
}

static zreg_status status_of_code(const char *code)
{
    for (size_t i = 0; code != NULL && i < ZREG__COUNT(codes); i++) {
        if (zreg__str_equal(code, codes[i].name)) {
            return codes[i].status;
        }
    }
    return ZREG_OK;
}

static zreg_status status_of_http(int http_status, const char **advice)
{
    *advice = "";
    for (size_t i = 0; i < ZREG__COUNT(statuses); i++) {
        if (statuses[i].http_status == http_status) {
            *advice = statuses[i].advice;
            return statuses[i].status;
        }
    }
    return http_status >= 500 && http_status <= 599 ? ZREG_PEER : ZREG_PROTO;
}

/* The body as JSON, or NULL: an error page of a proxy says nothing that could be trusted. */
static zreg__json *parse_body(const void *body, size_t size)
{
    zreg__json *json = NULL;
    bool readable = body != NULL && size > 0 && size <= ZREG__MAX_ERROR_BODY_BYTES;
    return readable && zreg__json_parse(&json, body, size, "error body", NULL) == ZREG_OK ? json
                                                                                          : NULL;
}

static const char *digest_in(const zreg__json *value)
{
    zreg_digest digest;
    const char *text = zreg__json_as_text(value);
    return text != NULL && zreg_digest_parse(&digest, text, NULL) == ZREG_OK ? text : NULL;
}

/* The digest that an error's detail names: it is the detail, or a member of it ("digest", "Digest", "blob"). NULL
 * without one. */
static const char *named_digest(const zreg__json *error)
{
    const zreg__json *detail = zreg__json_get(error, "detail");
    const char *found = digest_in(detail);
    for (zreg__json_member m = {0}; found == NULL && zreg__json_next(&m, detail);) {
        found = digest_in(m.value);
    }
    return found;
}

zreg_status zreg__errors_missing_blobs(zreg_strings *out, const void *body, size_t size,
                                       zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = parse_body(body, size);
    const zreg__json *errors = zreg__json_get(json, "errors");
    for (size_t i = 0; i < zreg__json_length(errors); i++) {
        const zreg__json *error = zreg__json_at(errors, i);
        const char *digest = named_digest(error);
        const char *code = zreg__json_text(error, "code");
        bool unknown = zreg__str_equal(code, codes[ZREG__MANIFEST_BLOB_UNKNOWN].name) ||
                       zreg__str_equal(code, codes[ZREG__BLOB_UNKNOWN].name);
        if (digest != NULL && unknown) {
            ZREG__TRY(zreg__strings_add(out, digest, SIZE_MAX, err));
        }
    }
    return ZREG_OK;
}

bool zreg__errors_misses_blob(const zreg_error *err)
{
    return zreg__str_equal(err->registry_code, codes[ZREG__MANIFEST_BLOB_UNKNOWN].name);
}

bool zreg__errors_passing(int http_status)
{
    return http_status == 408 || http_status == 425 || http_status == 429 || http_status == 500 ||
           http_status == 502 || http_status == 503 || http_status == 504;
}

zreg_status zreg__errors_from_response(zreg_error *err, int http_status, const void *body,
                                       size_t size, const char *what)
{
    ZREG__AUTO(zreg__json) zreg__json *json = parse_body(body, size);
    const zreg__json *first = zreg__json_at(zreg__json_get(json, "errors"), 0);
    const char *code = zreg__json_text(first, "code");
    code = is_code(code) ? code : "";
    const char *message = find_message(json, first);
    message = message != NULL ? message : "";

    const char *advice;
    zreg_status by_http = status_of_http(http_status, &advice);
    zreg_status by_code = status_of_code(code);
    /* What a registry says of its own faults is what it found a code for. */
    zreg_status status = by_code != ZREG_OK && http_status < 500 ? by_code : by_http;
    const char *named = named_digest(first);
    named = named != NULL && strstr(message, named) == NULL ? named : "";
    bool fresh = err != NULL && err->code == ZREG_OK;
    zreg__fail(err, status, "%s: HTTP %d%s%s%s%.*s%s%s%s%s", what, http_status, code[0] ? " " : "",
               code, message[0] ? ": " : "", shown_size(message, 200), message,
               named[0] ? " (" : "", named, named[0] ? ")" : "", advice);
    if (fresh) {
        err->http_status = http_status;
        err->retryable = zreg__errors_passing(http_status);
        zreg__str_copy(err->registry_code, sizeof(err->registry_code), code);
    }
    return status;
}
