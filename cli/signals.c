/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <signal.h>
#include <stddef.h>

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

static void the_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void signals_hold(void)
{
    sigset_t set;
    the_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void signals_wait(void)
{
    sigset_t set;
    int number = 0;
    the_signals(&set);
    while (sigwait(&set, &number) != 0) {
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
