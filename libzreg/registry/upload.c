/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob whose digest and size are known goes out in one PUT; any other by PATCH, and a closing PUT.
 * What a host does not take that way is learned once for all its blobs, in host->upload_piece:
 *   0            nothing was learned
 *   UINT64_MAX   no PUT with a body; PATCH
 *   else         no body over so many bytes; PATCH by PATCH
 */
#include "registry/upload.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"
#include "registry/retry.h"

#include <string.h>

#define OCTETS "Content-Type: application/octet-stream"

/* How long an abandoned session may keep us; less when the caller is in a hurry. */
#define ABANDON_MS 1000
#define ABANDON_CANCELLED_MS 50

zreg_status zreg__upload_init(zreg__upload *self, zreg_client *client, const zreg_ref *ref,
                              const zreg_digest *digest, uint64_t size_bytes, zreg_cancel *cancel,
                              zreg_error *err)
{
    self->client = client;
    self->cancel = cancel;
    self->size = size_bytes;
    ZREG__TRY(zreg__blob_target_of(&self->target, client, ref, digest, err));
    if (size_bytes != UINT64_MAX && size_bytes > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: its size is absurd", self->target.what);
    }
    if (digest != NULL) {
        self->has_digest = true;
        self->digest = *digest;
    }
    self->attempt = (zreg__attempt){
        .client = client,
        .host = self->target.host,
        .what = self->target.what,
        .cancel = cancel,
    };
    return ZREG_OK;
}

bool zreg__upload_has_session(const zreg__upload *self)
{
    return self->session.target != NULL;
}

/* A number in a header; 0 when there is none. */
static uint64_t minimum_of(const zreg__fetch_exchange *exchange)
{
    const char *text = zreg__fetch_header(exchange, "oci-chunk-min-length");
    uint64_t bytes = 0;

    return text != NULL && zreg__span_u64(zreg__span_of(text), &bytes) ? bytes : 0;
}

static zreg_status take_session(zreg__upload *self, const zreg__fetch_exchange *exchange,
                                zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url next = {0};
    uint64_t minimum = minimum_of(exchange);

    ZREG__TRY(zreg__answer_location(&next, exchange, self->target.what, err));
    zreg__fetch_url_finish(&self->session);
    self->session = next;
    next = (zreg__fetch_url){0};
    self->minimum = minimum > 0 ? minimum : self->minimum;
    return ZREG_OK;
}

/* POST for a session, with `from` for a mount. */
static zreg_status post(zreg__fetch_exchange **out, zreg__upload *self, const char *from,
                        zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf path = ZREG__BUF(ZREG__MAX_URL);
    zreg__request request = {
        .method = "POST",
        .repository = self->target.repository,
        .actions = ZREG__PULL | ZREG__PUSH,
        .from = from,
        .what = self->target.what,
    };

    ZREG__TRY(zreg__buf_printf(&path, err, "/v2/%s/blobs/uploads/", self->target.repository));
    if (from != NULL) {
        ZREG__TRY(zreg__buf_text(&path, "?mount=", err));
        ZREG__TRY(zreg__buf_query(&path, self->digest.text, err));
        ZREG__TRY(zreg__buf_text(&path, "&from=", err));
        ZREG__TRY(zreg__buf_query(&path, from, err));
    }
    request.path = zreg__buf_cstr(&path);
    return zreg__request_send(out, self->client, self->target.host, &request, self->cancel, err);
}

zreg_status zreg__upload_start(zreg__upload *self, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;

    ZREG__TRY(post(&exchange, self, NULL, err));
    ZREG__TRY(zreg__answer_expect(exchange, 202, self->target.what, err));
    return take_session(self, exchange, err);
}

zreg_status zreg__upload_mount(bool *out_mounted, zreg__upload *self, const char *from,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg_error failed = {0};
    zreg_status status = post(&exchange, self, from, &failed);
    int http_status = status == ZREG_OK ? zreg__fetch_status(exchange) : 0;

    *out_mounted = http_status == 201;
    self->stored = *out_mounted;
    if (http_status / 100 == 5) {
        atomic_store(&self->target.host->mounts_fail, true);
    }
    /* Not being allowed to read the other repository must not stop an upload to this one. */
    if (*out_mounted || status == ZREG_DENIED || http_status / 100 == 4 || http_status / 100 == 5) {
        return ZREG_OK;
    }
    if (status != ZREG_OK) {
        return zreg__fail_again(err, &failed);
    }
    ZREG__TRY(zreg__answer_expect(exchange, 202, self->target.what, err));
    return take_session(self, exchange, err);
}

bool zreg__upload_is_whole(const zreg__upload *self)
{
    uint64_t piece = atomic_load(&self->target.host->upload_piece);

    return self->at == 0 && self->has_digest && self->size != UINT64_MAX &&
           (piece == 0 || (piece != UINT64_MAX && self->size <= piece));
}

/* How many bytes the next PATCH takes; UINT64_MAX: all that come. */
static uint64_t next_piece(const zreg__upload *self)
{
    uint64_t piece = atomic_load(&self->target.host->upload_piece);
    uint64_t rest = self->size == UINT64_MAX ? UINT64_MAX : self->size - self->at;

    if (piece == 0) {
        return rest;
    }
    piece = piece > self->minimum ? piece : self->minimum;
    return piece < rest ? piece : rest;
}

/* The session's URL with the digest added to its query, which is otherwise kept as it came. */
static zreg_status closing_url(zreg__fetch_url *out, const zreg__upload *self, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf target = ZREG__BUF(2 * ZREG__MAX_URL);
    const char *separator = strchr(self->session.target, '?') != NULL ? "&" : "?";

    ZREG__TRY(zreg__fetch_url_copy(out, &self->session, err));
    ZREG__TRY(zreg__buf_printf(&target, err, "%s%sdigest=", out->target, separator));
    ZREG__TRY(zreg__buf_query(&target, self->digest.text, err));
    free(out->target);
    out->target = zreg__buf_steal(&target);
    return out->target != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status send_request(zreg__upload *self, zreg__request *request, zreg_error *err)
{
    self->piece = atomic_load(&self->target.host->upload_piece);
    request->repository = self->target.repository;
    request->actions = ZREG__PULL | ZREG__PUSH;
    request->once = true;
    request->out_serial = &self->serial;
    request->out_failure = &self->fault.failure;
    request->what = self->target.what;
    return zreg__request_send(&self->exchange, self->client, self->target.host, request,
                              self->cancel, err);
}

/* A PUT that stores the blob: with all bytes, with none, or (`stream`) with all to come. */
static zreg_status send_put(zreg__upload *self, const void *bytes, size_t size, bool stream,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
    zreg__request request = {
        .method = "PUT",
        .url = &url,
        .headers = {OCTETS},
        .body = bytes,
        .body_bytes = size,
        .stream = stream,
        .stream_bytes = self->size,
        .commits = true,
    };

    self->closing = true;
    self->whole = stream || size > 0;
    self->body_bytes = stream ? self->size : size;
    ZREG__TRY(closing_url(&url, self, err));
    return send_request(self, &request, err);
}

/* With a size that is known it says which bytes it brings (distribution-spec, "Pushing a blob in
 * chunks"). */
static zreg_status send_patch(zreg__upload *self, zreg_error *err)
{
    ZREG__AUTO_FREE char *range = NULL;
    zreg__request request = {
        .method = "PATCH",
        .url = &self->session,
        .headers = {OCTETS},
        .stream = true,
        .stream_bytes = UINT64_MAX,
    };

    self->closing = false;
    self->whole = false;
    self->left = next_piece(self);
    self->body_bytes = self->left;
    if (self->size != UINT64_MAX) {
        range = zreg__asprintf("Content-Range: %llu-%llu", (unsigned long long)self->at,
                               (unsigned long long)(self->at + self->left - 1));
        if (range == NULL) {
            return zreg__fail_nomem(err);
        }
        request.headers[1] = range;
        request.stream_bytes = self->left;
    }
    return send_request(self, &request, err);
}

/* Opens the request that the bytes go into, if it is not open yet. */
static zreg_status open_body(zreg__upload *self, zreg_error *err)
{
    if (self->exchange != NULL) {
        return ZREG_OK;
    }
    if (!zreg__upload_is_whole(self)) {
        return send_patch(self, err);
    }
    self->left = self->size;
    return send_put(self, NULL, 0, true, err);
}

static zreg_status broken(zreg__upload *self, zreg_status status, zreg_error *err)
{
    self->fault.failure = zreg__fetch_failed_how(self->exchange);
    return zreg__error_prefix(err, status, "%s", self->target.what);
}

static zreg_status refused(zreg__upload *self, zreg_error *err)
{
    self->fault.http_status = zreg__fetch_status(self->exchange);
    self->fault.asked_ms = zreg__retry_after_ms(self->exchange);
    return zreg__answer_fail(self->exchange, self->target.what, err);
}

/* Ends a PATCH, whose answer names the session anew. */
static zreg_status end_patch(zreg__upload *self, zreg_error *err)
{
    zreg_status status = zreg__fetch_finish(self->exchange, err);

    if (status != ZREG_OK) {
        return broken(self, status, err);
    }
    if (zreg__fetch_status(self->exchange) / 100 != 2 || zreg__answer_is_page(self->exchange)) {
        return refused(self, err);
    }
    if (self->body_bytes != UINT64_MAX && self->body_bytes > self->taken_bytes) {
        self->taken_bytes = self->body_bytes;
    }
    if (zreg__fetch_header(self->exchange, "location") != NULL) {
        ZREG__TRY(take_session(self, self->exchange, err));
    }
    zreg__fetch_close(zreg__steal(&self->exchange));
    return ZREG_OK;
}

/* As many of the bytes as the request under way takes. */
static zreg_status send_some(size_t *out_taken, zreg__upload *self, const void *bytes, size_t size,
                             zreg_error *err)
{
    zreg_status status;

    ZREG__TRY(open_body(self, err));
    size = size < self->left ? size : (size_t)self->left;
    status = zreg__fetch_write(self->exchange, bytes, size, err);
    if (status != ZREG_OK) {
        return broken(self, status, err);
    }
    self->at += size;
    self->left -= self->left != UINT64_MAX ? size : 0;
    /* An answer before the end is a refusal. */
    if (zreg__fetch_status(self->exchange) != 0 && self->left > 0) {
        return refused(self, err);
    }
    *out_taken = size;
    return self->left == 0 && !self->closing ? end_patch(self, err) : ZREG_OK;
}

static zreg_status send_all(zreg__upload *self, const char *bytes, size_t size, zreg_error *err)
{
    for (size_t taken = 0; size > 0; bytes += taken, size -= taken) {
        ZREG__TRY(send_some(&taken, self, bytes, size, err));
    }
    return ZREG_OK;
}

static zreg_status check_stored(zreg__upload *self, zreg_error *err)
{
    const char *told = zreg__fetch_header(self->exchange, "docker-content-digest");

    if (zreg__fetch_status(self->exchange) / 100 != 2 || zreg__answer_is_page(self->exchange)) {
        return refused(self, err);
    }
    if (told != NULL && strncmp(told, self->digest.text, 7) == 0 &&
        strcmp(told, self->digest.text) != 0) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: the registry stored something else",
                          self->target.what);
    }
    self->stored = true;
    return ZREG_OK;
}

static zreg_status finish(zreg__upload *self, zreg_error *err)
{
    zreg_status status;

    if (self->exchange != NULL && !self->closing) {
        ZREG__TRY(end_patch(self, err));
    }
    self->fault.in_doubt = true;
    if (self->exchange == NULL) {
        ZREG__TRY(send_put(self, NULL, 0, false, err));
        return check_stored(self, err);
    }
    status = zreg__fetch_finish(self->exchange, err);
    return status == ZREG_OK ? check_stored(self, err) : broken(self, status, err);
}

/* What went wrong is kept for zreg__upload_recover. */
static zreg_status conclude(zreg__upload *self, const zreg_error *failed, zreg_error *err)
{
    if (failed->code == ZREG_OK) {
        return ZREG_OK;
    }
    self->fault.error = *failed;
    zreg__fetch_close(zreg__steal(&self->exchange));
    return zreg__fail_again(err, failed);
}

zreg_status zreg__upload_send(zreg__upload *self, const void *bytes, size_t size, zreg_error *err)
{
    zreg_error failed = {0};

    self->fault = (zreg__upload_fault){0};
    (void)send_all(self, bytes, size, &failed);
    return conclude(self, &failed, err);
}

zreg_status zreg__upload_put(zreg__upload *self, const void *bytes, size_t size, zreg_error *err)
{
    zreg_error failed = {0};

    self->fault = (zreg__upload_fault){.in_doubt = true};
    if (send_put(self, bytes, size, false, &failed) == ZREG_OK) {
        (void)check_stored(self, &failed);
    }
    return conclude(self, &failed, err);
}

zreg_status zreg__upload_finish(zreg__upload *self, zreg_error *err)
{
    zreg_error failed = {0};

    self->fault = (zreg__upload_fault){0};
    (void)finish(self, &failed);
    return conclude(self, &failed, err);
}

void zreg__upload_abandon(zreg__upload *self)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    bool hurry = zreg_cancel_triggered(self->cancel) != 0;
    const zreg__request request = {
        .method = "DELETE",
        .url = &self->session,
        .repository = self->target.repository,
        .actions = ZREG__PULL | ZREG__PUSH,
        .fleeting = true,
        .limit_ms = hurry ? ABANDON_CANCELLED_MS : ABANDON_MS,
        .what = self->target.what,
    };

    if (zreg__upload_has_session(self)) {
        (void)zreg__request_send(&exchange, self->client, self->target.host, &request, self->cancel,
                                 NULL);
    }
}

void zreg__upload_done(zreg__upload *self)
{
    zreg__fetch_close(zreg__steal(&self->exchange));
    if (zreg__upload_has_session(self) && !self->stored) {
        zreg__upload_abandon(self);
    }
    zreg__fetch_url_finish(&self->session);
    zreg__blob_target_finish(&self->target);
}
