/* SPDX-License-Identifier: Apache-2.0 */
#include "server/life.h"

void zreg__life_init(zreg__life *life, zreg__maker maker)
{
    life->maker = maker;
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
    zreg__life *life = user;
    zreg__life_callback callback;
    begin_callback(life, &callback);
    life->log(level, line, life->log_user);
    end_callback(life, &callback);
}

void zreg__life_access(zreg__life *life, const char *line)
{
    zreg__life_callback callback;
    begin_callback(life, &callback);
    life->access(line, life->access_user);
    end_callback(life, &callback);
}

void zreg__life_audit(zreg__life *life, const char *line)
{
    zreg__life_callback callback;
    begin_callback(life, &callback);
    life->audit(line, life->audit_user);
    end_callback(life, &callback);
}

bool zreg__life_runs_callback(zreg__life *life)
{
    bool found = false;
    pthread_mutex_lock(&life->lock);
    for (const zreg__life_callback *at = life->callbacks; at != NULL; at = at->next) {
        found = found || pthread_equal(at->thread, pthread_self());
    }
    pthread_mutex_unlock(&life->lock);
    return found;
}

/* --- holders and visitors */

void zreg__life_hold(zreg__life *life)
{
    pthread_mutex_lock(&life->lock);
    life->holders++;
    pthread_mutex_unlock(&life->lock);
}

bool zreg__life_release(zreg__life *life)
{
    pthread_mutex_lock(&life->lock);
    bool is_last = --life->holders == 0;
    pthread_mutex_unlock(&life->lock);
    return is_last;
}

bool zreg__life_enter(zreg__life *life)
{
    pthread_mutex_lock(&life->lock);
    bool is_open = !life->is_closed;
    life->visitors += is_open ? 1 : 0;
    pthread_mutex_unlock(&life->lock);
    return is_open;
}

void zreg__life_leave(zreg__life *life)
{
    pthread_mutex_lock(&life->lock);
    if (--life->visitors == 0) {
        pthread_cond_broadcast(&life->left);
    }
    pthread_mutex_unlock(&life->lock);
}

void zreg__life_close(zreg__life *life)
{
    pthread_mutex_lock(&life->lock);
    life->is_closed = true;
    while (life->visitors > 0) {
        pthread_cond_wait(&life->left, &life->lock);
    }
    pthread_mutex_unlock(&life->lock);
}
