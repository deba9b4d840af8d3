/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at a server, and how it ends. */
#include "base/error.h"
#include "base/file.h"
#include "base/fork.h"
#include "base/mem.h"
#include "server/inside.h"
#include "server/metrics.h"
#include "server/mounts.h"
#include "server/server.h"
#include "server/slots.h"
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>

/* --- holders and visitors */

zreg_server *zreg__server_share(zreg_server *server)
{
    zreg__life_hold(&server->life);
    return server;
}

static void destroy(zreg_server *server)
{
    zreg__serve_free(server->monitor);
    zreg__serve_free(server->serve);
    zreg__store_close(server->whole_store);
    zreg__users_free(server->users);
    zreg__rights_free(server->rights);
    zreg__authority_free(server->authority);
    zreg__passwords_free(server->passwords);
    zreg__metrics_free(server->metrics);
    zreg__origins_free(server->origins);
    zreg__slots_free(server->slots);
    zreg__mounts_free(server->mounts);
    OPENSSL_cleanse(server->run_key, sizeof(server->run_key));
    zreg__free_secret(server->password);
    zreg__free_secret(server->key_pem);
    free(server->username);
    free(server->cert_pem);
    free(server->fingerprint);
    free(server->address);
    free(server->monitor_address);
    free(server->public_base);
    free(server->root);
    pthread_mutex_destroy(&server->lock);
    pthread_mutex_destroy(&server->reloading);
    zreg__health_finish(&server->health);
    zreg__life_finish(&server->life);
    free(server);
}

void zreg__server_release(zreg_server *server)
{
    if (zreg__life_release(&server->life)) {
        destroy(server);
    }
}

zreg_status zreg__server_enter(zreg__server_visit *out, zreg_server *server, zreg_error *err)
{
    ZREG__TRY(zreg__fork_check(server->life.maker, "the server", err));
    if (!zreg__life_enter(&server->life)) {
        return zreg__fail(err, ZREG_CANCELLED, "the server %s was stopped", server->address);
    }
    out->server = server;
    return ZREG_OK;
}

void zreg__server_leave(zreg__server_visit *visit)
{
    if (visit->server != NULL) {
        zreg__life_leave(&visit->server->life);
    }
}

/* --- the end */

static zreg_status remove_root(zreg_server *server, zreg_error *err)
{
    zreg_status status = ZREG_OK;
    pthread_mutex_lock(&server->life.ending);
    zreg__life_close(&server->life);
    if (server->owns_root) {
        status = zreg__file_remove_tree(server->root, err);
        server->owns_root = status != ZREG_OK;
    }
    pthread_mutex_unlock(&server->life.ending);
    return status;
}

/* Those who watch are answered to the end. */
static void stop_serving(zreg_server *server, uint32_t grace_ms)
{
    atomic_store(&server->is_draining, true);
    if (server->serve != NULL) {
        zreg__serve_stop(server->serve, grace_ms);
    }
    if (server->monitor != NULL) {
        zreg__serve_stop(server->monitor, 0);
    }
}

zreg_status zreg_server_stop(zreg_server *server, uint32_t grace_ms, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_check(server->life.maker, "the server", err));
    if (zreg__life_runs_callback(&server->life)) {
        return zreg__fail(err, ZREG_INVAL,
                          "the server %s cannot be stopped within its own callback, which its end "
                          "waits for; stop it on another thread",
                          server->address);
    }
    stop_serving(server, grace_ms);
    return remove_root(server, err);
}

static void *end(void *argument)
{
    zreg_server *server = argument;
    stop_serving(server, 0);
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
    atomic_store(&server->is_draining, true);
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
    if (server->monitor != NULL) {
        zreg__serve_forget(server->monitor);
    }
    OPENSSL_cleanse(server->run_key, sizeof(server->run_key));
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
    } else if (zreg__life_runs_callback(&server->life)) {
        end_elsewhere(server);
    } else {
        end(server);
    }
}
