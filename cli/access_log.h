/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where `zreg serve` writes its access log and its audit log: a file, or a pipe or terminal that somebody reads.
 *
 * A pipe whose reader is slow or gone never holds up the server: lines that do not fit into it are
 * left out and counted, and the next line that fits, or the end, is preceded by {"dropped":N}. Half a
 * line at the end of a file is left alone: what follows is a line of its own. Safe from many threads.
 */
#ifndef CLI_ACCESS_LOG_H
#define CLI_ACCESS_LOG_H

#include "session.h"

typedef struct access_log access_log;

/** Opens `path`, which this option names, to add to its end; NULL: `*out` stays. A pipe needs no
 *  reader yet. */
zreg_status access_log_open(session *s, access_log **out, const char *option, const char *path);

/** Opens the same path again, for access_log_change or access_log_leave; NULL: -1, which is fine for
 *  both. */
zreg_status access_log_open_again(session *s, int *out, const access_log *log);

void access_log_leave(int fd);

/** Writes there from now on, so that a file that was renamed is left behind. NULL is fine. */
void access_log_change(access_log *log, int fd);

/** Adds a line; a zreg_access_fn whose user is the log. */
void access_log_write(const char *line, void *log);

/** Accepts NULL. */
void access_log_close(access_log *log);

#endif
