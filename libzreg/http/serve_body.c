/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_inner.h"

#include <openssl/crypto.h>
#include <string.h>

uint64_t zreg__serve_body_left(const zreg__serve_exchange *exchange)
{
    if (exchange->request.body_size == UINT64_MAX) {
        return exchange->chunks.state == ZREG__WIRE_CHUNKS_DONE ? 0 : UINT64_MAX;
    }
    return exchange->request.body_size - exchange->received;
}

size_t zreg__serve_body_may_drop(const zreg__serve_exchange *exchange)
{
    /* Many a client reads nothing before all is sent, and one whose body is not wanted at all has
     * to learn why. One that was cut off in the middle is sending what nobody can take, and nobody
     * reads to its end what is too large. */
    if (exchange->received > 0) {
        return ZREG__MAX_DRAIN_BYTES;
    }
    bool is_too_large = exchange->request.response.status == 413;
    return is_too_large ? ZREG__MAX_TOO_LARGE_BYTES : ZREG__MAX_UNREAD_BYTES;
}

/* Hands over body bytes. Returns how many were the body's; `then` may change. */
static size_t take_sized(zreg__serve_exchange *exchange, const char *bytes, size_t size)
{
    const zreg__serve *serve = exchange->connection->loop->serve;
    uint64_t left = zreg__serve_body_left(exchange);
    size = left < size ? (size_t)left : size;
    exchange->received += size;
    if (size > 0 && exchange->then == ZREG__SERVE_BODY) {
        exchange->then = serve->calls->body(&exchange->request, bytes, size, serve->user);
    }
    return size;
}

/* Chunks may be as small as one byte: their data is moved together, so that it is handed on once. */
static size_t take_chunks(zreg__serve_exchange *exchange, char *bytes, size_t size)
{
    const zreg__serve *serve = exchange->connection->loop->serve;
    size_t used = 0;
    size_t taken = 0;
    while (used < size && exchange->chunks.state < ZREG__WIRE_CHUNKS_DONE) {
        zreg__span data;
        used += zreg__wire_chunks_next(&data, &exchange->chunks, bytes + used, size - used);
        if (data.size > 0 && data.text != bytes + taken) {
            memmove(bytes + taken, data.text, data.size);
        }
        taken += data.size;
    }
    exchange->received += taken;
    if (taken > 0 && exchange->then == ZREG__SERVE_BODY) {
        exchange->then = serve->calls->body(&exchange->request, bytes, taken, serve->user);
    }
    return used;
}

static size_t take_body(zreg__serve_exchange *exchange, char *bytes, size_t size)
{
    return exchange->request.body_size == UINT64_MAX ? take_chunks(exchange, bytes, size)
                                                     : take_sized(exchange, bytes, size);
}

/* Takes what came with the head, else from the socket, where bytes behind the body may come too.
 * A body of known size is read no further than to its end. */
zreg__serve_io zreg__serve_body_read(zreg__serve_connection *connection)
{
    zreg__serve_exchange *exchange = connection->exchange;
    zreg__buf *in = &connection->in;
    if (connection->in_used < in->size) {
        connection->in_used +=
            take_body(exchange, in->data + connection->in_used, in->size - connection->in_used);
        return ZREG__SERVE_IO_DONE;
    }
    size_t got;
    uint64_t left = zreg__serve_body_left(exchange);
    char *scratch = connection->loop->scratch;
    zreg__serve_io io =
        zreg__serve_channel_read(&got, &connection->channel, scratch,
                                 left < ZREG__STREAM_BYTES ? (size_t)left : ZREG__STREAM_BYTES);
    if (io != ZREG__SERVE_IO_DONE) {
        return io;
    }
    connection->moved += got;
    size_t used = take_body(exchange, scratch, got);
    zreg_status status = zreg__buf_append(&connection->ahead, scratch + used, got - used, NULL);
    OPENSSL_cleanse(scratch + used, got - used); /* a head may have a password in it */
    return status == ZREG_OK ? ZREG__SERVE_IO_DONE : ZREG__SERVE_IO_GONE;
}
