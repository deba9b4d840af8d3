/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How long a server lives. It has an owner, who stops and frees it; holders, such as an endpoint of a
 * copy, for whom its memory stays; visitors, who are at its store this moment and for whom its end
 * waits; and callbacks, within which it cannot be ended, since its end waits for them.
 */
#ifndef ZREG_SERVER_LIFE_H
#define ZREG_SERVER_LIFE_H

#include "base/fork.h"

#include <pthread.h>
#include <stdbool.h>
#include <zreg/server.h>

/** One callback that is running, on the stack of the thread it runs on. */
typedef struct zreg__life_callback {
    struct zreg__life_callback *next;
    pthread_t thread;
} zreg__life_callback;

typedef struct zreg__life {
    zreg__maker maker;
    zreg_log_fn log; /* the owner's callbacks, or NULL */
    void *log_user;
    zreg_access_fn access;
    void *access_user;
    zreg_audit_fn audit;
    void *audit_user;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t left;  /* the last visitor has left */
    unsigned holders;
    unsigned visitors;
    bool is_closed; /* nobody may visit any more */
    zreg__life_callback *callbacks;
    pthread_mutex_t ending; /* held by the one that ends it */
} zreg__life;

void zreg__life_init(zreg__life *life, zreg__maker maker);
void zreg__life_finish(zreg__life *life);

/** A zreg_log_fn: calls the owner's log, and notes that a callback runs; `user` is the life. */
void zreg__life_log(zreg_log_level level, const char *line, void *user);

/** Calls the owner's access callback with a line, and notes the same. */
void zreg__life_access(zreg__life *life, const char *line);

/** The same for the audit callback. */
void zreg__life_audit(zreg__life *life, const char *line);

/** Whether a callback runs on this very thread. */
bool zreg__life_runs_callback(zreg__life *life);

/** A holder more; and one less: true when it was the last. */
void zreg__life_hold(zreg__life *life);
bool zreg__life_release(zreg__life *life);

/** A visitor more, unless it is closed (false); and one less. */
bool zreg__life_enter(zreg__life *life);
void zreg__life_leave(zreg__life *life);

/** Lets nobody in any more, and waits until the last visitor has left. */
void zreg__life_close(zreg__life *life);

#endif
