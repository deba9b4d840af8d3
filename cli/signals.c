/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

/* A handler has no argument to find it by. */
static zreg_cancel *volatile triggered_by_signal;
static volatile sig_atomic_t told_to_end; /* the signal, or 0 */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

static void as_the_system_made_them(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    struct sigaction now;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < ENDS; i++) {
        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
            sigaction(ends[i], &action, NULL);
        }
    }
}

void signals_begin(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

/* The next one, whichever it is, ends the command at once. */
static void trigger(int number)
{
    int before = errno;
    told_to_end = number;
    as_the_system_made_them();
    zreg_cancel_trigger(triggered_by_signal);
    errno = before;
}

/* What is ignored stays so: that is how a shell starts jobs in the background, and nohup all. */
static void set_trigger(int number)
{
    struct sigaction action = {.sa_handler = trigger};
    struct sigaction now;
    sigfillset(&action.sa_mask);
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
        sigaction(number, &action, NULL);
    }
}

void signals_cancel(zreg_cancel *cancel)
{
    if (cancel == NULL) {
        as_the_system_made_them();
        return;
    }
    triggered_by_signal = cancel;
    for (int i = 0; i < ENDS; i++) {
        set_trigger(ends[i]);
    }
}

void signals_die(void)
{
    int number = told_to_end;
    sigset_t set;
    if (number != 0) {
        as_the_system_made_them();
        raise(number);
        sigemptyset(&set);
        sigaddset(&set, number);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
    }
}

/* What nobody sends us from outside: it ends a wait. */
#define END_OF_WAIT SIGUSR2

static void the_signals(sigset_t *set)
{
    sigemptyset(set);
    for (int i = 0; i < ENDS; i++) {
        sigaddset(set, ends[i]);
    }
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
