/* SPDX-License-Identifier: Apache-2.0 */
#include "store/guard.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include <pthread.h>

struct zreg__guards {
    pthread_mutex_t lock;
    zreg__map *by_repository;
};

struct zreg__guard {
    zreg__guards *guards;
    char *repository;
    unsigned visitors;    /* there or waiting; under the lock of all */
    pthread_mutex_t door; /* who waits to be alone closes it, so that nobody overtakes him */
    pthread_rwlock_t visits;
    pthread_mutex_t tags;
};

zreg_status zreg__guards_new(zreg__guards **out, zreg_error *err)
{
    zreg__guards *guards = zreg__new(zreg__guards);
    if (guards == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg_status status = zreg__map_new(&guards->by_repository, NULL, err);
    if (status != ZREG_OK) {
        free(guards);
        return status;
    }
    pthread_mutex_init(&guards->lock, NULL);
    *out = guards;
    return ZREG_OK;
}

void zreg__guards_free(zreg__guards *guards)
{
    if (guards != NULL) {
        zreg__map_free(guards->by_repository);
        pthread_mutex_destroy(&guards->lock);
        free(guards);
    }
}

static void destroy(zreg__guard *guard)
{
    pthread_mutex_destroy(&guard->door);
    pthread_rwlock_destroy(&guard->visits);
    pthread_mutex_destroy(&guard->tags);
    free(guard->repository);
    free(guard);
}

static zreg__guard *make(zreg__guards *guards, const char *repository)
{
    zreg__guard *guard = zreg__new(zreg__guard);
    if (guard == NULL) {
        return NULL;
    }
    guard->guards = guards;
    guard->repository = zreg__strdup(repository);
    pthread_mutex_init(&guard->door, NULL);
    pthread_rwlock_init(&guard->visits, NULL);
    pthread_mutex_init(&guard->tags, NULL);
    if (guard->repository == NULL ||
        zreg__map_set(guards->by_repository, repository, guard, NULL) != ZREG_OK) {
        destroy(guard);
        return NULL;
    }
    return guard;
}

zreg_status zreg__guard_enter(zreg__guard **out, zreg__guards *guards, const char *repository,
                              bool alone, zreg_error *err)
{
    pthread_mutex_lock(&guards->lock);
    zreg__guard *guard = zreg__map_get(guards->by_repository, repository);
    guard = guard != NULL ? guard : make(guards, repository);
    if (guard != NULL) {
        guard->visitors++;
    }
    pthread_mutex_unlock(&guards->lock);
    if (guard == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_lock(&guard->door);
    if (alone) {
        pthread_rwlock_wrlock(&guard->visits);
    } else {
        pthread_rwlock_rdlock(&guard->visits);
    }
    pthread_mutex_unlock(&guard->door);
    *out = guard;
    return ZREG_OK;
}

void zreg__guard_leave(zreg__guard *guard)
{
    if (guard == NULL) {
        return;
    }
    zreg__guards *guards = guard->guards;
    pthread_rwlock_unlock(&guard->visits);
    pthread_mutex_lock(&guards->lock);
    bool is_last = --guard->visitors == 0;
    if (is_last) {
        zreg__map_remove(guards->by_repository, guard->repository);
    }
    pthread_mutex_unlock(&guards->lock);
    if (is_last) {
        destroy(guard);
    }
}

void zreg__guard_lock_tags(zreg__guard *guard)
{
    pthread_mutex_lock(&guard->tags);
}

void zreg__guard_unlock_tags(zreg__guard *guard)
{
    pthread_mutex_unlock(&guard->tags);
}
