/* SPDX-License-Identifier: Apache-2.0 */
/** SIGINT, SIGTERM and SIGHUP: the first one ends the work in good order, the second one at once. SIGHUP has a
 *  server look at its files again. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <pthread.h>
#include <stdbool.h>
#include <zreg/cancel.h>

/** At the start: writing to who has gone is an error like others, and it is told how our children end, even
 *  where whoever started us ignores SIGCHLD. */
void signals_begin(void);

/** From now on the signals trigger `cancel`; NULL: they are as the system made them. What
 *  was ignored before is left so. */
void signals_cancel(zreg_cancel *cancel);

/** Ends the process by the signal that came since signals_cancel(); returns when none did. A shell goes on
 *  with its loop after a command that exits, and ends it after one that died of SIGINT. */
void signals_die(void);

/** Holds SIGHUP back while there is nothing yet to look at its files again; the others still end it. */
void signals_hold_hangup(void);

/** Holds the signals back, in this thread and all that it starts, for signals_wait. */
void signals_hold(void);

/** Waits for one of the signals, but no longer than `timeout_ms`. 0: none came, or
 *  signals_end_wait was called. */
int signals_wait(unsigned timeout_ms);

/** Ends a wait of that thread. */
void signals_end_wait(pthread_t thread);

#endif
