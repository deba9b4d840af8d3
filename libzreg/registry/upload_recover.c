/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an upload after a failure. Where it is in doubt whether the registry has the blob,
 * it is asked before anything is sent again. */
#include "base/error.h"
#include "base/mem.h"
#include "oci/errors.h"
#include "oci/range.h"
#include "registry/upload.h"

/* To ask how far a session has come costs a request: less than to send this much again. */
#define WORTH_ASKING_BYTES ZREG__MIB

/* Bodies that are refused for their size become as large as this, then a quarter at a time. */
#define LARGEST_PIECE_BYTES (16 * ZREG__MIB)
#define SMALLEST_PIECE_BYTES (64 * ZREG__KIB)

typedef enum verdict {
    FINAL,   /* the same will happen again */
    AGAIN,   /* it may pass */
    CHANGED, /* it will be sent in another way, or with another token */
} verdict;

/* A new way is learned by whoever meets the refusal first; others go along, who were refused when they had sent in
 * the old way. */
static verdict learn_piece(zreg__upload *self, uint64_t piece)
{
    uint64_t before = self->piece;

    if (atomic_compare_exchange_strong(&self->target.host->upload_piece, &before, piece)) {
        zreg__log_line(&self->client->log, ZREG_LOG_INFO,
                       piece == UINT64_MAX
                           ? "%s: %s takes no PUT with a body; sending by PATCH"
                           : "%s: %s takes no body of this size; sending it in pieces",
                       self->target.what, self->target.host->name);
    }
    return CHANGED;
}

/* It is not the size of a body that is refused, but of the blob, or there is no room: what was learned of it is
 * forgotten. */
static verdict unlearn_piece(zreg__upload *self)
{
    uint64_t now = self->piece;

    if (self->shrunk) {
        atomic_compare_exchange_strong(&self->target.host->upload_piece, &now, 0);
    }
    return FINAL;
}

/* Smaller pieces, unless the registry wants larger ones (OCI-Chunk-Min-Length) or has taken one of this size. */
static verdict shrink(zreg__upload *self)
{
    uint64_t sent = self->piece == 0 || self->piece == UINT64_MAX ? self->size : self->piece;
    uint64_t next = sent > LARGEST_PIECE_BYTES ? LARGEST_PIECE_BYTES : sent / 4;

    next = next > self->minimum ? next : self->minimum;
    if (self->body_bytes <= self->taken_bytes || next < SMALLEST_PIECE_BYTES || next >= sent) {
        return unlearn_piece(self);
    }
    self->shrunk = true;
    return learn_piece(self, next);
}

static verdict renew(zreg__upload *self)
{
    if (self->renewed) {
        return FINAL;
    }
    self->renewed = true;
    if (self->serial != 0) {
        zreg__host_drop_token(self->target.host, self->serial);
    }
    return CHANGED;
}

static verdict judge_answer(zreg__upload *self, int http_status)
{
    switch (http_status) {
    case 401:
        return renew(self);
    case 413:
        return shrink(self);
    case 400: /* of a PUT with a body by those that know only PATCH */
    case 405:
    case 411:
    case 415:
    case 501:
        return self->whole ? learn_piece(self, UINT64_MAX) : FINAL;
    case 404: /* the session is lost */
    case 410:
    case 416: /* it has other bytes than we thought */
        return AGAIN;
    default:
        return zreg__errors_passing(http_status) || http_status / 100 == 2 ? AGAIN : FINAL;
    }
}

static verdict judge(zreg__upload *self)
{
    const zreg__upload_fault *fault = &self->fault;

    if (fault->error.code == ZREG_CANCELLED) {
        return FINAL;
    }
    if (fault->http_status != 0) {
        return judge_answer(self, fault->http_status);
    }
    return fault->failure == ZREG__FETCH_FINAL ? FINAL : AGAIN;
}

/* A request about this upload whose failure only means that nothing was learned. */
static zreg_status ask(zreg__fetch_exchange **out, zreg__upload *self, zreg__request *request,
                       zreg_error *err)
{
    zreg_error failed = {0};

    request->repository = self->target.repository;
    request->actions = ZREG__PULL | ZREG__PUSH;
    request->what = self->target.what;
    if (zreg__request_send(out, self->client, self->target.host, request, self->cancel, &failed) ==
        ZREG_CANCELLED) {
        return zreg__fail_again(err, &failed);
    }
    return ZREG_OK;
}

static zreg_status make_path(zreg__upload *self, zreg_error *err)
{
    if (self->target.path == NULL) {
        self->target.path =
            zreg__asprintf("/v2/%s/blobs/%s", self->target.repository, self->digest.text);
    }
    return self->target.path != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* Is the blob stored after all? */
static zreg_status look(zreg__upload *self, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg__request request = {.method = "HEAD"};
    uint64_t size;

    ZREG__TRY(make_path(self, err));
    request.path = self->target.path;
    ZREG__TRY(ask(&exchange, self, &request, err));
    if (exchange != NULL && zreg__fetch_status(exchange) == 200) {
        size = zreg__fetch_length(exchange);
        self->stored = size == UINT64_MAX || self->size == UINT64_MAX || size == self->size;
    }
    return ZREG_OK;
}

/* What the session holds must be a beginning of what it was sent. "0-0" is what registries say of one
 * byte and of none. */
static bool take_range(zreg__upload *self, const zreg__fetch_exchange *exchange)
{
    const char *range = zreg__fetch_header(exchange, "range");
    uint64_t first, last;

    if (range == NULL || !zreg__range_upload(&first, &last, range) || first != 0 || last == 0 ||
        last >= self->at) {
        return false;
    }
    self->at = last + 1;
    if (self->at >= self->told + ZREG__ATTEMPT_PROGRESS_BYTES) {
        self->attempt.failures = 0;
    }
    self->told = self->at > self->told ? self->at : self->told;
    return true;
}

/* Distribution-spec, "Pushing a blob in chunks": GET tells how far it has come. */
static zreg_status ask_session(bool *out_known, zreg__upload *self, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url next = {0};
    zreg__request request = {.method = "GET", .url = &self->session, .once = true};

    ZREG__TRY(ask(&exchange, self, &request, err));
    *out_known =
        exchange != NULL && zreg__fetch_status(exchange) / 100 == 2 && take_range(self, exchange);
    if (*out_known && zreg__answer_location(&next, exchange, "", NULL) == ZREG_OK) {
        zreg__fetch_url_finish(&self->session);
        self->session = next;
        next = (zreg__fetch_url){0};
    }
    return ZREG_OK;
}

static bool is_worth_asking(const zreg__upload *self)
{
    int http_status = self->fault.http_status;

    return http_status != 404 && http_status != 410 &&
           (self->at >= WORTH_ASKING_BYTES || (self->closing && !self->whole));
}

static zreg_status begin_anew(zreg__upload *self, zreg_error *err)
{
    int http_status = self->fault.http_status;

    if (http_status != 404 && http_status != 410) {
        zreg__upload_abandon(self);
    }
    zreg__fetch_url_finish(&self->session);
    self->session = (zreg__fetch_url){0};
    self->at = 0;
    return zreg__upload_start(self, err);
}

static zreg_status go_on(zreg__upload *self, verdict found, zreg_error *err)
{
    bool known = false;

    if (found == AGAIN && self->fault.in_doubt) {
        ZREG__TRY(look(self, err));
    }
    if (self->stored) {
        return ZREG_OK;
    }
    if (found == AGAIN && is_worth_asking(self)) {
        ZREG__TRY(ask_session(&known, self, err));
    }
    return known ? ZREG_OK : begin_anew(self, err);
}

/* What is none of the upload's failures is nothing that it could mend. */
static zreg_status recover(zreg__upload *self, const zreg_error *failed, zreg_error *err)
{
    const zreg_error *why = &self->fault.error;
    verdict found = why->code == ZREG_OK ? FINAL : judge(self);

    if (found == FINAL) {
        return zreg__fail_again(err, failed);
    }
    if (found == AGAIN) {
        ZREG__TRY(zreg__attempt_again(&self->attempt, self->fault.asked_ms, why, err));
    }
    return go_on(self, found, err);
}

zreg_status zreg__upload_recover(zreg__upload *self, const zreg_error *failed, zreg_error *err)
{
    zreg_status status = recover(self, failed, err);

    self->fault = (zreg__upload_fault){0};
    return status;
}
