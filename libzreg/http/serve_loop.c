/* SPDX-License-Identifier: Apache-2.0 */
/* One thread, its epoll, and its connections. Sockets are registered once, for edges. */
#include "http/serve_inner.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS 128

static void free_dead(zreg__serve_loop *loop)
{
    while (loop->dead != NULL) {
        zreg__serve_connection *next = loop->dead->next;
        free(loop->dead);
        loop->dead = next;
    }
}

static void take_from_work(zreg__serve_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    zreg__serve_connection *list = zreg__steal(&loop->from_work);
    pthread_mutex_unlock(&loop->lock);
    while (list != NULL) {
        zreg__serve_connection *next = list->next_done;
        zreg__serve_connection_resume(list);
        list = next;
    }
}

/* Somebody has woken this thread, for one thing or the other. */
static void take_from_others(zreg__serve_loop *loop)
{
    uint64_t count;
    ssize_t got = read(loop->wake, &count, sizeof(count));
    (void)got;
    zreg__serve_accept_handed(loop);
    take_from_work(loop);
}

/* ---- the turns ---- */

static void take_event(const struct epoll_event *event)
{
    zreg__serve_connection *connection = event->data.ptr;
    if (connection->stage == ZREG__SERVE_STAGE_CLOSED) {
        return;
    }
    zreg__serve_channel *channel = &connection->channel;
    bool is_over = (event->events & (EPOLLERR | EPOLLHUP)) != 0;
    channel->has_hangup |= is_over || (event->events & EPOLLRDHUP) != 0;
    channel->is_readable |= channel->has_hangup || (event->events & EPOLLIN) != 0;
    channel->is_writable |= is_over || (event->events & EPOLLOUT) != 0;
    if (is_over) {
        zreg__serve_gone_notice(connection);
    }
    zreg__serve_connection_run(connection);
}

static void run_queued(zreg__serve_loop *loop)
{
    zreg__serve_connection *list = zreg__steal(&loop->to_run);
    while (list != NULL) {
        zreg__serve_connection *connection = list;
        list = list->next;
        connection->is_queued = false;
        if (connection->stage == ZREG__SERVE_STAGE_CLOSED) {
            connection->next = loop->dead;
            loop->dead = connection;
        } else {
            zreg__serve_connection_run(connection);
        }
    }
}

static void expire(zreg__serve_loop *loop)
{
    for (int stage = 0; stage < ZREG__SERVE_STAGES; stage++) {
        zreg__serve_connection *first = loop->stages[stage].first;
        while (first != NULL && first->until_ms <= loop->now_ms) {
            zreg__serve_connection_expire(first);
            first = loop->stages[stage].first;
        }
    }
}

/* When the next time is over, or the server's socket is watched again, as epoll wants it. */
static int next_wait(const zreg__serve_loop *loop)
{
    uint64_t until = loop->watches_at_ms;
    for (int stage = 0; stage < ZREG__SERVE_STAGES; stage++) {
        const zreg__serve_connection *first = loop->stages[stage].first;
        until = first != NULL && first->until_ms < until ? first->until_ms : until;
    }
    if (loop->to_run != NULL || until <= loop->now_ms) {
        return 0;
    }
    return until == UINT64_MAX ? -1 : (int)(until - loop->now_ms);
}

static void close_stage(zreg__serve_loop *loop, zreg__serve_stage stage)
{
    while (loop->stages[stage].first != NULL) {
        zreg__serve_connection_close(loop->stages[stage].first);
    }
}

/* Once the server takes no more: those that are between requests go at once, and in the end all
 * but those whose request is at a worker. */
static void wind_down(zreg__serve_loop *loop)
{
    if (!atomic_load(&loop->serve->is_draining)) {
        return;
    }
    if (!loop->is_closing) {
        loop->is_closing = true;
        zreg__serve_accept_ignore(loop);
    }
    close_stage(loop, ZREG__SERVE_STAGE_PROXY);
    close_stage(loop, ZREG__SERVE_STAGE_HELLO);
    close_stage(loop, ZREG__SERVE_STAGE_IDLE);
    for (int stage = 0; atomic_load(&loop->serve->is_ending) && stage < ZREG__SERVE_STAGES;
         stage++) {
        if (stage != ZREG__SERVE_STAGE_WORK) {
            close_stage(loop, (zreg__serve_stage)stage);
        }
    }
}

static void take_turn(zreg__serve_loop *loop)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loop->epoll, events, EVENTS, next_wait(loop));
    loop->now_ms = zreg__clock_ms();
    zreg__counter_add(&loop->turns, 1);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == loop->serve) {
            zreg__serve_accept_some(loop);
        } else if (events[i].data.ptr == loop) {
            take_from_others(loop);
        } else {
            take_event(&events[i]);
        }
    }
    if (loop->watches_at_ms <= loop->now_ms) {
        zreg__serve_accept_watch(loop);
    }
    run_queued(loop);
    expire(loop);
    wind_down(loop);
    free_dead(loop);
}

static void *run_loop(void *argument)
{
    zreg__serve_loop *loop = argument;
    while (!loop->is_closing || !zreg__serve_door_is_shut(loop)) {
        take_turn(loop);
    }
    run_queued(loop); /* all of them are closed: what waited for its turn is dead */
    free_dead(loop);
    zreg__serve_turns_end(loop->serve);
    return NULL;
}

static bool watch_wake(zreg__serve_loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &event) == 0;
}

zreg_status zreg__serve_loop_open(zreg__serve_loop *loop, zreg_error *err)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->epoll < 0 || loop->wake < 0 || !zreg__serve_accept_watch(loop) || !watch_wake(loop)) {
        return zreg__fail_errno(err, errno, "an event thread of the server");
    }
    loop->scratch = malloc(ZREG__STREAM_BYTES);
    loop->cipher = (zreg__buf)ZREG__BUF(ZREG__SERVE_CIPHER_BYTES);
    loop->takes = loop->scratch != NULL;
    return loop->takes ? ZREG_OK : zreg__fail_nomem(err);
}

void zreg__serve_loop_init(zreg__serve_loop *loop, zreg__serve *serve)
{
    loop->serve = serve;
    loop->epoll = loop->wake = -1;
    pthread_mutex_init(&loop->lock, NULL);
}

zreg_status zreg__serve_loop_start(zreg__serve_loop *loop, zreg_error *err)
{
    sigset_t all, before;
    sigfillset(&all); /* SIGPIPE too, which writing for OpenSSL would raise */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&loop->thread, NULL, run_loop, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        return zreg__fail_errno(err, failed, "an event thread of the server");
    }
    loop->has_thread = true;
    return ZREG_OK;
}

static void free_exchanges(zreg__serve_loop *loop)
{
    while (loop->free_exchanges != NULL) {
        zreg__serve_exchange *next = loop->free_exchanges->next;
        zreg__buf_finish(&loop->free_exchanges->request.response.fields);
        free(loop->free_exchanges);
        loop->free_exchanges = next;
    }
}

void zreg__serve_loop_join(zreg__serve_loop *loop)
{
    if (loop->has_thread) {
        pthread_join(loop->thread, NULL);
        loop->has_thread = false;
    }
}

void zreg__serve_loop_finish(zreg__serve_loop *loop)
{
    zreg__serve_loop_join(loop);
    zreg__serve_accept_drop(loop);
    free_exchanges(loop);
    zreg__buf_finish(&loop->cipher);
    free(loop->scratch);
    if (loop->epoll >= 0) {
        close(loop->epoll);
    }
    if (loop->wake >= 0) {
        close(loop->wake);
    }
    pthread_mutex_destroy(&loop->lock);
}
