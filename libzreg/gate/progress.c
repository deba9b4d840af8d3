/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/progress.h"

static int forward(const zreg_progress *copy, void *user)
{
    zreg__progress *progress = user;
    progress->last = *copy;
    zreg_progress sum = {
        .phase = progress->phase,
        .item = progress->item,
        .bytes_done = progress->before.bytes_done + copy->bytes_done,
        .bytes_total = progress->before.bytes_total + copy->bytes_total,
        .blobs_done = progress->before.blobs_done + copy->blobs_done,
        .blobs_total = progress->before.blobs_total + copy->blobs_total,
    };
    return progress->write(&sum, progress->user);
}

void zreg__progress_begin(zreg__progress *progress, zreg_copy_options *options, const char *item)
{
    progress->item = item;
    progress->last = (zreg_progress){0};
    options->progress = progress->write == NULL ? NULL : forward;
    options->progress_user = progress;
}

void zreg__progress_end(zreg__progress *progress)
{
    progress->before.bytes_done += progress->last.bytes_done;
    progress->before.bytes_total += progress->last.bytes_total;
    progress->before.blobs_done += progress->last.blobs_done;
    progress->before.blobs_total += progress->last.blobs_total;
}
