/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where `zreg serve` writes its access log: a file, or a pipe or terminal that somebody reads.
 *
 * A pipe whose reader is slow or gone never holds up the server: lines that do not fit into it are
 * left out and counted, and the next line that fits is preceded by {"dropped":N}. Safe from many
 * threads.
 */
#ifndef CLI_ACCESS_LOG_H
#define CLI_ACCESS_LOG_H

#include "session.h"

typedef struct access_log access_log;

/** Opens it to add to its end. A pipe needs no reader yet. */
zreg_status access_log_open(session *s, access_log **out, const char *path);

/** Adds a line; a zreg_access_fn whose user is the log. */
void access_log_write(const char *line, void *log);

/** Accepts NULL. */
void access_log_close(access_log *log);

#endif
