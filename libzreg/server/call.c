/* SPDX-License-Identifier: Apache-2.0 */
#include "server/call.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/query.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A client's own id is taken over, so that one search finds the request on both sides. */
static void set_id(zreg__call *call)
{
    const char *given = zreg__serve_header(call->request, "X-Request-Id");
    size_t size = given == NULL ? 0 : strlen(given);
    size_t plain = given == NULL ? 0
                                 : strspn(given, "0123456789abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.");
    if (size > 0 && size <= 64 && size == plain) {
        zreg__str_copy(call->id, sizeof(call->id), given);
        return;
    }
    unsigned long long number = atomic_fetch_add(&call->server->request_number, 1) + 1;
    snprintf(call->id, sizeof(call->id), "%s-%llu", call->server->run_id, number);
}

zreg__call *zreg__call_new(zreg_server *server, zreg__serve_request *request)
{
    zreg__call *call = zreg__new(zreg__call);
    if (call != NULL) {
        call->server = server;
        call->request = request;
        call->is_head = zreg__str_equal(request->method, "HEAD");
        call->body = (zreg__buf)ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
        set_id(call);
    }
    return call;
}

void zreg__call_free(zreg__call *call)
{
    if (call == NULL) {
        return;
    }
    zreg__store_upload_free(call->upload);
    zreg__buf_finish(&call->body);
    zreg__free_secret(call->password);
    free(call->grants);
    free(call->user);
    free(call->repository);
    free(call->path);
    free(call);
}

char *zreg__call_query(const zreg__call *call, const char *name, size_t i)
{
    return call->query == NULL ? NULL : zreg__query_get(call->query, name, i);
}

void zreg__call_empty(zreg__call *call, int status)
{
    call->request->response.status = status;
}

void zreg__call_text(zreg__call *call, int status, const char *media_type, char *text)
{
    zreg__serve_response *response = &call->request->response;
    if (text == NULL) {
        response->status = 500;
        return;
    }
    response->status = status;
    response->bytes = text;
    response->size = strlen(text);
    response->holder = text;
    response->release = free;
    call->answer_bytes = response->size;
    zreg__call_header(call, "Content-Type", "%s", media_type);
}

void zreg__call_header(zreg__call *call, const char *name, const char *format, ...)
{
    ZREG__AUTO_FREE char *value = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&value, format, arguments);
    va_end(arguments);
    if (size < 0) {
        value = NULL;
    }
    if (value == NULL || !zreg__serve_set_header(call->request, name, "%s", value)) {
        zreg__serve_reset_response(call->request);
        call->request->response.status = 500;
    }
}

static void fail_with(zreg__call *call, int status, zreg__code code, const char *message)
{
    ZREG__AUTO_FREE char *body = NULL;
    /* Headers that were set stay: Range, Location and challenges belong to errors too. */
    if (zreg__errors_body(&body, code, message, NULL) != ZREG_OK) {
        zreg__call_empty(call, 500);
        return;
    }
    zreg__call_text(call, status, "application/json", zreg__steal(&body));
}

void zreg__call_fail(zreg__call *call, zreg__code code, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    fail_with(call, zreg__errors_http_status(code), code, message);
}

void zreg__call_fail_as(zreg__call *call, int status, zreg__code code, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    fail_with(call, status, code, message);
}

void zreg__call_error(zreg__call *call, const zreg_error *err, zreg__code absent)
{
    switch (err->code) {
    case ZREG_NOTFOUND:
        fail_with(call, zreg__errors_http_status(absent), absent, err->message);
        return;
    case ZREG_INVAL:
        fail_with(call, 400, ZREG__NAME_INVALID, err->message);
        return;
    case ZREG_CORRUPT:
        fail_with(call, 400, ZREG__DIGEST_INVALID, err->message);
        return;
    case ZREG_LIMIT:
        fail_with(call, 413, ZREG__SIZE_INVALID, err->message);
        return;
    case ZREG_CONFLICT:
        fail_with(call, 409, ZREG__BLOB_UPLOAD_INVALID, "the upload is in use");
        return;
    default:
        /* Paths and causes are for the operator. */
        zreg__log_line(&call->server->log, ZREG_LOG_ERROR, "%s: %s", call->id, err->message);
        fail_with(call, err->code == ZREG_NOMEM ? 503 : 500, ZREG__INTERNAL,
                  "the registry cannot read or write its store");
    }
}

void zreg__call_location(zreg__call *call, const char *what, const char *id)
{
    ZREG__AUTO_FREE char *namespace = zreg__call_query(call, "ns", 0);
    zreg__call_header(call, "Location", "/v2/%s/%s/%s",
                      namespace == NULL ? call->name : call->repository, what, id);
}

bool zreg__call_digest(zreg_digest *out, zreg__call *call, const char *text)
{
    zreg_error err;
    zreg__error_clear(&err);
    if (zreg_digest_parse(out, text, &err) != ZREG_OK) {
        zreg__call_fail_as(call, 400, ZREG__DIGEST_INVALID, "%s", err.message);
        return false;
    }
    zreg__str_copy(call->digest, sizeof(call->digest), out->text);
    return true;
}

bool zreg__call_matches(const zreg__call *call, const char *digest)
{
    const char *header = zreg__serve_header(call->request, "If-None-Match");
    zreg__span rest = zreg__span_of(header);
    while (rest.text != NULL) {
        zreg__span tag = zreg__span_trim(zreg__span_cut(&rest, ','));
        if (zreg__span_is(tag, "*")) {
            return true;
        }
        if (tag.size > 2 && memcmp(tag.text, "W/", 2) == 0) {
            tag = (zreg__span){tag.text + 2, tag.size - 2};
        }
        bool is_quoted = tag.size > 1 && tag.text[0] == '"' && tag.text[tag.size - 1] == '"';
        if (is_quoted && zreg__span_is((zreg__span){tag.text + 1, tag.size - 2}, digest)) {
            return true;
        }
    }
    return false;
}
