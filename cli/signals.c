/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

/* A handler has no argument to find it by. */
static zreg_cancel *volatile triggered_by_signal;

static void trigger(int number)
{
    (void)number;
    zreg_cancel_trigger(triggered_by_signal);
}

void signals_cancel(zreg_cancel *cancel)
{
    struct sigaction action = {.sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    action.sa_handler = cancel == NULL ? SIG_DFL : trigger;
    if (cancel != NULL) {
        triggered_by_signal = cancel;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* What nobody sends us from outside: it ends a wait. */
#define END_OF_WAIT SIGUSR2

static void the_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigaddset(set, END_OF_WAIT);
}

void signals_hold_hangup(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void signals_hold(void)
{
    sigset_t set;
    the_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int signals_wait(unsigned timeout_ms)
{
    sigset_t set;
    int number;
    const struct timespec most = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    the_signals(&set);
    do {
        number = sigtimedwait(&set, NULL, &most);
    } while (number < 0 && errno == EINTR);
    return number < 0 || number == END_OF_WAIT ? 0 : number;
}

void signals_end_wait(pthread_t thread)
{
    pthread_kill(thread, END_OF_WAIT);
}
