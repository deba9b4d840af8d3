/* SPDX-License-Identifier: Apache-2.0 */
/* Whichever thread is awake accepts, and hands each socket to the thread with the fewest connections:
 * left to chance, most of a few that stay would be one thread's while another is idle. */
#include "http/serve_inner.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS 32 /* in one turn */
#define PAUSE_MS 20

/* A socket on its way to its thread. */
struct zreg__serve_arrival {
    zreg__serve_arrival *next;
    int fd;
    zreg__address peer;
    zreg__serve_welcome welcome;
};

/* Said, where it costs nothing, and not left hanging. */
static void shut_out(const zreg__serve *serve, int fd)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    if (!serve->is_tls) {
        send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    shutdown(fd, SHUT_WR);
    close(fd);
}

/* ---- without descriptors ---- */

/* One that was lost comes back as soon as there is one. */
static void keep_spare(zreg__serve *serve)
{
    if (atomic_load(&serve->spare) < 0) {
        pthread_rwlock_wrlock(&serve->spare_lock);
        if (atomic_load(&serve->spare) < 0) {
            atomic_store(&serve->spare, open("/dev/null", O_RDONLY | O_CLOEXEC));
        }
        pthread_rwlock_unlock(&serve->spare_lock);
    }
}

/* There are no more descriptors: the one kept for this takes the peer's place for a moment, in which
 * somebody may open a file and it is lost. False: there is none. */
static bool shut_out_without_descriptors(zreg__serve *serve)
{
    pthread_rwlock_wrlock(&serve->spare_lock);
    int spare = atomic_load(&serve->spare);
    if (spare >= 0) {
        close(spare);
        int fd = accept4(serve->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            atomic_fetch_add(&serve->shut_out, 1);
            shut_out(serve, fd);
        }
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
        atomic_store(&serve->spare, spare);
    }
    pthread_rwlock_unlock(&serve->spare_lock);
    return spare >= 0;
}

static bool lacks_descriptors(int failed)
{
    return failed == EMFILE || failed == ENFILE;
}

static bool lacks_memory(int failed)
{
    return failed == ENOMEM || failed == ENOBUFS;
}

bool zreg__serve_accept_watch(zreg__serve_loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = loop->serve};
    bool is_watched = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->serve->socket, &event) == 0;
    loop->watches_at_ms = is_watched ? UINT64_MAX : loop->now_ms + PAUSE_MS;
    return is_watched;
}

void zreg__serve_accept_ignore(zreg__serve_loop *loop)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->serve->socket, NULL);
    loop->watches_at_ms = UINT64_MAX;
}

/* What waits at the socket would wake this thread again at once. */
static void pause_accepting(zreg__serve_loop *loop)
{
    zreg__serve_accept_ignore(loop);
    loop->watches_at_ms = loop->now_ms + PAUSE_MS;
}

static void failed_accept(zreg__serve_loop *loop, int failed)
{
    if ((lacks_descriptors(failed) && !shut_out_without_descriptors(loop->serve)) ||
        lacks_memory(failed)) {
        pause_accepting(loop);
    }
}

/* ---- new connections ---- */

static void forget(zreg__serve_loop *loop, const zreg__serve_arrival *arrival)
{
    zreg__serve_door_leave(loop->serve, &arrival->peer, arrival->welcome);
    zreg__serve_door_release(loop);
}

static void begin(zreg__serve_loop *loop, const zreg__serve_arrival *arrival)
{
    int one = 1;
    setsockopt(arrival->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    zreg__serve_connection *connection =
        zreg__serve_connection_new(loop, arrival->fd, &arrival->peer, arrival->welcome);
    if (connection == NULL) {
        forget(loop, arrival);
        return;
    }
    zreg__counter_add(&loop->accepted, arrival->welcome == ZREG__SERVE_WELCOME_TOLD ? 0 : 1);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = connection};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, arrival->fd, &event) != 0) {
        zreg__serve_connection_close(connection);
    } else if (arrival->welcome == ZREG__SERVE_WELCOME_TOLD) {
        zreg__serve_connection_turn_away(connection);
    } else {
        zreg__serve_turns_again(connection);
    }
}

/* Without memory for that the connection ends here. */
static void hand_over(zreg__serve_loop *to, const zreg__serve_arrival *arrival)
{
    zreg__serve_arrival *handed = zreg__new(zreg__serve_arrival);
    if (handed == NULL) {
        close(arrival->fd);
        forget(to, arrival);
        return;
    }
    *handed = *arrival;
    pthread_mutex_lock(&to->lock);
    bool is_first = to->arrivals == NULL;
    handed->next = to->arrivals;
    to->arrivals = handed;
    pthread_mutex_unlock(&to->lock);
    if (is_first) {
        zreg__serve_turns_wake(to);
    }
}

/* The next of those that were handed over, to be freed; NULL: there is none. */
static zreg__serve_arrival *next_handed(zreg__serve_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    zreg__serve_arrival *arrival = loop->arrivals;
    if (arrival != NULL) {
        loop->arrivals = arrival->next;
    }
    pthread_mutex_unlock(&loop->lock);
    return arrival;
}

void zreg__serve_accept_handed(zreg__serve_loop *loop)
{
    zreg__serve_arrival *arrival;
    while ((arrival = next_handed(loop)) != NULL) {
        begin(loop, arrival);
        free(arrival);
    }
}

void zreg__serve_accept_drop(zreg__serve_loop *loop)
{
    zreg__serve_arrival *arrival;
    while ((arrival = next_handed(loop)) != NULL) {
        close(arrival->fd);
        forget(loop, arrival);
        free(arrival);
    }
}

static void take(zreg__serve_loop *loop, zreg__serve_arrival *arrival)
{
    arrival->welcome = zreg__serve_door_enter(loop->serve, &arrival->peer);
    if (arrival->welcome == ZREG__SERVE_WELCOME_NONE) {
        shut_out(loop->serve, arrival->fd);
        return;
    }
    zreg__serve_loop *chosen = zreg__serve_door_assign(loop);
    if (chosen == loop) {
        begin(loop, arrival);
    } else {
        hand_over(chosen, arrival);
    }
}

/* Not in the moment in which another thread has given up the spare one, for it alone. */
static int accept_one(zreg__serve *serve, struct sockaddr_storage *peer)
{
    socklen_t size = sizeof(*peer);
    pthread_rwlock_rdlock(&serve->spare_lock);
    int fd = accept4(serve->socket, (struct sockaddr *)peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int failed = errno;
    pthread_rwlock_unlock(&serve->spare_lock);
    errno = failed;
    return fd;
}

void zreg__serve_accept_some(zreg__serve_loop *loop)
{
    zreg__serve *serve = loop->serve;
    keep_spare(serve);
    for (int i = 0; i < ACCEPTS && !loop->is_closing; i++) {
        struct sockaddr_storage socket;
        zreg__serve_arrival arrival = {.next = NULL};
        arrival.fd = accept_one(serve, &socket);
        if (arrival.fd < 0) {
            failed_accept(loop, errno);
            return;
        }
        zreg__address_of_socket(&arrival.peer, (const struct sockaddr *)&socket);
        take(loop, &arrival);
    }
}
