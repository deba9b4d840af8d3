/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_inner.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "http/serve_tls.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void init_lock(zreg__serve *serve)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&serve->lock, NULL);
    pthread_rwlock_init(&serve->spare_lock, NULL);
    pthread_cond_init(&serve->change, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/* No part of a request may last longer than the whole. */
static void shorten(zreg__serve_limits *limits)
{
    uint32_t *parts[] = {&limits->head_ms, &limits->body_ms, &limits->answer_ms};
    for (size_t i = 0; i < ZREG__COUNT(parts) && limits->total_ms > 0; i++) {
        *parts[i] = *parts[i] < limits->total_ms ? *parts[i] : limits->total_ms;
    }
}

zreg_status zreg__serve_new(zreg__serve **out, const zreg__serve_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__serve) zreg__serve *serve = zreg__new(zreg__serve);
    if (serve == NULL) {
        return zreg__fail_nomem(err);
    }
    serve->socket = -1;
    atomic_store(&serve->spare, -1);
    serve->log = options->log;
    serve->calls = options->calls;
    serve->user = options->user;
    serve->limits = options->limits;
    shorten(&serve->limits);
    serve->has_proxy_protocol = options->has_proxy_protocol;
    init_lock(serve);
    serve->loops = zreg__calloc(options->threads, sizeof(*serve->loops));
    if (serve->loops == NULL) {
        return zreg__fail_nomem(err);
    }
    serve->loop_count = options->threads;
    for (unsigned i = 0; i < serve->loop_count; i++) {
        zreg__serve_loop_init(&serve->loops[i], serve);
    }
    for (; serve->lane_count < options->lane_count; serve->lane_count++) {
        const zreg__serve_lane *lane = &options->lanes[serve->lane_count];
        ZREG__TRY(
            zreg__pool_new(&serve->lanes[serve->lane_count], lane->threads, lane->queue, err));
        zreg__pool_give_way(serve->lanes[serve->lane_count]); /* event threads serve many at once */
    }
    ZREG__TRY(zreg__serve_origin_read_proxies(serve, options->trusted_proxies, err));
    ZREG__TRY(zreg__serve_crowd_new(&serve->crowd, serve->limits.connections_per_network, err));
    ZREG__TRY(zreg__serve_crowd_new_shared(&serve->holders, serve->limits.held_bytes, err));
    ZREG__TRY(options->descriptor > 0 ? zreg__serve_listen_on(serve, options->descriptor, err)
                                      : zreg__serve_listen(serve, options->listen, err));
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

static zreg_status start_tls(zreg__serve *serve, const zreg__serve_tls *tls, zreg_error *err)
{
    serve->method = zreg__serve_channel_method();
    if (serve->method == NULL) {
        return zreg__fail_nomem(err);
    }
    return zreg__serve_tls_new(&serve->tls, tls, err);
}

zreg_status zreg__serve_start(zreg__serve *serve, const zreg__serve_tls *tls, zreg_error *err)
{
    serve->is_tls = tls != NULL;
    if (serve->is_tls) {
        ZREG__TRY(start_tls(serve, tls, err));
    }
    atomic_store(&serve->spare, open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (unsigned i = 0; i < serve->loop_count; i++) {
        ZREG__TRY(zreg__serve_loop_open(&serve->loops[i], err));
    }
    for (unsigned i = 0; i < serve->loop_count; i++) {
        pthread_mutex_lock(&serve->lock);
        serve->running_loops++;
        pthread_mutex_unlock(&serve->lock);
        zreg_status status = zreg__serve_loop_start(&serve->loops[i], err);
        if (status != ZREG_OK) {
            zreg__serve_turns_end(serve);
            return status;
        }
    }
    return ZREG_OK;
}

static void wake_all(zreg__serve *serve)
{
    for (unsigned i = 0; i < serve->loop_count; i++) {
        if (serve->loops[i].has_thread) {
            zreg__serve_turns_wake(&serve->loops[i]);
        }
    }
}

/* True for the one thread that has to stop it. Others make it hurry, and wait until it has stopped. */
static bool begin_stop(zreg__serve *serve, uint32_t grace_ms)
{
    uint64_t until = zreg__clock_ms() + grace_ms;
    pthread_mutex_lock(&serve->lock);
    bool is_first = !serve->is_stopped && !serve->is_stopping;
    if (is_first || until < serve->until_ms) {
        serve->until_ms = until;
        pthread_cond_broadcast(&serve->change);
    }
    serve->is_stopping = serve->is_stopping || is_first;
    while (!is_first && !serve->is_stopped) {
        pthread_cond_wait(&serve->change, &serve->lock);
    }
    pthread_mutex_unlock(&serve->lock);
    return is_first;
}

static void wait_for_loops(zreg__serve *serve)
{
    pthread_mutex_lock(&serve->lock);
    for (uint64_t now = zreg__clock_ms(); serve->running_loops > 0 && now < serve->until_ms;
         now = zreg__clock_ms()) {
        struct timespec deadline = zreg__clock_deadline(serve->until_ms - now);
        pthread_cond_timedwait(&serve->change, &serve->lock, &deadline);
    }
    pthread_mutex_unlock(&serve->lock);
}

static void end_stop(zreg__serve *serve)
{
    pthread_mutex_lock(&serve->lock);
    serve->is_stopped = true;
    pthread_cond_broadcast(&serve->change);
    pthread_mutex_unlock(&serve->lock);
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0) {
        close(*descriptor);
        *descriptor = -1;
    }
}

void zreg__serve_stop(zreg__serve *serve, uint32_t grace_ms)
{
    if (!begin_stop(serve, grace_ms)) {
        return;
    }
    zreg__serve_drain(serve);
    wait_for_loops(serve);
    atomic_store(&serve->is_ending, true);
    wake_all(serve);
    for (unsigned i = 0; i < serve->loop_count; i++) {
        zreg__serve_loop_join(&serve->loops[i]);
    }
    close_descriptor(&serve->socket);
    end_stop(serve);
}

bool zreg__serve_run(zreg__serve *serve, unsigned lane, zreg__pool_fn run, void *job)
{
    return zreg__pool_submit(serve->lanes[lane], 0, run, job, NULL) == ZREG_OK;
}

void zreg__serve_drain(zreg__serve *serve)
{
    atomic_store(&serve->is_draining, true);
    if (!serve->is_borrowed) {
        shutdown(serve->socket, SHUT_RD); /* a proxy in front turns elsewhere when it is refused */
    }
    wake_all(serve);
}

void zreg__serve_forget(zreg__serve *serve)
{
    close_descriptor(&serve->socket);
}

zreg_status zreg__serve_set_tls(zreg__serve *serve, const zreg__serve_tls *tls, zreg_error *err)
{
    SSL_CTX *made;
    ZREG__TRY(zreg__serve_tls_new(&made, tls, err));
    pthread_mutex_lock(&serve->lock);
    SSL_CTX *before = serve->tls;
    serve->tls = made;
    pthread_mutex_unlock(&serve->lock);
    SSL_CTX_free(before); /* connections hold what they began with */
    return ZREG_OK;
}

void zreg__serve_free(zreg__serve *serve)
{
    if (serve == NULL) {
        return;
    }
    zreg__serve_stop(serve, 0);
    for (size_t i = 0; i < serve->lane_count; i++) {
        zreg__pool_free(serve->lanes[i]);
    }
    for (unsigned i = 0; i < serve->loop_count; i++) {
        zreg__serve_loop_finish(&serve->loops[i]);
    }
    free(serve->loops);
    SSL_CTX_free(serve->tls);
    BIO_meth_free(serve->method);
    zreg__serve_crowd_free(serve->crowd);
    zreg__serve_crowd_free(serve->holders);
    free(serve->proxies);
    close_descriptor(&serve->socket);
    int spare = atomic_load(&serve->spare);
    close_descriptor(&spare);
    pthread_rwlock_destroy(&serve->spare_lock);
    pthread_cond_destroy(&serve->change);
    pthread_mutex_destroy(&serve->lock);
    free(serve);
}
