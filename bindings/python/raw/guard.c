/* SPDX-License-Identifier: Apache-2.0 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "guard.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next three */
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static unsigned inside;
static int closed;
static __thread unsigned depth;

int guard_enter(void)
{
    pthread_mutex_lock(&lock);
    int open = !closed;
    inside += open ? 1 : 0;
    pthread_mutex_unlock(&lock);
    depth += open ? 1 : 0;
    return open;
}

void guard_leave(void)
{
    depth--;
    pthread_mutex_lock(&lock);
    if (--inside == 0) {
        pthread_cond_broadcast(&left);
    }
    pthread_mutex_unlock(&lock);
}

int guard_inside(void)
{
    return depth > 0;
}

void guard_close(void)
{
    pthread_mutex_lock(&lock);
    closed = 1;
    while (inside > depth) { /* a callback may be what ends Python */
        pthread_cond_wait(&left, &lock);
    }
    pthread_mutex_unlock(&lock);
}

void guard_forked(void)
{
    static const pthread_mutex_t new_lock = PTHREAD_MUTEX_INITIALIZER;
    static const pthread_cond_t new_left = PTHREAD_COND_INITIALIZER;
    lock = new_lock;
    left = new_left;
    inside = depth;
}

int guard_elsewhere(void)
{
    return PyThreadState_Get()->interp != PyInterpreterState_Main();
}

/* What SWIG makes has state of its process: in a second interpreter it would use the first one's. When that
 * one has imported it already, this is not called, and __init__.py asks. */
PyObject *guarded_init(void);
PyMODINIT_FUNC PyInit__libzreg(void)
{
    if (guard_elsewhere()) {
        PyErr_SetString(
            PyExc_ImportError,
            "zreg works in the main interpreter only, not in a subinterpreter: import it "
            "there, or in a process of its own");
        return NULL;
    }
    return guarded_init();
}
