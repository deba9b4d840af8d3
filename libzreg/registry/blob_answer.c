/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what a registry sends is what was asked for: a whole blob, the rest of one, a part. */
#include "registry/blob_reader.h"

#include "base/error.h"
#include "oci/range.h"

static zreg_status take_size(zreg_blob_reader *reader, zreg_error *err)
{
    reader->size = zreg__fetch_length(reader->exchange);
    if (reader->size != UINT64_MAX && reader->size > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: its size is absurd", reader->target.what);
    }
    return ZREG_OK;
}

zreg_status zreg__blob_answer_short(const zreg_blob_reader *reader, zreg_error *err)
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
        return zreg__blob_answer_short(reader, err);
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
        return zreg__blob_answer_short(reader, err);
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
        return zreg__blob_answer_short(reader, err);
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

zreg_status zreg__blob_answer_take(zreg_blob_reader *reader, zreg_error *err)
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
