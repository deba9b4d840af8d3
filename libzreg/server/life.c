/* SPDX-License-Identifier: Apache-2.0 */
#include "server/life.h"

#include "base/error.h"
#include "base/file.h"
#include "base/fork.h"
#include "base/mem.h"
#include "server/inside.h"
#include "server/server.h"
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>

void zreg__life_init(zreg__life *life)
{
    life->maker = getpid();
    life->holders = 1;
    pthread_mutex_init(&life->lock, NULL);
    pthread_mutex_init(&life->ending, NULL);
    pthread_cond_init(&life->left, NULL);
}

void zreg__life_finish(zreg__life *life)
{
    pthread_cond_destroy(&life->left);
    pthread_mutex_destroy(&life->ending);
    pthread_mutex_destroy(&life->lock);
}

/* --- callbacks */

static void begin_callback(zreg__life *life, zreg__life_callback *callback)
{
    callback->thread = pthread_self();
    pthread_mutex_lock(&life->lock);
    callback->next = life->callbacks;
    life->callbacks = callback;
    pthread_mutex_unlock(&life->lock);
}

static void end_callback(zreg__life *life, const zreg__life_callback *callback)
{
    pthread_mutex_lock(&life->lock);
    zreg__life_callback **at = &life->callbacks;
    while (*at != callback) {
        at = &(*at)->next;
    }
    *at = callback->next;
    pthread_mutex_unlock(&life->lock);
}

void zreg__life_log(zreg_log_level level, const char *line, void *user)
{
    zreg_server *server = user;
    zreg__life_callback callback;
    begin_callback(&server->life, &callback);
    server->life.log(level, line, server->life.log_user);
    end_callback(&server->life, &callback);
}

void zreg__life_access(zreg_server *server, const char *line)
{
    zreg__life_callback callback;
    begin_callback(&server->life, &callback);
    server->access(line, server->access_user);
    end_callback(&server->life, &callback);
}

static bool runs_callback(zreg__life *life)
{
    bool found = false;
    pthread_mutex_lock(&life->lock);
    for (const zreg__life_callback *at = life->callbacks; at != NULL; at = at->next) {
        found = found || pthread_equal(at->thread, pthread_self());
    }
    pthread_mutex_unlock(&life->lock);
    return found;
}

/* --- visitors and holders */

zreg_status zreg__server_enter(zreg__server_visit *out, zreg_server *server, zreg_error *err)
{
    zreg__life *life = &server->life;
    ZREG__TRY(zreg__fork_check(life->maker, "the server", err));
    pthread_mutex_lock(&life->lock);
    bool is_closed = life->is_closed;
    life->visitors += is_closed ? 0 : 1;
    pthread_mutex_unlock(&life->lock);
    if (is_closed) {
        return zreg__fail(err, ZREG_CANCELLED, "the server %s was stopped",
                          zreg_server_address(server));
    }
    out->server = server;
    return ZREG_OK;
}

void zreg__server_leave(zreg__server_visit *visit)
{
    if (visit->server == NULL) {
        return;
    }
    zreg__life *life = &visit->server->life;
    pthread_mutex_lock(&life->lock);
    if (--life->visitors == 0) {
        pthread_cond_broadcast(&life->left);
    }
    pthread_mutex_unlock(&life->lock);
}

static void wait_for_visitors(zreg__life *life)
{
    pthread_mutex_lock(&life->lock);
    life->is_closed = true;
    while (life->visitors > 0) {
        pthread_cond_wait(&life->left, &life->lock);
    }
    pthread_mutex_unlock(&life->lock);
}

zreg_server *zreg__server_share(zreg_server *server)
{
    pthread_mutex_lock(&server->life.lock);
    server->life.holders++;
    pthread_mutex_unlock(&server->life.lock);
    return server;
}

void zreg__server_release(zreg_server *server)
{
    pthread_mutex_lock(&server->life.lock);
    bool is_last = --server->life.holders == 0;
    pthread_mutex_unlock(&server->life.lock);
    if (is_last) {
        zreg__server_destroy(server);
    }
}

/* --- the end */

static zreg_status remove_root(zreg_server *server, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    pthread_mutex_lock(&server->life.ending);
    wait_for_visitors(&server->life);
    if (server->owns_root) {
        status = zreg__file_remove_tree(server->root, err);
        server->owns_root = status != ZREG_OK;
    }
    pthread_mutex_unlock(&server->life.ending);
    return status;
}

zreg_status zreg_server_stop(zreg_server *server, uint32_t grace_ms, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_check(server->life.maker, "the server", err));
    if (runs_callback(&server->life)) {
        return zreg__fail(err, ZREG_INVAL,
                          "the server %s cannot be stopped within its own callback, which its end "
                          "waits for; stop it on another thread",
                          zreg_server_address(server));
    }
    zreg__serve_stop(server->serve, grace_ms);
    return remove_root(server, err);
}

static void *end(void *argument)
{
    zreg_server *server = argument;
    if (server->serve != NULL) {
        zreg__serve_stop(server->serve, 0);
    }
    (void)remove_root(server, NULL);
    zreg__server_release(server);
    return NULL;
}

/* Within a callback only another thread can end the server. Without one it serves on, but nobody new. */
static void end_elsewhere(zreg_server *server)
{
    sigset_t all, before;
    pthread_attr_t detached;
    pthread_t thread;
    zreg__serve_drain(server->serve);
    sigfillset(&all);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)pthread_create(&thread, &detached, end, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
}

/* In a forked child: its copy of the socket is closed, so that the port is free when the parent stops,
 * and secrets go. All else may be locked, or half changed, by threads that are not here. */
static void forget(zreg_server *server)
{
    zreg__serve_forget(server->serve);
    OPENSSL_cleanse(server->token_key, sizeof(server->token_key));
    if (server->password != NULL) {
        OPENSSL_cleanse(server->password, strlen(server->password));
    }
    if (server->key_pem != NULL) {
        OPENSSL_cleanse(server->key_pem, strlen(server->key_pem));
    }
}

void zreg_server_free(zreg_server *server)
{
    if (server == NULL) {
        return;
    }
    if (zreg__forked(server->life.maker)) {
        forget(server);
    } else if (runs_callback(&server->life)) {
        end_elsewhere(server);
    } else {
        end(server);
    }
}
