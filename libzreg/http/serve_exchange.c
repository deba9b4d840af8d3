/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges are kept for the next request: at a few thousand requests a second their memory would
 * be asked for and given back as often. */
#include "http/serve_inner.h"

#include "base/clock.h"
#include "base/mem.h"
#include <stdarg.h>
#include <string.h>

#define MAX_FREE 64 /* kept by one loop */

/* Before a head is understood this is known of it: an answer to HEAD has no body, a refusal no less. */
static const char *method_so_far(const zreg__buf *in)
{
    static const char head[] = "\r\nHEAD ";
    size_t begin = in->size > 0 && in->data[0] == '\r' ? 0 : 2;
    size_t size = sizeof(head) - 1 - begin;
    return in->size >= size && memcmp(in->data, head + begin, size) == 0 ? "HEAD" : "";
}

zreg__serve_exchange *zreg__serve_exchange_new(zreg__serve_connection *connection)
{
    zreg__serve_loop *loop = connection->loop;
    zreg__serve_exchange *exchange = loop->free_exchanges;
    if (exchange != NULL) {
        loop->free_exchanges = exchange->next;
        loop->free_count--;
    } else {
        exchange = zreg__new(zreg__serve_exchange);
    }
    if (exchange == NULL) {
        return NULL;
    }
    zreg__buf fields = exchange->request.response.fields;
    fields.maximum = ZREG__SERVE_MAX_FIELDS_BYTES;
    exchange->request = (zreg__serve_request){
        .method = method_so_far(&connection->in),
        .target = "",
        .remote = connection->remote,
        .peer = &connection->peer,
        .client_name = connection->client_name,
        .is_tls = connection->channel.ssl != NULL || connection->is_tls_told,
        .started_ms = loop->now_ms,
        .loop = (unsigned)(loop - loop->serve->loops),
        .response.fields = fields,
    };
    connection->sent = 0;
    exchange->connection = connection;
    exchange->then = ZREG__SERVE_BODY;
    exchange->has_begun = exchange->awaits_100 = exchange->is_asked = false;
    atomic_store(&exchange->is_gone, false);
    exchange->chunks = (zreg__wire_chunks){.left = 0};
    exchange->received = exchange->held = 0;
    exchange->is_counted = false;
    return exchange;
}

void zreg__serve_exchange_end(zreg__serve_exchange *exchange, bool completed)
{
    zreg__serve_loop *loop = exchange->connection->loop;
    if (exchange->has_begun) {
        exchange->request.sent_bytes = exchange->connection->sent;
        loop->serve->calls->done(&exchange->request, completed, loop->serve->user);
    }
    zreg__serve_reset_response(&exchange->request);
    if (exchange->held > 0) {
        zreg__serve_crowd_give(loop->serve->holders, exchange->request.peer, exchange->held);
    }
    if (exchange->is_counted) {
        zreg__serve_crowd_give(loop->serve->crowd, &exchange->peer, 1);
    }
    if (loop->free_count == MAX_FREE) {
        zreg__buf_finish(&exchange->request.response.fields);
        free(exchange);
        return;
    }
    exchange->next = loop->free_exchanges;
    loop->free_exchanges = exchange;
    loop->free_count++;
}

bool zreg__serve_hold(zreg__serve_request *request, uint64_t bytes)
{
    zreg__serve_exchange *exchange = (zreg__serve_exchange *)request;
    const zreg__serve *serve = exchange->connection->loop->serve;
    if (!zreg__serve_crowd_take(serve->holders, request->peer, bytes)) {
        return false;
    }
    exchange->held += bytes;
    return true;
}

bool zreg__serve_exchange_hold_channel(zreg__serve_connection *connection)
{
    const zreg__serve *serve = connection->loop->serve;
    uint64_t held = zreg__serve_channel_held(&connection->channel);
    if (held == connection->held) {
        return true;
    }
    if (connection->held == 0) {
        connection->holder =
            connection->exchange == NULL ? connection->peer : *connection->exchange->request.peer;
    }
    if (held > connection->held &&
        !zreg__serve_crowd_take(serve->holders, &connection->holder, held - connection->held)) {
        return false;
    }
    if (held < connection->held) {
        zreg__serve_crowd_give(serve->holders, &connection->holder, connection->held - held);
    }
    connection->held = held;
    return true;
}

const char *zreg__serve_header(const zreg__serve_request *request, const char *name)
{
    return zreg__wire_head_field(&((const zreg__serve_exchange *)request)->head, name);
}

static bool begin_field(zreg__buf *fields, const char *name)
{
    return zreg__buf_text(fields, name, NULL) == ZREG_OK &&
           zreg__buf_append(fields, ": ", 2, NULL) == ZREG_OK;
}

static bool end_field(zreg__buf *fields)
{
    return zreg__buf_append(fields, "\r\n", 2, NULL) == ZREG_OK;
}

bool zreg__serve_set_header(zreg__serve_request *request, const char *name, const char *value)
{
    zreg__buf *fields = &request->response.fields;
    size_t before = fields->size;
    bool is_added = zreg__wire_head_is_value(value) && begin_field(fields, name) &&
                    zreg__buf_text(fields, value, NULL) == ZREG_OK && end_field(fields);
    fields->size = is_added ? fields->size : before;
    return is_added;
}

bool zreg__serve_vset_header(zreg__serve_request *request, const char *name, const char *format,
                             va_list arguments)
{
    zreg__buf *fields = &request->response.fields;
    size_t before = fields->size;
    if (begin_field(fields, name)) {
        size_t value = fields->size;
        if (zreg__buf_vprintf(fields, NULL, format, arguments) == ZREG_OK &&
            zreg__wire_head_is_value(fields->data + value) && end_field(fields)) {
            return true;
        }
    }
    fields->size = before;
    return false;
}

void zreg__serve_reset_response(zreg__serve_request *request)
{
    zreg__serve_response *response = &request->response;
    if (response->release != NULL) {
        response->release(response->holder);
    }
    if (response->source.object != NULL) {
        response->source.free(response->source.object);
    }
    zreg__buf fields = response->fields;
    zreg__buf_reset(&fields);
    *response = (zreg__serve_response){.fields = fields};
}
