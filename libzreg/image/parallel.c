/* SPDX-License-Identifier: Apache-2.0 */
#include "image/parallel.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/pool.h"
#include <pthread.h>
#include <stdbool.h>

/* How often the calling thread looks up; with the time a call takes to end, cancellation stays
 * within the 100 ms that are promised. */
#define TICK_MS 40
#define WATCH_EVERY_MS 100

typedef struct parallel {
    zreg__parallel_fn work;
    zreg__parallel_watch_fn watch; /* or NULL */
    void *user;
    size_t count;
    uint64_t watched_ms; /* the calling thread's */
    zreg_cancel *stop;
    pthread_mutex_t lock; /* guards all below */
    size_t next;
    zreg_status status;
    zreg_error error;
} parallel;

/* The next item; false when there is none, or the work is to end. */
static bool take(parallel *self, size_t *out)
{
    pthread_mutex_lock(&self->lock);
    bool more = self->status == ZREG_OK && self->next < self->count;
    *out = self->next;
    self->next += more;
    pthread_mutex_unlock(&self->lock);
    return more;
}

static void stop_with(parallel *self, zreg_status status, const zreg_error *error)
{
    pthread_mutex_lock(&self->lock);
    bool first = self->status == ZREG_OK;
    if (first) {
        self->status = status;
        self->error = *error;
    }
    pthread_mutex_unlock(&self->lock);
    zreg_cancel_trigger(self->stop);
}

static void worker(void *job, const zreg__worker *on)
{
    (void)on;
    parallel *self = job;
    for (size_t i = 0; take(self, &i);) {
        zreg_error error = {.code = ZREG_OK};
        zreg_status status = self->work(self->user, i, self->stop, &error);
        if (status != ZREG_OK) {
            stop_with(self, status, &error);
            return;
        }
    }
}

static bool has_stopped(parallel *self)
{
    pthread_mutex_lock(&self->lock);
    bool stopped = self->status != ZREG_OK;
    pthread_mutex_unlock(&self->lock);
    return stopped;
}

static zreg_status ask_watch(parallel *self, zreg_error *err)
{
    self->watched_ms = zreg__clock_ms();
    return self->watch == NULL || self->watch(self->user) == 0
               ? ZREG_OK
               : zreg__fail(err, ZREG_CALLBACK, "stopped by the progress callback");
}

/* Nobody is asked again once the work is to end. */
static void look_up(parallel *self, const zreg_cancel *cancel)
{
    zreg_error error = {.code = ZREG_OK};
    if (has_stopped(self)) {
        return;
    }
    zreg_status status = zreg__cancel_check(cancel, &error);
    if (status == ZREG_OK && zreg__clock_ms() - self->watched_ms >= WATCH_EVERY_MS) {
        status = ask_watch(self, &error);
    }
    if (status != ZREG_OK) {
        stop_with(self, status, &error);
    }
}

static zreg_status run_pool(parallel *self, unsigned threads, const zreg_cancel *cancel,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__pool) zreg__pool *pool = NULL;
    ZREG__TRY(zreg__pool_new(&pool, threads, 0, err));
    for (unsigned i = 0; i < threads; i++) {
        zreg_error error = {.code = ZREG_OK};
        zreg_status status = zreg__pool_submit(pool, 0, worker, self, &error);
        if (status != ZREG_OK) {
            stop_with(self, status, &error);
            break;
        }
    }
    while (!zreg__pool_wait(pool, TICK_MS)) {
        look_up(self, cancel);
    }
    return ZREG_OK;
}

static zreg_status run_until_stopped(parallel *self, unsigned threads, const zreg_cancel *cancel,
                                     zreg_error *err)
{
    ZREG__AUTO(zreg_cancel) zreg_cancel *stop = NULL;
    ZREG__TRY(zreg_cancel_new(&stop, err));
    self->stop = stop;
    ZREG__TRY(run_pool(self, threads, cancel, err));
    if (self->status == ZREG_OK) {
        return ask_watch(self, err);
    }
    (void)zreg__fail_again(err, &self->error);
    return self->status;
}

zreg_status zreg__parallel_run(size_t count, unsigned threads, zreg__parallel_fn work,
                               zreg__parallel_watch_fn watch, void *user, zreg_cancel *cancel,
                               zreg_error *err)
{
    ZREG__TRY(zreg__cancel_check(cancel, err));
    if (count == 0) {
        return ZREG_OK;
    }
    if (count == 1 && watch == NULL) {
        return work(user, 0, cancel, err);
    }
    parallel self = {
        .work = work, .watch = watch, .user = user, .count = count, .watched_ms = zreg__clock_ms()};
    pthread_mutex_init(&self.lock, NULL);
    zreg_status status =
        run_until_stopped(&self, count < threads ? (unsigned)count : threads, cancel, err);
    pthread_mutex_destroy(&self.lock);
    return status;
}
