/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_inner.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

zreg_status zreg__serve_new(zreg__serve **out, const zreg__serve_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__serve) zreg__serve *serve = zreg__new(zreg__serve);
    if (serve == NULL) {
        return zreg__fail_nomem(err);
    }
    serve->socket = -1;
    serve->threads = options->threads;
    serve->log = options->log;
    serve->calls = options->calls;
    serve->user = options->user;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&serve->lock, NULL);
    pthread_cond_init(&serve->change, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ZREG__TRY(zreg__pool_new(&serve->workers, options->worker_threads, err));
    ZREG__TRY(zreg__serve_listen(serve, options->listen, err));
    *out = zreg__steal(&serve);
    return ZREG_OK;
}

const char *zreg__serve_host(const zreg__serve *serve)
{
    return serve->host;
}

uint16_t zreg__serve_port(const zreg__serve *serve)
{
    return serve->port;
}

static void on_log(void *user, const char *format, va_list arguments) ZREG__PRINTF(2, 0);

static void on_log(void *user, const char *format, va_list arguments)
{
    const zreg__serve *serve = user;
    char line[512];
    vsnprintf(line, sizeof(line), format, arguments);
    line[strcspn(line, "\n")] = '\0';
    zreg__log_line(&serve->log, ZREG_LOG_DEBUG, "http: %s", line);
}

static enum MHD_Result may_connect(void *user, const struct sockaddr *address, socklen_t size)
{
    zreg__serve *serve = user;
    (void)address;
    (void)size;
    return atomic_load(&serve->is_draining) ? MHD_NO : MHD_YES;
}

static struct MHD_Daemon *start_daemon(zreg__serve *serve, const char *cert_pem,
                                       const char *key_pem)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)cert_pem},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)key_pem},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)serve->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (cert_pem != NULL ? MHD_USE_TLS : 0);
    return MHD_start_daemon(
        flags, 0, may_connect, serve, zreg__serve_on_access, serve, MHD_OPTION_EXTERNAL_LOGGER,
        on_log, serve, MHD_OPTION_LISTEN_SOCKET, serve->socket, MHD_OPTION_URI_LOG_CALLBACK,
        zreg__serve_on_target, serve, MHD_OPTION_NOTIFY_COMPLETED, zreg__serve_on_done, serve,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, ZREG__MAX_CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)ZREG__MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)ZREG__MAX_CONNECTION_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
        serve->threads > 1 ? pool : none, MHD_OPTION_ARRAY, cert_pem != NULL ? tls : none,
        MHD_OPTION_END);
}

zreg_status zreg__serve_start(zreg__serve *serve, const char *cert_pem, const char *key_pem,
                              zreg_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    serve->is_tls = cert_pem != NULL;
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the threads inherit it */
    serve->daemon = start_daemon(serve, cert_pem, key_pem);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (serve->daemon == NULL) {
        return cert_pem != NULL ? zreg__fail(err, ZREG_INVAL,
                                             "TLS does not start; are certificate and key PEM, "
                                             "and of one pair?")
                                : zreg__fail(err, ZREG_NET, "the HTTP server does not start");
    }
    return ZREG_OK;
}

static void wait_for_requests(zreg__serve *serve)
{
    pthread_mutex_lock(&serve->lock);
    for (uint64_t now = zreg__clock_ms(); serve->running > 0 && now < serve->until_ms;
         now = zreg__clock_ms()) {
        struct timespec deadline = zreg__clock_deadline(serve->until_ms - now);
        pthread_cond_timedwait(&serve->change, &serve->lock, &deadline);
    }
    serve->is_closed = true;
    pthread_mutex_unlock(&serve->lock);
}

/* True for the one thread that has to stop it. Others make it hurry, and wait until it has stopped. */
static bool begin_stop(zreg__serve *serve, uint32_t grace_ms)
{
    uint64_t until = zreg__clock_ms() + grace_ms;
    pthread_mutex_lock(&serve->lock);
    bool is_first = serve->daemon != NULL && !serve->is_stopping;
    if (is_first || until < serve->until_ms) {
        serve->until_ms = until;
        pthread_cond_broadcast(&serve->change);
    }
    serve->is_stopping = serve->is_stopping || is_first;
    while (!is_first && serve->daemon != NULL) {
        pthread_cond_wait(&serve->change, &serve->lock);
    }
    pthread_mutex_unlock(&serve->lock);
    return is_first;
}

static void end_stop(zreg__serve *serve)
{
    pthread_mutex_lock(&serve->lock);
    serve->daemon = NULL;
    serve->socket = -1;
    pthread_cond_broadcast(&serve->change);
    pthread_mutex_unlock(&serve->lock);
}

void zreg__serve_stop(zreg__serve *serve, uint32_t grace_ms)
{
    if (!begin_stop(serve, grace_ms)) {
        return;
    }
    /* Not MHD_quiesce_daemon: it and an event thread may both take the socket out of epoll, and
     * the second of them aborts the process (0.9.75). */
    zreg__serve_drain(serve);
    wait_for_requests(serve);
    /* libmicrohttpd cannot stop while a connection sleeps, so what workers have comes first. */
    zreg__pool_wait(serve->workers, UINT64_MAX);
    MHD_stop_daemon(serve->daemon); /* closes the socket */
    end_stop(serve);
}

void zreg__serve_drain(zreg__serve *serve)
{
    atomic_store(&serve->is_draining, true);
}

void zreg__serve_forget(zreg__serve *serve)
{
    if (serve->socket >= 0) {
        close(serve->socket);
        serve->socket = -1;
    }
}

void zreg__serve_free(zreg__serve *serve)
{
    if (serve == NULL) {
        return;
    }
    zreg__serve_stop(serve, 0);
    if (serve->socket >= 0) {
        close(serve->socket);
    }
    zreg__pool_free(serve->workers);
    pthread_cond_destroy(&serve->change);
    pthread_mutex_destroy(&serve->lock);
    free(serve);
}
