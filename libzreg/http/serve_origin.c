/* SPDX-License-Identifier: Apache-2.0 */
/* For whom a connection or a request speaks, where a trusted proxy stands before it. */
#include "http/serve_inner.h"

#include "base/error.h"
#include "base/mem.h"
#include "http/wire_proxy.h"
#include "http/wire_way.h"
#include <string.h>

/* ---- the PROXY protocol: of a connection ---- */

/* As far as the size is known. */
static size_t whole_size(const zreg__buf *in)
{
    return in->size < ZREG__WIRE_PROXY_BEGIN ? ZREG__WIRE_PROXY_BEGIN
                                             : zreg__wire_proxy_size(in->data);
}

static bool take_proxy(zreg__serve_connection *connection)
{
    zreg__wire_proxy told;
    zreg__serve *serve = connection->loop->serve;
    if (!zreg__wire_proxy_parse(&told, connection->in.data, connection->in.size)) {
        return false;
    }
    zreg__buf_finish(&connection->in);
    connection->is_relayed = !told.is_local;
    connection->is_tls_told = told.is_tls;
    if (told.has_client) {
        bool may = zreg__serve_crowd_take(serve->crowd, &told.client, 1);
        connection->peer = told.client;
        connection->is_too_many = !may;
        atomic_fetch_add(&serve->shut_out, may ? 0 : 1);
        connection->welcome = may ? ZREG__SERVE_WELCOME_CLIENT : connection->welcome;
        zreg__address_print(connection->remote, &told.client);
    }
    return true;
}

zreg__serve_io zreg__serve_origin_read_proxy(zreg__serve_connection *connection)
{
    zreg__buf *in = &connection->in;
    size_t whole = whole_size(in);
    while (in->size < whole) {
        size_t got;
        if (zreg__buf_room(in, whole - in->size, NULL) != ZREG_OK) {
            return ZREG__SERVE_IO_GONE;
        }
        zreg__serve_io io = zreg__serve_channel_receive(&got, &connection->channel,
                                                        in->data + in->size, whole - in->size);
        in->size += got;
        if (io != ZREG__SERVE_IO_DONE) {
            return io;
        }
        whole = whole_size(in);
    }
    return whole > 0 && take_proxy(connection) ? ZREG__SERVE_IO_DONE : ZREG__SERVE_IO_GONE;
}

/* ---- Forwarded: of a request ---- */

static const char *keep(char *to, size_t capacity, zreg__span text)
{
    if (text.text == NULL || text.size >= capacity) {
        return NULL;
    }
    memcpy(to, text.text, text.size);
    to[text.size] = '\0';
    return to;
}

static void take_way(zreg__serve_exchange *exchange, const zreg__wire_way *way)
{
    zreg__serve_request *request = &exchange->request;
    request->host = keep(exchange->host, sizeof(exchange->host), way->host);
    request->prefix = keep(exchange->prefix, sizeof(exchange->prefix), way->prefix);
    if (way->scheme.text != NULL) {
        request->is_tls = zreg__span_is_nocase(way->scheme, "https");
    }
}

/* Whether a proxy wrote the fields of its requests. A client whom the PROXY protocol names may be a
 * proxy before the one that did; one that it cannot name has the address of that one, and is none. */
static bool is_of_proxy(const zreg__serve_connection *connection)
{
    bool is_unnamed = connection->is_relayed && connection->welcome == ZREG__SERVE_WELCOME_PROXY;
    return !is_unnamed && zreg__serve_door_trusts(connection->loop->serve, &connection->peer);
}

int zreg__serve_origin_of_request(zreg__serve_exchange *exchange)
{
    zreg__wire_way way;
    zreg__serve_connection *connection = exchange->connection;
    zreg__serve *serve = connection->loop->serve;
    exchange->request.authority = exchange->head.authority;
    if (!is_of_proxy(connection)) {
        return 0;
    }
    if (!zreg__wire_way_read(&way, &exchange->head, &connection->peer, serve->proxies,
                             serve->proxy_count)) {
        return 400;
    }
    take_way(exchange, &way);
    if (memcmp(way.client.bytes, connection->peer.bytes, sizeof(way.client.bytes)) == 0) {
        return 0;
    }
    exchange->peer = way.client;
    zreg__address_print(exchange->remote, &way.client);
    exchange->request.remote = exchange->remote;
    exchange->request.peer = &exchange->peer;
    exchange->is_counted = zreg__serve_crowd_take(serve->crowd, &way.client, 1);
    return exchange->is_counted ? 0 : 503;
}

zreg_status zreg__serve_origin_read_proxies(zreg__serve *serve, const char *const *texts,
                                            zreg_error *err)
{
    size_t count = 0;
    while (texts != NULL && texts[count] != NULL) {
        count++;
    }
    serve->proxies = zreg__calloc(count + 1, sizeof(*serve->proxies));
    if (serve->proxies == NULL) {
        return zreg__fail_nomem(err);
    }
    for (; serve->proxy_count < count; serve->proxy_count++) {
        ZREG__TRY(zreg__address_network(&serve->proxies[serve->proxy_count],
                                        texts[serve->proxy_count], err));
    }
    return ZREG_OK;
}
