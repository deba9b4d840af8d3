/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include <pthread.h>
#include <signal.h>

typedef struct task {
    struct task *next;
    zreg__pool_fn run;
    void *job;
} task;

struct zreg__pool {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work;  /* a task was queued, or the pool is closing */
    pthread_cond_t idle;  /* nothing is queued or running */
    task *first;
    task **last;
    pthread_t *threads;
    unsigned maximum;
    unsigned started;
    unsigned waiting; /* threads without a task */
    unsigned queued;
    int closing;
};

/* Takes the next task; NULL when the pool closes and nothing is left. Called with the lock. */
static task *take(zreg__pool *pool)
{
    while (pool->first == NULL && !pool->closing) {
        pool->waiting++;
        if (pool->waiting == pool->started) {
            pthread_cond_broadcast(&pool->idle);
        }
        pthread_cond_wait(&pool->work, &pool->lock);
        pool->waiting--;
    }
    task *next = pool->first;
    if (next != NULL) {
        pool->first = next->next;
        pool->last = pool->first == NULL ? &pool->first : pool->last;
        pool->queued--;
    }
    return next;
}

static void *work(void *argument)
{
    zreg__pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    for (task *next = take(pool); next != NULL; next = take(pool)) {
        pthread_mutex_unlock(&pool->lock);
        next->run(next->job);
        free(next);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static int start_thread(zreg__pool *pool)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&pool->threads[pool->started], NULL, work, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pool->started += failed == 0;
    return failed;
}

zreg_status zreg__pool_new(zreg__pool **out, unsigned threads, zreg_error *err)
{
    ZREG__AUTO_FREE zreg__pool *pool = zreg__new(zreg__pool);
    if (pool == NULL) {
        return zreg__fail_nomem(err);
    }
    pool->maximum = threads == 0 ? 1 : threads;
    pool->threads = zreg__calloc(pool->maximum, sizeof(pthread_t));
    if (pool->threads == NULL) {
        return zreg__fail_nomem(err);
    }
    pool->last = &pool->first;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = zreg__steal(&pool);
    return ZREG_OK;
}

zreg_status zreg__pool_submit(zreg__pool *pool, zreg__pool_fn run, void *job, zreg_error *err)
{
    ZREG__AUTO_FREE task *added = zreg__new(task);
    if (added == NULL) {
        return zreg__fail_nomem(err);
    }
    added->run = run;
    added->job = job;
    pthread_mutex_lock(&pool->lock);
    int failed = 0;
    if (pool->queued + 1 > pool->waiting && pool->started < pool->maximum) {
        failed = start_thread(pool);
    }
    if (pool->started > 0) {
        *pool->last = added;
        pool->last = &added->next;
        pool->queued++;
        added = NULL;
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return added == NULL ? ZREG_OK : zreg__fail_errno(err, failed, "start a thread");
}

static int is_idle(const zreg__pool *pool)
{
    return pool->queued == 0 && pool->waiting == pool->started;
}

int zreg__pool_wait(zreg__pool *pool, uint64_t timeout_ms)
{
    struct timespec deadline = zreg__clock_deadline(timeout_ms == UINT64_MAX ? 0 : timeout_ms);
    int expired = 0;
    pthread_mutex_lock(&pool->lock);
    while (!is_idle(pool) && expired == 0) {
        expired = timeout_ms == UINT64_MAX
                      ? pthread_cond_wait(&pool->idle, &pool->lock)
                      : pthread_cond_timedwait(&pool->idle, &pool->lock, &deadline);
    }
    int idle = is_idle(pool);
    pthread_mutex_unlock(&pool->lock);
    return idle;
}

void zreg__pool_free(zreg__pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->closing = 1;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->started; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}
