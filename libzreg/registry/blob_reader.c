/* SPDX-License-Identifier: Apache-2.0 */
/* Pulling a blob (distribution-spec, "Pulling blobs"): verified, and resumed where it broke off. */
#include "base/cancel.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/mem.h"
#include "oci/range.h"
#include "registry/attempt.h"
#include "registry/blob_target.h"

#include <string.h>

struct zreg_blob_reader {
    zreg_client *client;
    zreg_cancel *cancel;
    zreg__blob_target target;
    zreg_digest digest;
    zreg__fetch_exchange *exchange;
    zreg__hash hash; /* of the bytes received, unless it is a part */
    uint64_t received;
    bool is_part;    /* then nothing can be verified */
    uint64_t whole;  /* the size that the blob must have; UINT64_MAX: any */
    uint64_t first;  /* where the part begins; else 0 */
    uint64_t wanted; /* bytes asked for; UINT64_MAX: to the end */
    uint64_t size;   /* of what is read; UINT64_MAX: unknown */
    uint64_t skip;   /* bytes that are sent again, to be dropped */
    zreg__attempt attempt;
    uint64_t resumed_at; /* bytes received when it was last resumed */
    bool verified;
    zreg_error failure; /* what ended it */
    /* While the size is not known, one byte is kept back: it may be the last, and the digest wrong. */
    bool holds;
    char held;
};

static zreg_status take_size(zreg_blob_reader *reader, zreg_error *err)
{
    reader->size = zreg__fetch_length(reader->exchange);
    if (reader->size != UINT64_MAX && reader->size > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: its size is absurd", reader->target.what);
    }
    return ZREG_OK;
}

static zreg_status fail_short(const zreg_blob_reader *reader, zreg_error *err)
{
    if (reader->is_part && reader->received == 0 && reader->whole == UINT64_MAX) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s: it ends before byte %llu, where the part should begin",
                          reader->target.what, (unsigned long long)reader->first);
    }
    return zreg__fail(err, ZREG_CORRUPT, "%s: shorter than it was before", reader->target.what);
}

/* The answer to a Range: the rest, the whole again, or something else. */
static zreg_status take_resumed(zreg_blob_reader *reader, zreg_error *err)
{
    const char *range = zreg__fetch_header(reader->exchange, "content-range");
    int status = zreg__fetch_status(reader->exchange);
    uint64_t first, last, size;

    if (status == 200) {
        size = zreg__fetch_length(reader->exchange);
        reader->skip = reader->received;
        return size == UINT64_MAX || reader->size == UINT64_MAX || size == reader->size
                   ? ZREG_OK
                   : zreg__fail(err, ZREG_CORRUPT, "%s: it had another size before",
                                reader->target.what);
    }
    if (status == 416) {
        return fail_short(reader, err);
    }
    ZREG__TRY(zreg__answer_expect(reader->exchange, 206, reader->target.what, err));
    if (range == NULL || !zreg__range_content(&first, &last, &size, range) ||
        first != reader->received ||
        (size != UINT64_MAX && reader->size != UINT64_MAX && size != reader->size)) {
        return zreg__fail(err, ZREG_PROTO, "%s: asked for the rest, got another range",
                          reader->target.what);
    }
    return ZREG_OK;
}

/* The whole comes where Range is not known: what is before the part is dropped. */
static zreg_status take_whole(zreg_blob_reader *reader, zreg_error *err)
{
    uint64_t whole = zreg__fetch_length(reader->exchange);

    if (reader->whole != UINT64_MAX && reader->wanted < reader->whole - reader->first) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "%s: it gives no parts", reader->target.what);
    }
    reader->skip = reader->first + reader->received;
    if (whole == UINT64_MAX) {
        return ZREG_OK;
    }
    if (reader->whole != UINT64_MAX && whole != reader->whole) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: it has %llu bytes in place of %llu",
                          reader->target.what, (unsigned long long)whole,
                          (unsigned long long)reader->whole);
    }
    if (whole <= reader->first) {
        return fail_short(reader, err);
    }
    if (reader->size == UINT64_MAX) {
        whole -= reader->first;
        reader->size = whole < reader->wanted ? whole : reader->wanted;
    }
    return ZREG_OK;
}

/* A range may end early only where the blob ends. */
static bool is_range_wanted(const zreg_blob_reader *reader, uint64_t first, uint64_t last,
                            uint64_t whole)
{
    uint64_t length = zreg__fetch_length(reader->exchange);
    uint64_t got = last - reader->first + 1;
    bool is_last = whole != UINT64_MAX && last == whole - 1;

    if (first != reader->first + reader->received || last < first ||
        (length != UINT64_MAX && length != last - first + 1)) {
        return false;
    }
    if (reader->size != UINT64_MAX) {
        return got == reader->size;
    }
    if (reader->wanted == UINT64_MAX) {
        return is_last || whole == UINT64_MAX;
    }
    return got == reader->wanted || (is_last && got < reader->wanted);
}

/* The answer to the request for a part (RFC 9110, 14.4, 15.3.7, 15.5.17). */
static zreg_status take_part(zreg_blob_reader *reader, zreg_error *err)
{
    const char *range = zreg__fetch_header(reader->exchange, "content-range");
    int status = zreg__fetch_status(reader->exchange);
    uint64_t first, last, whole;

    if (status == 200) {
        return take_whole(reader, err);
    }
    if (status == 416) {
        return fail_short(reader, err);
    }
    ZREG__TRY(zreg__answer_expect(reader->exchange, 206, reader->target.what, err));
    if (range == NULL || !zreg__range_content(&first, &last, &whole, range) ||
        !is_range_wanted(reader, first, last, whole) ||
        (reader->whole != UINT64_MAX && whole != UINT64_MAX && whole != reader->whole)) {
        return zreg__fail(err, ZREG_PROTO, "%s: asked for a part, got another one",
                          reader->target.what);
    }
    reader->size = last - reader->first + 1;
    return reader->size > ZREG__MAX_BLOB_BYTES
               ? zreg__fail(err, ZREG_LIMIT, "%s: its size is absurd", reader->target.what)
               : ZREG_OK;
}

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

static zreg_status take_answer(zreg_blob_reader *reader, zreg_error *err)
{
    if (reader->is_part) {
        return take_part(reader, err);
    }
    if (reader->received > 0) {
        return take_resumed(reader, err);
    }
    ZREG__TRY(zreg__answer_expect(reader->exchange, 200, reader->target.what, err));
    return take_size(reader, err);
}

/* Asks for the blob, or for what is missing of it. */
static zreg_status ask(zreg_blob_reader *reader, zreg_error *err)
{
    ZREG__AUTO_FREE char *range = range_header(reader);
    const zreg__request request = {
        .method = "GET",
        .path = reader->target.path,
        .repository = reader->target.repository,
        .actions = ZREG__PULL,
        .headers = {wants_range(reader) ? range : NULL},
        .may_be_page = true,
        .what = reader->target.what,
    };

    if (range == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__fetch_close(zreg__steal(&reader->exchange));
    reader->skip = 0;
    return zreg__request_send(&reader->exchange, reader->client, reader->target.host, &request,
                              reader->cancel, err);
}

/* An answer that does not fit the request may be the fault of a moment. */
static zreg_status request_bytes(zreg_blob_reader *reader, zreg_error *err)
{
    for (;;) {
        zreg_error failed = {0};
        zreg_status status;

        ZREG__TRY(ask(reader, err));
        status = take_answer(reader, &failed);
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

zreg_status zreg__blob_open_part(zreg_blob_reader **out, zreg_client *client, const zreg_ref *ref,
                                 const zreg_descriptor *blob, uint64_t offset, uint64_t length,
                                 zreg_cancel *cancel, zreg_error *err)
{
    const zreg_blob_reader part = {.is_part = true,
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
        (void)zreg__mirrors_doubt(reader->client->mirrors, reader->target.what);
        return zreg__fail(err, ZREG_CORRUPT, "%s: the registry sent other bytes, of digest %s",
                          reader->target.what, seen);
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
            return fail_short(reader, err);
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
        (void)fail_short(reader, &failed);
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
        return fail_short(reader, err);
    }
    if (size == 0) {
        reader->size = reader->received; /* the blob ended, of which nobody had told the size */
    }
    *out_size = size;
    return ZREG_OK;
}

static zreg_status read_some(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                             size_t capacity, zreg_error *err)
{
    ZREG__TRY(zreg__cancel_check(reader->cancel, err));
    if (reader->is_part) {
        return read_part(out_size, reader, buffer, capacity, err);
    }
    if (reader->verified && !reader->holds) {
        *out_size = 0;
        return ZREG_OK;
    }
    if (reader->size == UINT64_MAX) {
        return read_behind(out_size, reader, buffer, capacity, err);
    }
    return receive_checked(out_size, reader, buffer, capacity, err);
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
    zreg__blob_target_finish(&reader->target);
    zreg_client_free(reader->client);
    zreg_cancel_free(reader->cancel);
    free(reader);
}
