/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PAUSE_MS 1000
#define SETTLE_MS 200

static watch_mark mark_of(const char *path)
{
    struct stat found;
    if (stat(path, &found) != 0) {
        return (watch_mark){.size = 0};
    }
    return (watch_mark){found.st_dev, found.st_ino, found.st_size, found.st_mtim, found.st_ctim};
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const watch_mark *a, const watch_mark *b)
{
    return a->device == b->device && a->file == b->file && a->size == b->size &&
           is_same_time(&a->written, &b->written) && is_same_time(&a->changed, &b->changed);
}

void watch_begin(watch *out, const char *path)
{
    *out = (watch){.path = path};
    if (path != NULL) {
        out->known = out->seen = mark_of(path);
    }
}

bool watch_look(watch *file)
{
    if (file->path == NULL) {
        return false;
    }
    watch_mark now = mark_of(file->path);
    bool is_settled = is_same(&now, &file->seen);
    file->seen = now;
    file->waits = file->waits && is_settled;
    if (is_same(&now, &file->known)) {
        file->told[0] = '\0';
        return false;
    }
    return is_settled;
}

void watch_learn(watch *file)
{
    file->known = file->seen;
    file->waits = false;
    file->told[0] = '\0';
}

void watch_wait(watch *file)
{
    file->waits = true;
}

bool watch_is_news(watch *file, const watch *at, const char *what)
{
    if (is_same(&file->told_of, &at->seen) && strcmp(file->told, what) == 0) {
        return false;
    }
    file->told_of = at->seen;
    snprintf(file->told, sizeof(file->told), "%s", what);
    return true;
}

unsigned watch_pause_ms(const watch *file)
{
    return file->path == NULL                                  ? UINT_MAX
           : file->waits || is_same(&file->seen, &file->known) ? PAUSE_MS
                                                               : SETTLE_MS;
}
