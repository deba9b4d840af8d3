/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is. Times are lists, one for each stage, since all that enter a stage get the same
 * time: the first of a list is the first to expire. */
#include "http/serve_inner.h"

#include "base/clock.h"
#include <sys/epoll.h>
#include <unistd.h>

static void leave_stage(zreg__serve_connection *connection)
{
    zreg__serve_loop *loop = connection->loop;
    bool is_first = loop->stages[connection->stage].first == connection;
    if (!is_first && connection->before == NULL) {
        return; /* it is in none yet */
    }
    zreg__counter_add(&loop->counts[connection->stage], UINT64_MAX); /* one less */
    if (is_first) {
        loop->stages[connection->stage].first = connection->after;
    } else {
        connection->before->after = connection->after;
    }
    if (connection->after != NULL) {
        connection->after->before = connection->before;
    } else if (loop->stages[connection->stage].last == connection) {
        loop->stages[connection->stage].last = connection->before;
    }
    connection->before = connection->after = NULL;
}

void zreg__serve_turns_enter(zreg__serve_connection *connection, zreg__serve_stage stage,
                             uint32_t time_ms)
{
    zreg__serve_loop *loop = connection->loop;
    leave_stage(connection);
    connection->stage = stage;
    connection->moved = 0;
    connection->until_ms = time_ms == 0 ? UINT64_MAX : loop->now_ms + time_ms;
    if (stage == ZREG__SERVE_STAGE_CLOSED) {
        return;
    }
    zreg__counter_add(&loop->counts[stage], 1);
    connection->before = loop->stages[stage].last;
    if (connection->before != NULL) {
        connection->before->after = connection;
    } else {
        loop->stages[stage].first = connection;
    }
    loop->stages[stage].last = connection;
}

void zreg__serve_turns_again(zreg__serve_connection *connection)
{
    if (!connection->is_queued) {
        connection->is_queued = true;
        connection->next = connection->loop->to_run;
        connection->loop->to_run = connection;
    }
}

/* A child that was forked meanwhile may have the socket too: it would be watched on, for a connection
 * that is no more. */
void zreg__serve_turns_hang_up(zreg__serve_connection *connection)
{
    epoll_ctl(connection->loop->epoll, EPOLL_CTL_DEL, connection->channel.fd, NULL);
    zreg__serve_channel_end(&connection->channel);
    zreg__serve_exchange_hold_channel(connection);
}

void zreg__serve_turns_bury(zreg__serve_connection *connection)
{
    zreg__serve_loop *loop = connection->loop;
    zreg__serve_door_leave(loop->serve, &connection->peer, connection->welcome);
    zreg__serve_door_release(loop);
    if (!connection->is_queued) { /* else it is buried when its turn comes */
        connection->next = loop->dead;
        loop->dead = connection;
    }
}

void zreg__serve_turns_wake(zreg__serve_loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wake, &one, sizeof(one));
    (void)written; /* a full counter wakes it as well */
}

void zreg__serve_turns_return(zreg__serve_connection *connection)
{
    zreg__serve_loop *loop = connection->loop;
    pthread_mutex_lock(&loop->lock);
    bool is_first = loop->from_work == NULL;
    connection->next_done = loop->from_work;
    loop->from_work = connection;
    pthread_mutex_unlock(&loop->lock);
    if (is_first) {
        zreg__serve_turns_wake(loop);
    }
}

const char *zreg__serve_turns_date(zreg__serve_loop *loop)
{
    int64_t now = zreg__clock_unix_s();
    if (now != loop->date_s) {
        loop->date_s = now;
        zreg__clock_http(loop->date, now);
    }
    return loop->date;
}

void zreg__serve_turns_end(zreg__serve *serve)
{
    pthread_mutex_lock(&serve->lock);
    serve->running_loops--;
    pthread_cond_broadcast(&serve->change);
    pthread_mutex_unlock(&serve->lock);
}
