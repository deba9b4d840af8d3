/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#define NICENESS 5 /* a third of the share of who has none */

struct zreg__worker {
    const zreg__pool *pool;
};

typedef struct task {
    struct task *next;
    zreg__pool_fn run;
    void *job;
} task;

/* Who has jobs here, waiting or running. */
typedef struct source {
    struct source *next;
    uint64_t key;
    task *first;
    task **last;
    unsigned count; /* that wait */
    unsigned running;
} source;

struct zreg__pool {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work;  /* a task was queued, or the pool is closing */
    pthread_cond_t idle;  /* nothing is queued or running */
    source *sources;      /* in the order of their turns */
    pthread_t *threads;
    unsigned maximum;
    unsigned started;
    unsigned waiting; /* threads without a task */
    unsigned queued;
    unsigned most_queued; /* 0: any number */
    int closing;
    bool gives_way; /* set before the first thread */
};

/* Where the queue ends, one source has half of the threads at most. */
static bool may_run(const zreg__pool *pool, const source *of)
{
    unsigned most = pool->most_queued == 0 ? pool->maximum : (pool->maximum + 1) / 2;
    return of->first != NULL && of->running < most;
}

/* Where the next source whose turn it is hangs; NULL: there is none. */
static source **find_turn(zreg__pool *pool)
{
    source **at = &pool->sources;
    while (*at != NULL && !may_run(pool, *at)) {
        at = &(*at)->next;
    }
    return *at == NULL ? NULL : at;
}

static void move_to_end(source **at)
{
    source *moved = *at;
    *at = moved->next;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    moved->next = NULL;
    *at = moved;
}

/* Takes the next task and whose it is; NULL when the pool closes and nothing is left that no other
 * thread will take. Called with the lock. */
static task *take(source **out_of, zreg__pool *pool)
{
    source **at;
    while ((at = find_turn(pool)) == NULL && !pool->closing) {
        pool->waiting++;
        if (pool->waiting == pool->started) {
            pthread_cond_broadcast(&pool->idle);
        }
        pthread_cond_wait(&pool->work, &pool->lock);
        pool->waiting--;
    }
    if (at == NULL) {
        return NULL;
    }
    source *of = *out_of = *at;
    task *taken = of->first;
    of->first = taken->next;
    of->last = of->first == NULL ? &of->first : of->last;
    of->count--;
    of->running++;
    pool->queued--;
    move_to_end(at);
    return taken;
}

/* A job of this source has ended: another may run, or the source has none any more. */
static void give_back(zreg__pool *pool, source *of)
{
    of->running--;
    if (of->running > 0 || of->first != NULL) {
        pthread_cond_signal(&pool->work);
        return;
    }
    source **at = &pool->sources;
    while (*at != of) {
        at = &(*at)->next;
    }
    *at = of->next;
    free(of);
}

/* To Linux a thread has a niceness of its own. Where it cannot be set, all are alike as before. */
static void give_way(void)
{
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICENESS);
}

static void *work(void *argument)
{
    zreg__pool *pool = argument;
    if (pool->gives_way) {
        give_way();
    }
    const zreg__worker self = {pool};
    source *of;
    pthread_mutex_lock(&pool->lock);
    for (task *next = take(&of, pool); next != NULL; next = take(&of, pool)) {
        pthread_mutex_unlock(&pool->lock);
        next->run(next->job, &self);
        free(next);
        pthread_mutex_lock(&pool->lock);
        give_back(pool, of);
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

zreg_status zreg__pool_new(zreg__pool **out, unsigned threads, unsigned queue, zreg_error *err)
{
    ZREG__AUTO_FREE zreg__pool *pool = zreg__new(zreg__pool);
    if (pool == NULL) {
        return zreg__fail_nomem(err);
    }
    pool->maximum = threads == 0 ? 1 : threads;
    pool->most_queued = queue;
    pool->threads = zreg__calloc(pool->maximum, sizeof(pthread_t));
    if (pool->threads == NULL) {
        return zreg__fail_nomem(err);
    }
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

void zreg__pool_give_way(zreg__pool *pool)
{
    pool->gives_way = true;
}

/* Whether one more job of this source may wait. Threads without a task take what is queued at once.
 * A source may have no more than it leaves to others: one alone half of the queue, so that there is
 * always room for who comes with a first one. */
static bool has_room(const zreg__pool *pool, const source *of)
{
    unsigned free_threads = pool->waiting + pool->maximum - pool->started;
    unsigned most = pool->most_queued + free_threads;
    unsigned left = pool->queued < most ? most - pool->queued : 0;
    return pool->most_queued == 0 || (left > 0 && (of == NULL || of->count <= left));
}

/* Where the source of this key hangs, or will. */
static source **find_source(zreg__pool *pool, uint64_t key)
{
    source **at = &pool->sources;
    while (*at != NULL && (*at)->key != key) {
        at = &(*at)->next;
    }
    return at;
}

static source *new_source(uint64_t key)
{
    source *made = zreg__new(source);
    if (made != NULL) {
        made->key = key;
        made->last = &made->first;
    }
    return made;
}

static void add_task(zreg__pool *pool, source *to, task *added)
{
    *to->last = added;
    to->last = &added->next;
    to->count++;
    pool->queued++;
    pthread_cond_signal(&pool->work);
}

/* Called with the lock. */
static zreg_status add(zreg__pool *pool, uint64_t key, task **added, zreg_error *err)
{
    int failed = 0;
    source **at = find_source(pool, key);
    if (!has_room(pool, *at)) {
        return zreg__fail(err, ZREG_BUSY, "%u jobs wait already", pool->queued);
    }
    if (pool->queued + 1 > pool->waiting && pool->started < pool->maximum) {
        failed = start_thread(pool);
    }
    if (pool->started == 0) {
        return zreg__fail_errno(err, failed, "start a thread");
    }
    *at = *at == NULL ? new_source(key) : *at;
    if (*at == NULL) {
        return zreg__fail_nomem(err);
    }
    add_task(pool, *at, zreg__steal(added));
    return ZREG_OK;
}

zreg_status zreg__pool_submit(zreg__pool *pool, uint64_t key, zreg__pool_fn run, void *job,
                              zreg_error *err)
{
    ZREG__AUTO_FREE task *added = zreg__new(task);
    if (added == NULL) {
        return zreg__fail_nomem(err);
    }
    added->run = run;
    added->job = job;
    pthread_mutex_lock(&pool->lock);
    zreg_status status = add(pool, key, &added, err);
    pthread_mutex_unlock(&pool->lock);
    return status;
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

void zreg__pool_count(unsigned *out_waiting, unsigned *out_running, zreg__pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    *out_waiting = pool->queued;
    *out_running = pool->started - pool->waiting;
    pthread_mutex_unlock(&pool->lock);
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
