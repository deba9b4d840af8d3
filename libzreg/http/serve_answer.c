/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_inner.h"

#include "base/error.h"
#include "base/str.h"
#include <string.h>

#define MAX_JOINED_BYTES 8192
#define MAX_OWN_BYTES 192   /* of the lines that are written here */
#define MIN_HELD_BYTES 4096 /* answers up to this size are always sent */
/* What the kernel sends of a file by itself costs half of what is copied. */
#define FILE_TURN_BYTES (2 * ZREG__SERVE_TURN_BYTES)

/* The phrases are for people; a client reads the number. */
static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Unimplemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < ZREG__COUNT(phrases); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "Unknown";
}

static uint64_t body_size(const zreg__serve_response *response)
{
    return response->source.size > 0 ? response->source.size : response->size;
}

/* How much of the body goes over the wire. */
static uint64_t sent_size(const zreg__serve_exchange *exchange)
{
    const zreg__serve_response *response = &exchange->request.response;
    bool has_none = response->status == 204 || response->status == 304 ||
                    strcmp(exchange->request.method, "HEAD") == 0;
    return has_none ? 0 : body_size(response);
}

/* Under TLS each write is a record: head and body of a small answer go in one. */
static size_t joined_size(const zreg__serve_connection *connection)
{
    uint64_t size = sent_size(connection->exchange);
    bool is_joined = connection->channel.ssl != NULL && size <= MAX_JOINED_BYTES &&
                     connection->exchange->request.response.source.size == 0;
    return is_joined ? (size_t)size : 0;
}

static bool write_status(zreg__buf *out, int status)
{
    return zreg__buf_text(out, "HTTP/1.1 ", NULL) == ZREG_OK &&
           zreg__buf_u64(out, (uint64_t)status, NULL) == ZREG_OK &&
           zreg__buf_append(out, " ", 1, NULL) == ZREG_OK &&
           zreg__buf_text(out, phrase_of(status), NULL) == ZREG_OK &&
           zreg__buf_append(out, "\r\n", 2, NULL) == ZREG_OK;
}

/* `name` with its colon and blank; no line where there is no value. */
static bool write_field(zreg__buf *out, const char *name, const char *value)
{
    return value == NULL || (zreg__buf_text(out, name, NULL) == ZREG_OK &&
                             zreg__buf_text(out, value, NULL) == ZREG_OK &&
                             zreg__buf_append(out, "\r\n", 2, NULL) == ZREG_OK);
}

static bool write_length(zreg__buf *out, const zreg__serve_response *response)
{
    return response->status == 204 || response->status == 304 ||
           (zreg__buf_text(out, "Content-Length: ", NULL) == ZREG_OK &&
            zreg__buf_u64(out, body_size(response), NULL) == ZREG_OK &&
            zreg__buf_append(out, "\r\n", 2, NULL) == ZREG_OK);
}

/* What is said of the connection's future, if anything has to be. */
static const char *connection_option(const zreg__serve_connection *connection)
{
    return connection->closes                       ? "close"
           : connection->exchange->head.is_http_1_0 ? "keep-alive"
                                                    : NULL;
}

bool zreg__serve_answer_begin(zreg__serve_connection *connection)
{
    const zreg__serve_response *response = &connection->exchange->request.response;
    zreg__buf *out = &connection->out;
    size_t joined = joined_size(connection);
    connection->sent = joined;
    return zreg__buf_room(out, MAX_OWN_BYTES + response->fields.size + joined, NULL) == ZREG_OK &&
           write_status(out, response->status) &&
           write_field(out, "Date: ", zreg__serve_turns_date(connection->loop)) &&
           write_length(out, response) &&
           write_field(out, "Connection: ", connection_option(connection)) &&
           zreg__buf_append(out, response->fields.data, response->fields.size, NULL) == ZREG_OK &&
           zreg__buf_append(out, "\r\n", 2, NULL) == ZREG_OK &&
           zreg__buf_append(out, response->bytes, joined, NULL) == ZREG_OK;
}

/* Sends what is left of the head, and `size` bytes with it. */
static zreg__serve_io write_piece(zreg__serve_connection *connection, const void *bytes,
                                  size_t size, bool more)
{
    size_t sent;
    zreg__buf *out = &connection->out;
    const struct iovec pieces[2] = {{out->data, out->size}, {(void *)bytes, size}};
    zreg__serve_io io = zreg__serve_channel_write(&sent, &connection->channel, pieces, more);
    size_t of_head = sent < out->size ? sent : out->size;
    if (of_head > 0) {
        zreg__buf_drop(out, of_head);
    }
    connection->sent += sent - of_head;
    connection->moved += sent;
    return io;
}

static zreg__serve_io send_file(zreg__serve_connection *connection,
                                const zreg__serve_source *source, uint64_t left)
{
    size_t sent;
    size_t most = left < FILE_TURN_BYTES ? (size_t)left : FILE_TURN_BYTES;
    if (connection->out.size > 0) {
        return write_piece(connection, NULL, 0, true);
    }
    zreg__serve_io io = zreg__serve_channel_send(&sent, &connection->channel, source->descriptor,
                                                 source->offset + connection->sent, most);
    connection->sent += sent;
    connection->moved += sent;
    return io;
}

static zreg__serve_io send_source(zreg__serve_connection *connection, zreg__serve_source *source,
                                  uint64_t left)
{
    size_t got = 0;
    size_t most = left < ZREG__STREAM_BYTES ? (size_t)left : ZREG__STREAM_BYTES;
    zreg__serve_channel *channel = &connection->channel;
    if (channel->rest != NULL || !channel->is_writable) { /* read nothing that must be kept */
        zreg__serve_io io = zreg__serve_channel_flush(channel);
        return io == ZREG__SERVE_IO_DONE && !channel->is_writable ? ZREG__SERVE_IO_WAIT : io;
    }
    zreg_status status = source->read(&got, source->object, source->offset + connection->sent,
                                      connection->loop->scratch, most, NULL);
    if (status != ZREG_OK || got == 0) {
        return ZREG__SERVE_IO_GONE; /* the length was said: only an early end tells the peer */
    }
    return write_piece(connection, connection->loop->scratch, got, left > got);
}

static zreg__serve_io send_bytes(zreg__serve_connection *connection,
                                 const zreg__serve_response *response, uint64_t left)
{
    size_t most = left < ZREG__STREAM_BYTES ? (size_t)left : ZREG__STREAM_BYTES;
    const char *rest = left > 0 ? (const char *)response->bytes + connection->sent : "";
    return write_piece(connection, rest, most, left > most);
}

static bool sends_file(const zreg__serve_connection *connection)
{
    const zreg__serve_source *source = &connection->exchange->request.response.source;
    return source->size > 0 && source->descriptor >= 0 &&
           zreg__serve_channel_sends_files(&connection->channel);
}

zreg__serve_io zreg__serve_answer_send(zreg__serve_connection *connection)
{
    zreg__serve_response *response = &connection->exchange->request.response;
    uint64_t size = sent_size(connection->exchange);
    uint64_t begun = connection->moved;
    bool is_file = sends_file(connection);
    uint64_t turn = is_file ? FILE_TURN_BYTES : ZREG__SERVE_TURN_BYTES;
    zreg__serve_io io = ZREG__SERVE_IO_DONE;
    while (io == ZREG__SERVE_IO_DONE && (connection->out.size > 0 || connection->sent < size)) {
        uint64_t left = size - connection->sent;
        if (connection->moved - begun >= turn) {
            zreg__serve_turns_again(connection);
            return ZREG__SERVE_IO_WAIT;
        }
        if (left == 0 || response->source.size == 0) {
            io = send_bytes(connection, response, left);
        } else if (is_file) {
            io = send_file(connection, &response->source, left);
        } else {
            io = send_source(connection, &response->source, left);
        }
    }
    return io == ZREG__SERVE_IO_DONE ? zreg__serve_channel_flush(&connection->channel) : io;
}

void zreg__serve_answer_hold(zreg__serve_exchange *exchange)
{
    const zreg__serve_response *response = &exchange->request.response;
    if (response->holder != NULL && response->size > MIN_HELD_BYTES &&
        !zreg__serve_hold(&exchange->request, response->size)) {
        zreg__serve_answer_fault(exchange, 503, "too much is being sent; try again");
    }
}

void zreg__serve_answer_fault(zreg__serve_exchange *exchange, int status, const char *why)
{
    const zreg__serve_connection *connection = exchange->connection;
    zreg__serve *serve = connection->loop->serve;
    zreg__serve_response *response = &exchange->request.response;
    zreg__serve_reset_response(&exchange->request);
    response->status = status;
    response->close = true;
    if (connection->welcome != ZREG__SERVE_WELCOME_TOLD && !connection->is_too_many) {
        zreg__serve_counts_fault(serve, status); /* those are counted with connections */
    }
    if (status == 503) {
        zreg__serve_set_header(&exchange->request, "Retry-After", "1");
    }
    serve->calls->fault(&exchange->request, why, serve->user);
}
