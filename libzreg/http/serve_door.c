/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in, so many in all, so many of each address; and to which thread. A proxy that is trusted
 * is no client: what it speaks for is counted in its place. */
#include "http/serve_inner.h"

#define MIN_TURNED_AWAY 8
#define MAX_TURNED_AWAY 64

unsigned zreg__serve_most_turned_away(unsigned connections)
{
    unsigned half = connections / 2;
    return half < MIN_TURNED_AWAY   ? MIN_TURNED_AWAY
           : half < MAX_TURNED_AWAY ? half
                                    : MAX_TURNED_AWAY;
}

bool zreg__serve_door_trusts(const zreg__serve *serve, const zreg__address *address)
{
    return zreg__address_is_of(address, serve->proxies, serve->proxy_count);
}

zreg__serve_welcome zreg__serve_door_enter(zreg__serve *serve, const zreg__address *peer)
{
    if (atomic_fetch_add(&serve->connections, 1) < serve->limits.connections) {
        if (zreg__serve_door_trusts(serve, peer)) {
            return ZREG__SERVE_WELCOME_PROXY;
        }
        if (zreg__serve_crowd_take(serve->crowd, peer, 1)) {
            return ZREG__SERVE_WELCOME_CLIENT;
        }
    }
    atomic_fetch_sub(&serve->connections, 1);
    atomic_fetch_add(&serve->shut_out, 1);
    /* Under TLS there is nobody to tell before a handshake, which is what cannot be afforded. */
    if (!serve->is_tls && atomic_fetch_add(&serve->turned_away, 1) <
                              zreg__serve_most_turned_away(serve->limits.connections)) {
        return ZREG__SERVE_WELCOME_TOLD;
    }
    atomic_fetch_sub(&serve->turned_away, serve->is_tls ? 0 : 1);
    return ZREG__SERVE_WELCOME_NONE;
}

zreg__serve_loop *zreg__serve_door_assign(zreg__serve_loop *loop)
{
    zreg__serve *serve = loop->serve;
    zreg__serve_loop *chosen = loop;
    pthread_mutex_lock(&serve->lock);
    for (unsigned i = 0; i < serve->loop_count; i++) {
        zreg__serve_loop *other = &serve->loops[i];
        if (other->takes && other->connections < chosen->connections) {
            chosen = other;
        }
    }
    chosen->connections++; /* at once: two threads that accept must not choose the same one */
    pthread_mutex_unlock(&serve->lock);
    return chosen;
}

bool zreg__serve_door_is_shut(zreg__serve_loop *loop)
{
    pthread_mutex_lock(&loop->serve->lock);
    loop->takes = loop->connections > 0;
    bool is_shut = !loop->takes;
    pthread_mutex_unlock(&loop->serve->lock);
    return is_shut;
}

void zreg__serve_door_release(zreg__serve_loop *loop)
{
    pthread_mutex_lock(&loop->serve->lock);
    loop->connections--;
    pthread_mutex_unlock(&loop->serve->lock);
}

void zreg__serve_door_leave(zreg__serve *serve, const zreg__address *peer, zreg__serve_welcome how)
{
    if (how == ZREG__SERVE_WELCOME_TOLD) {
        atomic_fetch_sub(&serve->turned_away, 1);
        return;
    }
    if (how == ZREG__SERVE_WELCOME_NONE) {
        return;
    }
    if (how == ZREG__SERVE_WELCOME_CLIENT) {
        zreg__serve_crowd_give(serve->crowd, peer, 1);
    }
    atomic_fetch_sub(&serve->connections, 1);
}
