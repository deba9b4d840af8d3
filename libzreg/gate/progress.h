/* SPDX-License-Identifier: Apache-2.0 */
/** Progress of a step that copies several images: the copies' own reports under the step's name,
 *  with the bytes and blobs of the copies before added. */
#ifndef ZREG_GATE_PROGRESS_H
#define ZREG_GATE_PROGRESS_H

#include <zreg/copy.h>

typedef struct zreg__progress {
    const char *phase;
    const char *item;       /* the image that is copied now */
    zreg_progress_fn write; /* the caller's; NULL: nobody listens */
    void *user;
    zreg_progress before; /* sums of the finished copies */
    zreg_progress last;   /* the running copy's last report */
} zreg__progress;

/** Starts the report of one copy: sets its callback in `options`. */
void zreg__progress_begin(zreg__progress *progress, zreg_copy_options *options, const char *item);

/** Adds the finished copy to the sums. */
void zreg__progress_end(zreg__progress *progress);

#endif
