/* SPDX-License-Identifier: Apache-2.0 */
/** SIGINT and SIGTERM: the first one ends the work in good order, the second one the process. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <zreg/cancel.h>

/** From now on the signals trigger `cancel`; NULL: they are as the system made them. */
void signals_cancel(zreg_cancel *cancel);

/** Holds the signals back, in this thread and all that it starts, until signals_wait. */
void signals_hold(void);

/** Waits for one of the signals. */
void signals_wait(void);

#endif
