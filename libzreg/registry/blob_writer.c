/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushing a blob (distribution-spec, "Pushing blobs"): POST for a session, then one PUT when digest
 * and size are known, or else PATCH and a closing PUT. The digest is checked before the last byte
 * or the closing PUT is sent, and the commit sends them.
 */
#include "base/cancel.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/mem.h"
#include "registry/blob_target.h"

#include <string.h>

/* A blob of this size goes out with its closing PUT, which can then be sent again if need be. */
#define SMALL_BYTES (64 * ZREG__KIB)

/* How long an abandoned session may keep us; less when the caller is in a hurry. */
#define ABANDON_MS 2000
#define ABANDON_CANCELLED_MS 200

struct zreg_blob_writer {
    zreg_client *client;
    zreg_cancel *cancel;
    zreg__blob_target target;
    zreg__fetch_url session;
    bool has_digest;
    zreg_digest digest;
    uint64_t size; /* UINT64_MAX: unknown */
    zreg__hash hash;
    uint64_t written;
    bool trusted;                   /* the source verifies: not hashed again */
    zreg__fetch_exchange *exchange; /* the PUT or PATCH under way */
    zreg__buf small;                /* all of a small blob */
    char last; /* of a larger one: sent by the commit, without which nothing is stored */
    bool stored;
    bool failed;
};

/* One PUT does when everything it must say is known at its beginning. */
static bool is_monolithic(const zreg_blob_writer *writer)
{
    return writer->has_digest && writer->size != UINT64_MAX;
}

static zreg_status writer_new(zreg_blob_writer **out, zreg_client *client, const zreg_ref *ref,
                              const zreg_digest *digest, uint64_t size_bytes, zreg_cancel *cancel,
                              zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = zreg__new(zreg_blob_writer);
    zreg__hash_kind kind = ZREG__SHA256;

    if (writer == NULL) {
        return zreg__fail_nomem(err);
    }
    writer->client = zreg__client_share(client);
    writer->small = (zreg__buf)ZREG__BUF(SMALL_BYTES);
    writer->cancel = zreg__cancel_share(cancel);
    writer->size = size_bytes;
    ZREG__TRY(zreg__blob_target_of(&writer->target, client, ref, digest, err));
    if (size_bytes != UINT64_MAX && size_bytes > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: its size is absurd", writer->target.what);
    }
    if (digest != NULL) {
        writer->has_digest = true;
        writer->digest = *digest;
        (void)zreg__hash_kind_of(&kind, digest->text);
    }
    zreg__hash_init(&writer->hash, kind);
    *out = zreg__steal(&writer);
    return ZREG_OK;
}

/* POST for a session, with `from` for a mount. */
static zreg_status post(zreg__fetch_exchange **out, zreg_blob_writer *writer, const char *from,
                        zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf path = ZREG__BUF(ZREG__MAX_URL);
    zreg__request request = {
        .method = "POST",
        .repository = writer->target.repository,
        .actions = ZREG__PULL | ZREG__PUSH,
        .from = from,
        .what = writer->target.what,
    };

    ZREG__TRY(zreg__buf_printf(&path, err, "/v2/%s/blobs/uploads/", writer->target.repository));
    if (from != NULL) {
        ZREG__TRY(zreg__buf_text(&path, "?mount=", err));
        ZREG__TRY(zreg__buf_query(&path, writer->digest.text, err));
        ZREG__TRY(zreg__buf_text(&path, "&from=", err));
        ZREG__TRY(zreg__buf_query(&path, from, err));
    }
    request.path = zreg__buf_cstr(&path);
    return zreg__request_send(out, writer->client, writer->target.host, &request, writer->cancel,
                              err);
}

static zreg_status take_session(zreg_blob_writer *writer, const zreg__fetch_exchange *exchange,
                                zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url next = {0};

    ZREG__TRY(zreg__answer_location(&next, exchange, writer->target.what, err));
    zreg__fetch_url_finish(&writer->session);
    writer->session = next;
    next = (zreg__fetch_url){0};
    return ZREG_OK;
}

static zreg_status start_session(zreg_blob_writer *writer, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;

    ZREG__TRY(post(&exchange, writer, NULL, err));
    ZREG__TRY(zreg__answer_expect(exchange, 202, writer->target.what, err));
    return take_session(writer, exchange, err);
}

static bool mounts(const zreg__host *host)
{
    const zreg__quirks *quirks = host->quirks;

    return !quirks->no_mounts;
}

bool zreg__client_mounts(zreg_client *client, const zreg_ref *ref)
{
    zreg__host *host = NULL;

    return zreg__client_host(&host, client, zreg_ref_host(ref), NULL) != ZREG_OK || mounts(host);
}

/* `*out_mounted`, else a session is there unless the registry refuses mounts altogether. */
static zreg_status try_mount(bool *out_mounted, zreg_blob_writer *writer, const char *from,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg_error failed = {0};

    *out_mounted = false;
    if (!mounts(writer->target.host)) {
        return ZREG_OK;
    }
    zreg_status status = post(&exchange, writer, from, &failed);
    int http_status = status == ZREG_OK ? zreg__fetch_status(exchange) : 0;

    *out_mounted = http_status == 201;
    /* Not being allowed to read the other repository must not stop an upload to this one. */
    if (*out_mounted || status == ZREG_DENIED || http_status / 100 == 4) {
        return ZREG_OK;
    }
    if (status != ZREG_OK) {
        return zreg__fail_again(err, &failed);
    }
    ZREG__TRY(zreg__answer_expect(exchange, 202, writer->target.what, err));
    return take_session(writer, exchange, err);
}

static bool has_session(const zreg_blob_writer *writer)
{
    return writer->session.target != NULL;
}

zreg_status zreg_blob_create(zreg_blob_writer **out, zreg_client *client, const zreg_ref *ref,
                             const zreg_digest *digest, uint64_t size_bytes, zreg_cancel *cancel,
                             zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;

    zreg__error_clear(err);
    ZREG__TRY(writer_new(&writer, client, ref, digest, size_bytes, cancel, err));
    ZREG__TRY(start_session(writer, err));
    *out = zreg__steal(&writer);
    return ZREG_OK;
}

zreg_status zreg__blob_mount_or_create(zreg_blob_writer **out, zreg_client *client,
                                       const zreg_ref *ref, const zreg_digest *digest,
                                       uint64_t size_bytes, const char *from, zreg_cancel *cancel,
                                       zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;
    bool mounted = false;

    ZREG__TRY(writer_new(&writer, client, ref, digest, size_bytes, cancel, err));
    if (from != NULL) {
        ZREG__TRY(try_mount(&mounted, writer, from, err));
    }
    if (mounted) {
        *out = NULL;
        return ZREG_OK;
    }
    if (!has_session(writer)) {
        ZREG__TRY(start_session(writer, err));
    }
    *out = zreg__steal(&writer);
    return ZREG_OK;
}

zreg_status zreg_blob_mount(int *out_mounted, zreg_client *client, const zreg_ref *ref,
                            const zreg_digest *digest, const char *from, zreg_cancel *cancel,
                            zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;
    bool mounted = false;

    zreg__error_clear(err);
    ZREG__TRY(writer_new(&writer, client, ref, digest, UINT64_MAX, cancel, err));
    ZREG__TRY(try_mount(&mounted, writer, from, err));
    *out_mounted = mounted;
    return ZREG_OK;
}

void zreg__blob_writer_trust(zreg_blob_writer *writer)
{
    writer->trusted = writer->has_digest && writer->written == 0;
}

/* The session's URL with the digest added to its query, which is otherwise kept as it came. */
static zreg_status closing_url(zreg__fetch_url *out, const zreg_blob_writer *writer,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf target = ZREG__BUF(2 * ZREG__MAX_URL);
    const char *separator = strchr(writer->session.target, '?') != NULL ? "&" : "?";

    ZREG__TRY(zreg__fetch_url_copy(out, &writer->session, err));
    ZREG__TRY(zreg__buf_printf(&target, err, "%s%sdigest=", out->target, separator));
    ZREG__TRY(zreg__buf_query(&target, writer->digest.text, err));
    free(out->target);
    out->target = zreg__buf_steal(&target);
    return out->target != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* A PUT that stores the blob: with all bytes, with none, or (`bytes` NULL, `stream`) to come. */
static zreg_status send_put(zreg_blob_writer *writer, const void *bytes, size_t size, bool stream,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
    const zreg__request request = {
        .method = "PUT",
        .url = &url,
        .repository = writer->target.repository,
        .actions = ZREG__PULL | ZREG__PUSH,
        .headers = {"Content-Type: application/octet-stream"},
        .body = bytes,
        .body_bytes = size,
        .stream = stream,
        .stream_bytes = writer->size,
        .what = writer->target.what,
    };

    ZREG__TRY(closing_url(&url, writer, err));
    return zreg__request_send(&writer->exchange, writer->client, writer->target.host, &request,
                              writer->cancel, err);
}

static zreg_status send_patch(zreg_blob_writer *writer, zreg_error *err)
{
    const zreg__request request = {
        .method = "PATCH",
        .url = &writer->session,
        .repository = writer->target.repository,
        .actions = ZREG__PULL | ZREG__PUSH,
        .headers = {"Content-Type: application/octet-stream"},
        .stream = true,
        .stream_bytes = UINT64_MAX,
        .what = writer->target.what,
    };

    return zreg__request_send(&writer->exchange, writer->client, writer->target.host, &request,
                              writer->cancel, err);
}

/* Opens the request that the bytes go into, if it is not open yet. */
static zreg_status open_body(zreg_blob_writer *writer, zreg_error *err)
{
    if (writer->exchange != NULL) {
        return ZREG_OK;
    }
    return is_monolithic(writer) ? send_put(writer, NULL, 0, true, err) : send_patch(writer, err);
}

/* Size and digest, as far as the caller named them, against what was written. */
static zreg_status check_content(zreg_blob_writer *writer, zreg_error *err)
{
    char seen[136];

    if (writer->size != UINT64_MAX && writer->written != writer->size) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: %llu bytes were written in place of %llu",
                          writer->target.what, (unsigned long long)writer->written,
                          (unsigned long long)writer->size);
    }
    if (writer->trusted) {
        return ZREG_OK;
    }
    zreg__hash_digest(&writer->hash, seen);
    if (!writer->has_digest) {
        return zreg_digest_parse(&writer->digest, seen, err);
    }
    if (strcmp(seen, writer->digest.text) != 0) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: what was written has the digest %s",
                          writer->target.what, seen);
    }
    return ZREG_OK;
}

/* Counts and hashes; the bytes that complete a blob are sent only when all is right. */
static zreg_status account(zreg_blob_writer *writer, const void *bytes, size_t size,
                           zreg_error *err)
{
    if (size >
        (writer->size != UINT64_MAX ? writer->size : ZREG__MAX_BLOB_BYTES) - writer->written) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: more bytes than its size says",
                          writer->target.what);
    }
    writer->written += size;
    if (!writer->trusted) {
        zreg__hash_update(&writer->hash, bytes, size);
    }
    return writer->written == writer->size ? check_content(writer, err) : ZREG_OK;
}

static zreg_status check_stored(zreg_blob_writer *writer, zreg_error *err)
{
    const char *told = zreg__fetch_header(writer->exchange, "docker-content-digest");

    if (zreg__fetch_status(writer->exchange) / 100 != 2) {
        return zreg__answer_fail(writer->exchange, writer->target.what, err);
    }
    if (told != NULL && strncmp(told, writer->digest.text, 7) == 0 &&
        strcmp(told, writer->digest.text) != 0) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: the registry stored something else",
                          writer->target.what);
    }
    writer->stored = true;
    return ZREG_OK;
}

static zreg_status send_bytes(zreg_blob_writer *writer, const void *bytes, size_t size,
                              zreg_error *err)
{
    zreg_status status;

    ZREG__TRY(open_body(writer, err));
    status = zreg__fetch_write(writer->exchange, bytes, size, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", writer->target.what);
    }
    /* An answer before the end is a refusal. */
    if (zreg__fetch_status(writer->exchange) != 0 && writer->written != writer->size) {
        return zreg__answer_fail(writer->exchange, writer->target.what, err);
    }
    return ZREG_OK;
}

static zreg_status finish_body(zreg_blob_writer *writer, zreg_error *err)
{
    zreg_status status = zreg__fetch_finish(writer->exchange, err);

    return status == ZREG_OK ? ZREG_OK : zreg__error_prefix(err, status, "%s", writer->target.what);
}

static bool is_small(const zreg_blob_writer *writer)
{
    return is_monolithic(writer) && writer->size <= SMALL_BYTES;
}

static zreg_status write_bytes(zreg_blob_writer *writer, const char *bytes, size_t size,
                               zreg_error *err)
{
    ZREG__TRY(account(writer, bytes, size, err));
    if (is_small(writer)) {
        return zreg__buf_append(&writer->small, bytes, size, err);
    }
    if (is_monolithic(writer) && writer->written == writer->size) {
        size--;
        writer->last = bytes[size];
    }
    return send_bytes(writer, bytes, size, err);
}

zreg_status zreg_blob_write(zreg_blob_writer *writer, const void *bytes, size_t size,
                            zreg_error *err)
{
    zreg_status status;

    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_check(writer->client->maker, "the blob", err));
    if (writer->failed || writer->stored) {
        return zreg__fail(err, ZREG_INVAL, "%s: the writer is finished", writer->target.what);
    }
    ZREG__TRY(zreg__cancel_check(writer->cancel, err));
    status = size > 0 ? write_bytes(writer, bytes, size, err) : ZREG_OK;
    writer->failed = status != ZREG_OK;
    return status;
}

/* Ends the PATCH, whose answer names the session anew, and closes with an empty PUT. */
static zreg_status close_session(zreg_blob_writer *writer, zreg_error *err)
{
    if (writer->exchange != NULL) {
        ZREG__TRY(finish_body(writer, err));
        if (zreg__fetch_status(writer->exchange) / 100 != 2) {
            return zreg__answer_fail(writer->exchange, writer->target.what, err);
        }
        if (zreg__fetch_header(writer->exchange, "location") != NULL) {
            ZREG__TRY(take_session(writer, writer->exchange, err));
        }
        zreg__fetch_close(zreg__steal(&writer->exchange));
    }
    ZREG__TRY(send_put(writer, NULL, 0, false, err));
    return check_stored(writer, err);
}

static zreg_status commit(zreg_blob_writer *writer, zreg_error *err)
{
    ZREG__TRY(check_content(writer, err));
    if (is_small(writer)) {
        ZREG__TRY(send_put(writer, writer->small.data, writer->small.size, false, err));
    } else if (is_monolithic(writer)) {
        ZREG__TRY(send_bytes(writer, &writer->last, 1, err));
        ZREG__TRY(finish_body(writer, err));
    } else {
        return close_session(writer, err);
    }
    return check_stored(writer, err);
}

zreg_status zreg_blob_commit(zreg_digest *out, zreg_blob_writer *writer, zreg_error *err)
{
    zreg_status status;

    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_check(writer->client->maker, "the blob", err));
    if (writer->failed || writer->stored) {
        return zreg__fail(err, ZREG_INVAL, "%s: the writer is finished", writer->target.what);
    }
    status = commit(writer, err);
    writer->failed = status != ZREG_OK;
    if (status == ZREG_OK && out != NULL) {
        *out = writer->digest;
    }
    return status;
}

/* Ends an upload session that will not be used. Short, and its failure changes nothing. */
static void abandon(zreg_blob_writer *writer)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    bool hurry = zreg_cancel_triggered(writer->cancel) != 0;
    const zreg__request request = {
        .method = "DELETE",
        .url = &writer->session,
        .repository = writer->target.repository,
        .actions = ZREG__PULL | ZREG__PUSH,
        .limit_ms = hurry ? ABANDON_CANCELLED_MS : ABANDON_MS,
        .what = writer->target.what,
    };

    (void)zreg__request_send(&exchange, writer->client, writer->target.host, &request,
                             hurry ? NULL : writer->cancel, NULL);
}

void zreg_blob_writer_free(zreg_blob_writer *writer)
{
    if (writer == NULL || zreg__forked(writer->client->maker)) {
        return;
    }
    zreg__fetch_close(writer->exchange);
    if (has_session(writer) && !writer->stored) {
        abandon(writer);
    }
    zreg__buf_finish(&writer->small);
    zreg__fetch_url_finish(&writer->session);
    zreg__blob_target_finish(&writer->target);
    zreg_client_free(writer->client);
    zreg_cancel_free(writer->cancel);
    free(writer);
}
