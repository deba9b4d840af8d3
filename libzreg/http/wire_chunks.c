/* SPDX-License-Identifier: Apache-2.0 */
#include "http/wire_chunks.h"

#include "http/wire_head.h"

#define MAX_DIGITS 16

static int hex_value(char c)
{
    if (zreg__is_digit(c)) {
        return c - '0';
    }
    char lower = zreg__to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool is_text(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static zreg__wire_chunks_state after_size(const zreg__wire_chunks *chunks, char c)
{
    if (chunks->digits == 0) {
        return ZREG__WIRE_CHUNKS_BAD;
    }
    switch (c) {
    case '\r':
        return ZREG__WIRE_CHUNKS_SIZE_FEED;
    case ';':
        return ZREG__WIRE_CHUNKS_EXTENSION;
    case ' ':
    case '\t':
        return ZREG__WIRE_CHUNKS_BLANK;
    default:
        return ZREG__WIRE_CHUNKS_BAD;
    }
}

static zreg__wire_chunks_state in_size(zreg__wire_chunks *chunks, char c)
{
    int value = hex_value(c);
    if (value < 0) {
        return after_size(chunks, c);
    }
    if (++chunks->digits > MAX_DIGITS || chunks->left > (uint64_t)INT64_MAX >> 4) {
        return ZREG__WIRE_CHUNKS_BAD;
    }
    chunks->left = chunks->left << 4 | (uint64_t)value;
    return ZREG__WIRE_CHUNKS_SIZE;
}

/* Blanks and text beside the data count, so that a peer cannot send them for ever. */
static bool may_pass(zreg__wire_chunks *chunks, char c, size_t most)
{
    return is_text(c) && ++chunks->beside <= most;
}

/* Nor may most of a body be no data. */
static bool may_extend(zreg__wire_chunks *chunks, char c)
{
    return may_pass(chunks, c, ZREG__WIRE_MAX_EXTENSION) &&
           ++chunks->excess <= ZREG__WIRE_MAX_EXTENSIONS;
}

static zreg__wire_chunks_state in_blank(zreg__wire_chunks *chunks, char c)
{
    if (c == ';') {
        return ZREG__WIRE_CHUNKS_EXTENSION;
    }
    bool is_blank = c == ' ' || c == '\t';
    return is_blank && may_extend(chunks, c) ? ZREG__WIRE_CHUNKS_BLANK : ZREG__WIRE_CHUNKS_BAD;
}

static zreg__wire_chunks_state in_extension(zreg__wire_chunks *chunks, char c)
{
    if (c == '\r') {
        return ZREG__WIRE_CHUNKS_SIZE_FEED;
    }
    return may_extend(chunks, c) ? ZREG__WIRE_CHUNKS_EXTENSION : ZREG__WIRE_CHUNKS_BAD;
}

/* Behind the line of a size: the data, or the trailers when it was 0. */
static zreg__wire_chunks_state begin_data(zreg__wire_chunks *chunks)
{
    chunks->digits = 0;
    chunks->beside = 0;
    return chunks->left > 0 ? ZREG__WIRE_CHUNKS_DATA : ZREG__WIRE_CHUNKS_TRAILER_BEGIN;
}

/* A trailer is a field as those of a head are, although it is dropped: what others could take for
 * the beginning of something else is refused. */
static zreg__wire_chunks_state in_trailer_name(zreg__wire_chunks *chunks, char c, bool is_begin)
{
    if (is_begin && c == '\r') {
        return ZREG__WIRE_CHUNKS_END_FEED;
    }
    bool is_end = !is_begin && c == ':';
    if ((!is_end && !zreg__wire_head_is_name(c)) || !may_pass(chunks, c, ZREG__WIRE_MAX_TRAILERS)) {
        return ZREG__WIRE_CHUNKS_BAD;
    }
    return is_end ? ZREG__WIRE_CHUNKS_TRAILER : ZREG__WIRE_CHUNKS_TRAILER_NAME;
}

static zreg__wire_chunks_state in_trailer(zreg__wire_chunks *chunks, char c)
{
    if (c == '\r') {
        return ZREG__WIRE_CHUNKS_TRAILER_FEED;
    }
    return may_pass(chunks, c, ZREG__WIRE_MAX_TRAILERS) ? ZREG__WIRE_CHUNKS_TRAILER
                                                        : ZREG__WIRE_CHUNKS_BAD;
}

static zreg__wire_chunks_state expect(char c, char wanted, zreg__wire_chunks_state then)
{
    return c == wanted ? then : ZREG__WIRE_CHUNKS_BAD;
}

/* The state behind one byte that is no data. */
static zreg__wire_chunks_state step(zreg__wire_chunks *chunks, char c)
{
    switch (chunks->state) {
    case ZREG__WIRE_CHUNKS_SIZE:
        return in_size(chunks, c);
    case ZREG__WIRE_CHUNKS_BLANK:
        return in_blank(chunks, c);
    case ZREG__WIRE_CHUNKS_EXTENSION:
        return in_extension(chunks, c);
    case ZREG__WIRE_CHUNKS_SIZE_FEED:
        return c == '\n' ? begin_data(chunks) : ZREG__WIRE_CHUNKS_BAD;
    case ZREG__WIRE_CHUNKS_DATA_RETURN:
        return expect(c, '\r', ZREG__WIRE_CHUNKS_DATA_FEED);
    case ZREG__WIRE_CHUNKS_DATA_FEED:
        return expect(c, '\n', ZREG__WIRE_CHUNKS_SIZE);
    case ZREG__WIRE_CHUNKS_TRAILER_BEGIN:
        return in_trailer_name(chunks, c, true);
    case ZREG__WIRE_CHUNKS_TRAILER_NAME:
        return in_trailer_name(chunks, c, false);
    case ZREG__WIRE_CHUNKS_TRAILER:
        return in_trailer(chunks, c);
    case ZREG__WIRE_CHUNKS_TRAILER_FEED:
        return expect(c, '\n', ZREG__WIRE_CHUNKS_TRAILER_BEGIN);
    case ZREG__WIRE_CHUNKS_END_FEED:
        return expect(c, '\n', ZREG__WIRE_CHUNKS_DONE);
    case ZREG__WIRE_CHUNKS_DATA:
    case ZREG__WIRE_CHUNKS_DONE:
    case ZREG__WIRE_CHUNKS_BAD:
        break;
    }
    return ZREG__WIRE_CHUNKS_BAD;
}

static zreg__span take_data(zreg__wire_chunks *chunks, const char *bytes, size_t size)
{
    size_t count = chunks->left < size ? (size_t)chunks->left : size;
    chunks->left -= count;
    chunks->excess -= count < chunks->excess ? count : chunks->excess;
    if (chunks->left == 0) {
        chunks->state = ZREG__WIRE_CHUNKS_DATA_RETURN;
    }
    return (zreg__span){bytes, count};
}

size_t zreg__wire_chunks_next(zreg__span *out_data, zreg__wire_chunks *chunks, const char *bytes,
                              size_t size)
{
    size_t at = 0;
    *out_data = (zreg__span){NULL, 0};
    while (at < size && chunks->state < ZREG__WIRE_CHUNKS_DONE) {
        if (chunks->state == ZREG__WIRE_CHUNKS_DATA) {
            *out_data = take_data(chunks, bytes + at, size - at);
            return at + out_data->size;
        }
        chunks->state = step(chunks, bytes[at++]);
    }
    return at;
}
