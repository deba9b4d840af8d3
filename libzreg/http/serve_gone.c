/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that leave while a worker has their request, which nobody can take from it: their place is free
 * at once, and the rest goes when the worker is done. A reset says that a peer is gone. An end does not:
 * it may wait for its answer. An answer before the answer tells, since to bytes for one that is gone its
 * system says so. */
#include "http/serve_inner.h"

static void free_place(zreg__serve_connection *connection)
{
    zreg__serve *serve = connection->loop->serve;
    zreg__serve_exchange *exchange = connection->exchange;
    zreg__serve_turns_hang_up(connection);
    zreg__serve_door_leave(serve, &connection->peer, connection->welcome);
    connection->welcome = ZREG__SERVE_WELCOME_NONE;
    if (exchange->is_counted) {
        exchange->is_counted = false;
        zreg__serve_crowd_give(serve->crowd, &exchange->peer, 1);
    }
}

void zreg__serve_gone_notice(zreg__serve_connection *connection)
{
    if (connection->exchange == NULL) {
        return;
    }
    bool is_news = !atomic_exchange(&connection->exchange->is_gone, true);
    if (is_news && connection->stage == ZREG__SERVE_STAGE_WORK) {
        free_place(connection);
    }
}

static bool may_ask(const zreg__serve_connection *connection)
{
    const zreg__serve_exchange *exchange = connection->exchange;
    return connection->channel.has_hangup && !exchange->is_asked && !exchange->head.is_http_1_0 &&
           !atomic_load(&exchange->is_gone);
}

void zreg__serve_gone_ask(zreg__serve_connection *connection)
{
    static const char text[] = "HTTP/1.1 102 Processing\r\n\r\n";
    const struct iovec pieces[2] = {{(void *)text, sizeof(text) - 1}, {NULL, 0}};
    if (may_ask(connection)) {
        size_t sent;
        zreg__serve_io io = zreg__serve_channel_write(&sent, &connection->channel, pieces, false);
        connection->exchange->is_asked = sent > 0;
        if (io == ZREG__SERVE_IO_GONE || (sent > 0 && sent < sizeof(text) - 1)) {
            zreg__serve_gone_notice(connection);
        }
    }
    zreg__serve_turns_enter(connection, ZREG__SERVE_STAGE_WORK, ZREG__SERVE_ASK_MS);
}

/* Whoever sends requests and leaves at once would fill the queue of a lane within the time above. */
void zreg__serve_gone_ask_many(zreg__serve_loop *loop)
{
    zreg__serve_connection *next = loop->stages[ZREG__SERVE_STAGE_WORK].first;
    zreg__serve_connection *last = loop->stages[ZREG__SERVE_STAGE_WORK].last;
    if (zreg__counter_get(&loop->counts[ZREG__SERVE_STAGE_WORK]) < ZREG__SERVE_ASK_MANY ||
        ++loop->handed % ZREG__SERVE_ASK_MANY != 0) {
        return;
    }
    while (next != NULL) {
        zreg__serve_connection *connection = next;
        next = connection == last ? NULL : connection->after;
        if (may_ask(connection)) {
            zreg__serve_gone_ask(connection);
        }
    }
}
