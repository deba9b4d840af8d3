/* SPDX-License-Identifier: Apache-2.0 */
/** A line on standard error that shows how far the work is; only on a terminal, and never wider than it. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <zreg/common.h>

typedef struct progress {
    bool shown; /* somebody looks */
    bool drawn; /* there is a line to be wiped */
} progress;

void progress_start(progress *line, bool quiet);

/** zreg_progress_fn; `user` is the progress. */
int progress_draw(const zreg_progress *now, void *user);

/** Wipes the line. */
void progress_finish(progress *line);

/** "12.3 MB"; `to` has room for 32. */
void progress_bytes(char to[32], uint64_t bytes);

#endif
