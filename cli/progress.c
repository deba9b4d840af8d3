/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#define WIDTH 24

void progress_start(progress *line, bool quiet)
{
    line->shown = !quiet && isatty(STDERR_FILENO);
}

void progress_bytes(char to[32], uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double value = (double)bytes / 1000;
    size_t unit = 0;
    if (bytes < 1000) {
        snprintf(to, 32, "%u B", (unsigned)bytes);
        return;
    }
    for (; value >= 999.95 && unit < 3; unit++) {
        value /= 1000;
    }
    snprintf(to, 32, "%.1f %s", value, units[unit]);
}

static void draw_bar(char bar[WIDTH + 1], uint64_t done, uint64_t total)
{
    double share = total == 0 ? 0 : (double)done / (double)total;
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < (int)(share * WIDTH) ? '#' : '.';
    }
    bar[WIDTH] = '\0';
}

int progress_draw(const zreg_progress *now, void *user)
{
    progress *line = user;
    char bar[WIDTH + 1];
    char done[32];
    char total[32];
    if (!line->shown) {
        return 0;
    }
    draw_bar(bar, now->bytes_done, now->bytes_total);
    progress_bytes(done, now->bytes_done);
    progress_bytes(total, now->bytes_total);
    fprintf(stderr, "\r\033[K%s [%s] %s of %s, %u of %u %.40s", now->phase, bar, done, total,
            (unsigned)now->blobs_done, (unsigned)now->blobs_total,
            now->item == NULL ? "" : now->item);
    fflush(stderr);
    line->drawn = true;
    return 0;
}

void progress_finish(progress *line)
{
    if (line->drawn) {
        fputs("\r\033[K", stderr);
        line->drawn = false;
    }
}
