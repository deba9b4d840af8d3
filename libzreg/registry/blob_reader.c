/* SPDX-License-Identifier: Apache-2.0 */
/* Pulling a blob (distribution-spec, "Pulling blobs"): verified, and resumed where it broke off. */
#include "registry/blob_reader.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/mem.h"

#include <string.h>

static char *range_header(const zreg_blob_reader *reader)
{
    unsigned long long from = reader->first + reader->received;

    return reader->wanted == UINT64_MAX
               ? zreg__asprintf("Range: bytes=%llu-", from)
               : zreg__asprintf("Range: bytes=%llu-%llu", from,
                                (unsigned long long)(reader->first + reader->wanted - 1));
}

/* The beginning of a blob of known size is asked for as the whole that it is. */
static bool wants_range(const zreg_blob_reader *reader)
{
    return reader->received > 0 ||
           (reader->is_part && (reader->first > 0 || reader->whole == UINT64_MAX));
}

/* Asks for the blob, or for what is missing of it. */
static zreg_status ask(zreg_blob_reader *reader, zreg_error *err)
{
    ZREG__AUTO_FREE char *range = range_header(reader);
    ZREG__AUTO_FREE char *mirror = NULL;
    const zreg__request request = {
        .method = "GET",
        .path = reader->target.path,
        .repository = reader->target.repository,
        .actions = ZREG__PULL,
        .headers = {wants_range(reader) ? range : NULL},
        .may_be_page = true,
        .single = reader->beside,
        .out_mirror = &mirror,
        .what = reader->target.what,
    };

    if (range == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__fetch_close(zreg__steal(&reader->exchange));
    reader->skip = 0;
    ZREG__TRY(zreg__request_send(&reader->exchange, reader->client, reader->target.host, &request,
                                 reader->cancel, err));
    if (mirror != NULL) {
        free(reader->mirror);
        reader->mirror = zreg__steal(&mirror);
    }
    return ZREG_OK;
}

/* An answer that does not fit the request may be the fault of a moment. */
static zreg_status request_bytes(zreg_blob_reader *reader, zreg_error *err)
{
    for (;;) {
        zreg_error failed = {0};
        zreg_status status;

        ZREG__TRY(ask(reader, err));
        status = zreg__blob_answer_take(reader, &failed);
        if (status != ZREG_PROTO && status != ZREG_CORRUPT) {
            return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
        }
        ZREG__TRY(zreg__attempt_again(&reader->attempt, 0, &failed, err));
    }
}

/* Takes over the fields that say which bytes are wanted. */
static zreg_status open(zreg_blob_reader **out, const zreg_blob_reader *wanted, zreg_client *client,
                        const zreg_ref *ref, const zreg_digest *digest, zreg_cancel *cancel,
                        zreg_error *err)
{
    ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = zreg__new(zreg_blob_reader);
    zreg__hash_kind kind;

    if (reader == NULL) {
        return zreg__fail_nomem(err);
    }
    *reader = *wanted;
    reader->client = zreg__client_share(client);
    reader->cancel = zreg__cancel_share(cancel);
    reader->digest = *digest;
    ZREG__TRY(zreg__blob_target_of(&reader->target, client, ref, digest, err));
    if (!zreg__hash_kind_of(&kind, digest->text)) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "%s: unknown algorithm", digest->text);
    }
    zreg__hash_init(&reader->hash, kind);
    reader->attempt = (zreg__attempt){
        .client = reader->client,
        .host = reader->target.host,
        .what = reader->target.what,
        .cancel = reader->cancel,
        .failures = reader->beside ? client->attempts - 1 : 0,
    };
    ZREG__TRY(request_bytes(reader, err));
    *out = zreg__steal(&reader);
    return ZREG_OK;
}

zreg_status zreg_blob_open(zreg_blob_reader **out, zreg_client *client, const zreg_ref *ref,
                           const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    const zreg_blob_reader whole = {.wanted = UINT64_MAX, .whole = UINT64_MAX, .size = UINT64_MAX};

    zreg__error_clear(err);
    return open(out, &whole, client, ref, digest, cancel, err);
}

zreg_status zreg_blob_open_range(zreg_blob_reader **out, zreg_client *client, const zreg_ref *ref,
                                 const zreg_digest *digest, uint64_t offset, uint64_t length,
                                 zreg_cancel *cancel, zreg_error *err)
{
    const zreg_blob_reader part = {.is_part = true,
                                   .first = offset,
                                   .wanted = length,
                                   .whole = UINT64_MAX,
                                   .size = UINT64_MAX};

    zreg__error_clear(err);
    if (length == 0) {
        return zreg__fail(err, ZREG_INVAL, "a part of a blob has one byte at least");
    }
    if (offset > ZREG__MAX_BLOB_BYTES ||
        (length != UINT64_MAX && length > ZREG__MAX_BLOB_BYTES - offset)) {
        return zreg__fail(err, ZREG_INVAL, "no blob has %llu bytes from byte %llu on",
                          (unsigned long long)length, (unsigned long long)offset);
    }
    return open(out, &part, client, ref, digest, cancel, err);
}

zreg_status zreg__blob_open_at(zreg_blob_reader **out, zreg_client *client, const zreg_ref *ref,
                               const zreg_descriptor *blob, uint64_t offset, zreg_cancel *cancel,
                               zreg_error *err)
{
    const zreg_blob_reader rest = {.is_part = true,
                                   .first = offset,
                                   .wanted = blob->size_bytes - offset,
                                   .whole = blob->size_bytes,
                                   .size = blob->size_bytes - offset};

    return open(out, &rest, client, ref, &blob->digest, cancel, err);
}

zreg_status zreg__blob_open_part(zreg_blob_reader **out, zreg_client *client, const zreg_ref *ref,
                                 const zreg_descriptor *blob, uint64_t offset, uint64_t length,
                                 zreg_cancel *cancel, zreg_error *err)
{
    const zreg_blob_reader part = {.is_part = true,
                                   .beside = true,
                                   .first = offset,
                                   .wanted = length,
                                   .whole = blob->size_bytes,
                                   .size = length};

    return open(out, &part, client, ref, &blob->digest, cancel, err);
}

static zreg_status verify(zreg_blob_reader *reader, zreg_error *err)
{
    char seen[136];

    if (reader->verified) {
        return ZREG_OK;
    }
    zreg__hash_digest(&reader->hash, seen);
    if (strcmp(seen, reader->digest.text) != 0) {
        const char *mirror = reader->mirror;

        return zreg__fail(err, ZREG_CORRUPT, "%s: %s%s sent other bytes, of digest %s",
                          reader->target.what, mirror != NULL ? "its mirror " : "the registry",
                          mirror != NULL ? mirror : "", seen);
    }
    reader->verified = true;
    return ZREG_OK;
}

/* Opens the blob anew after it broke off; `failed` says why. */
static zreg_status resume(zreg_blob_reader *reader, const zreg_error *failed, zreg_error *err)
{
    if (reader->received - reader->resumed_at >= ZREG__ATTEMPT_PROGRESS_BYTES) {
        reader->attempt.failures = 0;
    }
    reader->resumed_at = reader->received;
    if (zreg__fetch_failed_how(reader->exchange) != ZREG__FETCH_TRANSIENT ||
        !zreg__attempt_may_again(&reader->attempt)) {
        return zreg__fail(err, failed->code, "%s: %s", reader->target.what, failed->message);
    }
    ZREG__TRY(zreg__attempt_again(&reader->attempt, 0, failed, err));
    return request_bytes(reader, err);
}

/* Reads without the bytes that came before, over as many connections as it takes. */
static zreg_status receive(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                           size_t capacity, zreg_error *err)
{
    for (;;) {
        zreg_error failed = {0};
        size_t room = capacity;
        size_t size = 0;
        zreg_status status;

        if (reader->skip > 0 && reader->skip < room) {
            room = (size_t)reader->skip;
        }
        status = zreg__fetch_read(&size, reader->exchange, buffer, room, &failed);
        if (status != ZREG_OK) {
            ZREG__TRY(resume(reader, &failed, err));
        } else if (reader->skip == 0) {
            *out_size = size;
            return ZREG_OK;
        } else if (size == 0) {
            return zreg__blob_answer_short(reader, err);
        }
        reader->skip -= status == ZREG_OK ? size : 0;
    }
}

/* Reads and hashes. The end, and the last byte of a known size, come only when all is right. */
static zreg_status receive_checked(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                                   size_t capacity, zreg_error *err)
{
    size_t size = 0;

    ZREG__TRY(receive(&size, reader, buffer, capacity, err));
    if (size > reader->size - reader->received || reader->received > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: longer than it should be", reader->target.what);
    }
    zreg__hash_update(&reader->hash, buffer, size);
    reader->received += size;
    if (size == 0 || reader->received == reader->size) {
        ZREG__TRY(verify(reader, err));
    }
    *out_size = size;
    return ZREG_OK;
}

/* With the size not known: one byte behind. */
static zreg_status read_behind(size_t *out_size, zreg_blob_reader *reader, char *buffer,
                               size_t capacity, zreg_error *err)
{
    char next;
    size_t size = 0;
    bool single = capacity == 1;

    if (!reader->holds) {
        ZREG__TRY(receive_checked(&size, reader, &reader->held, 1, err));
        reader->holds = size == 1;
    }
    *out_size = 0;
    if (!reader->holds) {
        return ZREG_OK;
    }
    ZREG__TRY(receive_checked(&size, reader, single ? &next : buffer + 1, single ? 1 : capacity - 1,
                              err));
    buffer[0] = reader->held;
    reader->holds = size > 0;
    if (size > 0) {
        reader->held = single ? next : buffer[size];
    }
    *out_size = size > 0 ? size : 1;
    return ZREG_OK;
}

/* Asks again while the answer ends well, and before the size that the blob must have. */
static zreg_status receive_surely(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                                  size_t capacity, zreg_error *err)
{
    for (;;) {
        zreg_error failed = {0};

        ZREG__TRY(receive(out_size, reader, buffer, capacity, err));
        if (*out_size > 0 || reader->whole == UINT64_MAX) {
            return ZREG_OK;
        }
        (void)zreg__blob_answer_short(reader, &failed);
        ZREG__TRY(zreg__attempt_again(&reader->attempt, 0, &failed, err));
        ZREG__TRY(request_bytes(reader, err));
    }
}

/* Of a part: what comes after it is not read, and ends the transfer. */
static zreg_status read_part(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                             size_t capacity, zreg_error *err)
{
    uint64_t end = reader->size != UINT64_MAX ? reader->size : reader->wanted;
    uint64_t rest = end - reader->received;
    size_t size = 0;

    if (rest == 0) {
        zreg__fetch_close(zreg__steal(&reader->exchange));
        *out_size = 0;
        return ZREG_OK;
    }
    ZREG__TRY(
        receive_surely(&size, reader, buffer, rest < capacity ? (size_t)rest : capacity, err));
    reader->received += size;
    if (reader->received > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: its size is absurd", reader->target.what);
    }
    if (size == 0 && (reader->size != UINT64_MAX || reader->received == 0)) {
        return zreg__blob_answer_short(reader, err);
    }
    if (size == 0) {
        reader->size = reader->received; /* the blob ended, of which nobody had told the size */
    }
    *out_size = size;
    return ZREG_OK;
}

static zreg_status read_whole(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                              size_t capacity, zreg_error *err)
{
    if (reader->verified && !reader->holds) {
        *out_size = 0;
        return ZREG_OK;
    }
    if (reader->size == UINT64_MAX) {
        return read_behind(out_size, reader, buffer, capacity, err);
    }
    return receive_checked(out_size, reader, buffer, capacity, err);
}

bool zreg__blob_reader_doubt(zreg_blob_reader *reader)
{
    (void)zreg__mirrors_doubt(reader->client->mirrors, reader->target.what);
    return reader->mirror != NULL;
}

/* Asks elsewhere for what a mirror sent wrong, while the caller has none of it. */
static zreg_status begin_anew(zreg_blob_reader *reader, zreg_error *err)
{
    free(zreg__steal(&reader->mirror));
    zreg__hash_init(&reader->hash, reader->hash.kind);
    reader->received = 0;
    reader->resumed_at = 0;
    reader->size = UINT64_MAX;
    reader->holds = false;
    return request_bytes(reader, err);
}

static zreg_status read_some(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                             size_t capacity, zreg_error *err)
{
    zreg_error failed = {0};

    ZREG__TRY(zreg__cancel_check(reader->cancel, err));
    if (reader->is_part) {
        return read_part(out_size, reader, buffer, capacity, err);
    }
    zreg_status status = read_whole(out_size, reader, buffer, capacity, &failed);
    for (int mirrors = 0; status == ZREG_CORRUPT && zreg__blob_reader_doubt(reader) &&
                          !reader->given && mirrors < ZREG__MAX_MIRRORS;
         mirrors++) {
        zreg__log_line(&reader->client->log, ZREG_LOG_INFO, "%s; it is had elsewhere",
                       failed.message);
        ZREG__TRY(begin_anew(reader, err));
        status = read_whole(out_size, reader, buffer, capacity, &failed);
    }
    reader->given = true;
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

zreg_status zreg_blob_read(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                           size_t capacity, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_check(reader->client->maker, "the blob", err));
    if (capacity == 0) {
        return zreg__fail(err, ZREG_INVAL, "a read needs room for at least one byte");
    }
    if (reader->failure.code == ZREG_OK &&
        read_some(out_size, reader, buffer, capacity, &reader->failure) == ZREG_OK) {
        return ZREG_OK;
    }
    if (err != NULL) {
        *err = reader->failure;
    }
    return reader->failure.code;
}

uint64_t zreg_blob_size(const zreg_blob_reader *reader)
{
    return reader->size;
}

void zreg_blob_reader_free(zreg_blob_reader *reader)
{
    if (reader == NULL || zreg__forked(reader->client->maker)) {
        return;
    }
    zreg__fetch_close(reader->exchange);
    free(reader->mirror);
    zreg__blob_target_finish(&reader->target);
    zreg_client_free(reader->client);
    zreg_cancel_free(reader->cancel);
    free(reader);
}
