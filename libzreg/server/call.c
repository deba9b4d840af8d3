/* SPDX-License-Identifier: Apache-2.0 */
#include "server/call.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/metrics.h"
#include "server/query.h"
#include "server/reload.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void make_id(zreg__call *call)
{
    uint64_t number = atomic_fetch_add(&call->server->request_number, 1) + 1;
    size_t size = strlen(call->server->run_id);
    memcpy(call->id, call->server->run_id, size);
    call->id[size] = '-';
    zreg__str_u64(call->id + size + 1, number);
}

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
    make_id(call);
}

zreg__call *zreg__call_new(zreg_server *server, zreg__serve_request *request)
{
    zreg__call *call = zreg__new(zreg__call);
    if (call != NULL) {
        call->server = server;
        zreg__reload_share(call);
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
    zreg__users_free(call->users);
    zreg__rights_free(call->rights);
    zreg__buf_finish(&call->body);
    zreg__free_secret(call->password);
    free(call->grants);
    zreg__identity_finish(&call->identity);
    zreg__identity_finish(&call->claimed);
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
    zreg__call_field(call, "Content-Type", media_type);
}

/* What the answer is may be set before or after: zreg__call_settle looks at all of it. */
static void check_header(zreg__call *call, bool is_set)
{
    call->lacks_header = call->lacks_header || !is_set;
}

void zreg__call_field(zreg__call *call, const char *name, const char *value)
{
    check_header(call, zreg__serve_set_header(call->request, name, value));
}

void zreg__call_usual(zreg__call *call)
{
    zreg__call_field(call, "Docker-Distribution-API-Version", "registry/2.0");
    zreg__call_field(call, "X-Request-Id", call->id);
    zreg__call_field(call, "X-Content-Type-Options", "nosniff");
}

void zreg__call_header(zreg__call *call, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    check_header(call, zreg__serve_vset_header(call->request, name, format, arguments));
    va_end(arguments);
}

static void fail_detailed(zreg__call *call, int status, zreg__code code, const char *message,
                          zreg__json *detail)
{
    ZREG__AUTO_FREE char *body = NULL;
    /* Headers that were set stay: Range, Location and challenges belong to errors too. */
    if (zreg__errors_body(&body, code, message, detail, NULL) != ZREG_OK) {
        zreg__call_empty(call, 500);
        return;
    }
    zreg__call_text(call, status, "application/json", zreg__steal(&body));
}

static void fail_with(zreg__call *call, int status, zreg__code code, const char *message)
{
    fail_detailed(call, status, code, message, NULL);
}

void zreg__call_fail_detailed(zreg__call *call, zreg__code code, const char *message,
                              zreg__json *detail)
{
    fail_detailed(call, zreg__errors_http_status(code), code, message, detail);
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

void zreg__call_settle(zreg__call *call)
{
    zreg__serve_response *response = &call->request->response;
    bool closes = response->close;
    if (!call->lacks_header) {
        return;
    }
    zreg__log_line(&call->server->log, ZREG_LOG_ERROR, "%s: no room for a header of the answer",
                   call->id);
    zreg__serve_reset_response(call->request);
    response->close = closes;
    call->answer_bytes = 0;
    zreg__call_usual(call);
    zreg__call_fail_as(call, 500, zreg__errors_code(500), "the answer has no room for its header");
}

/* What passes by itself is 503; a full disk has a status of its own (RFC 4918 section 11.5). */
static int status_of(const zreg_error *err)
{
    if (zreg__error_lacks_space(err)) {
        return 507;
    }
    return err->code == ZREG_NOMEM || zreg__error_lacks_descriptors(err) ? 503 : 500;
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
    case ZREG_DENIED:
        fail_with(call, 403, ZREG__CODE_DENIED, err->message);
        return;
    case ZREG_CONFLICT:
        fail_with(call, 409, ZREG__BLOB_UPLOAD_INVALID, "the upload is in use");
        return;
    default:
        /* Paths and causes are for the operator. */
        zreg__metrics_count_fault(call->server->metrics, err);
        zreg__log_line(&call->server->log, ZREG_LOG_ERROR, "%s: %s", call->id, err->message);
        if (status_of(err) == 503) {
            zreg__call_field(call, "Retry-After", "1");
        }
        fail_with(call, status_of(err), zreg__errors_code(status_of(err)),
                  "the registry cannot read or write its store");
    }
}

const char *zreg__call_prefix(const zreg__call *call)
{
    const char *told = call->request->prefix;
    return call->server->public_base != NULL || told == NULL ? call->server->public_path : told;
}

void zreg__call_location(zreg__call *call, const char *what, const char *id)
{
    ZREG__AUTO_FREE char *namespace = zreg__call_query(call, "ns", 0);
    zreg__call_header(call, "Location", "%s/v2/%s/%s/%s", zreg__call_prefix(call),
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

/* Whether If-None-Match names this digest. */
static bool has_it(const zreg__call *call, const char *digest)
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

bool zreg__call_content(zreg__call *call, const char *digest)
{
    char tag[sizeof(call->digest) + 2];
    size_t size = strlen(digest);
    tag[0] = tag[size + 1] = '"';
    memcpy(tag + 1, digest, size);
    tag[size + 2] = '\0';
    zreg__call_field(call, "Docker-Content-Digest", digest);
    zreg__call_field(call, "ETag", tag);
    if (!has_it(call, digest)) {
        return false;
    }
    zreg__call_empty(call, 304);
    return true;
}

/* FNV-1a. */
static uint64_t add_to_share(uint64_t share, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        share = (share ^ byte[i]) * 1099511628211u;
    }
    return share;
}

uint64_t zreg__call_share(const zreg__call *call)
{
    uint8_t home[16];
    zreg__address_home(home, call->request->peer);
    uint64_t share = add_to_share(14695981039346656037u, home, sizeof(home));
    const char *name = call->identity.name;
    return name != NULL ? add_to_share(share, name, strlen(name)) : share;
}
