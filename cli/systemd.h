/* SPDX-License-Identifier: Apache-2.0 */
/** What systemd and a service say to each other: sd_notify(3) and sd_listen_fds(3), by their protocols.
 *  Without systemd nothing is said. */
#ifndef CLI_SYSTEMD_H
#define CLI_SYSTEMD_H

#include "session.h"

/** The socket that was passed, or 0. INVAL: there are several. */
zreg_status systemd_socket(session *s, int *out);

/** It serves, for the first time or after a reload; `address` is shown by systemctl status. */
void systemd_ready(const char *address);

void systemd_reloading(void);

/** It ends, within `grace_ms`. */
void systemd_stopping(uint32_t grace_ms);

/** How often systemd_alive has to be called; UINT_MAX: never. */
unsigned systemd_watchdog_ms(void);

/** Nothing, where no watchdog waits for it. */
void systemd_alive(void);

#endif
