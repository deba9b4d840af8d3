/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include "columns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The widest bar, the narrowest that tells anything, and the columns left to what is worked on. */
enum { BAR = 24, LEAST_BAR = 4, ITEM = 20, LINE_BYTES = 512 };

/* A terminal that cannot wipe a line would be filled with them. */
static bool can_wipe(void)
{
    const char *terminal = getenv("TERM");
    return terminal == NULL || strcmp(terminal, "dumb") != 0;
}

void progress_start(progress *line, bool quiet)
{
    line->shown = !quiet && isatty(STDERR_FILENO) && can_wipe();
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

/* "[####....] ", or nothing where it has no room. */
static void draw_bar(char bar[BAR + 4], const zreg_progress *now, int room)
{
    int width = room > BAR ? BAR : room;
    double share = now->bytes_total == 0 ? 0 : (double)now->bytes_done / (double)now->bytes_total;
    bar[0] = '\0';
    if (width < LEAST_BAR) {
        return;
    }
    bar[0] = '[';
    for (int i = 0; i < width; i++) {
        bar[1 + i] = i < (int)(share * width) ? '#' : '.';
    }
    memcpy(bar + 1 + width, "] ", 3);
}

/* What is left out first where there is little room: the item, then the bar, then the end of the rest. */
static void draw_line(char *to, size_t size, const zreg_progress *now, int columns)
{
    char bar[BAR + 4];
    char done[32];
    char total[32];
    char counts[128];
    progress_bytes(done, now->bytes_done);
    progress_bytes(total, now->bytes_total);
    int used = snprintf(counts, sizeof(counts), "%s of %s, %u of %u", done, total,
                        (unsigned)now->blobs_done, (unsigned)now->blobs_total);
    int bare = columns - used - (int)strlen(now->phase) - (int)strlen(" [] ");
    draw_bar(bar, now, bare - ITEM >= LEAST_BAR ? bare - ITEM : bare);
    char whole[LINE_BYTES];
    snprintf(whole, sizeof(whole), "%s %s%s %.256s", now->phase, bar, counts,
             now->item == NULL ? "" : now->item);
    columns_cut(to, size, whole, columns);
}

int progress_draw(const zreg_progress *now, void *user)
{
    progress *line = user;
    char text[LINE_BYTES];
    if (!line->shown) {
        return 0;
    }
    /* The last column stays free: some terminals go to the next line as soon as it is written to. */
    draw_line(text, sizeof(text), now, columns_of_terminal(STDERR_FILENO) - 1);
    fprintf(stderr, "\r\033[K%s", text);
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
