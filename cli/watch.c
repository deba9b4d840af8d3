/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <limits.h>
#include <sys/stat.h>

#define PAUSE_MS 1000
#define SETTLE_MS 200

static watch_mark mark_of(const char *path)
{
    struct stat found;
    if (stat(path, &found) != 0) {
        return (watch_mark){.size = 0};
    }
    return (watch_mark){found.st_dev, found.st_ino, found.st_size, found.st_mtim};
}

static bool is_same(const watch_mark *a, const watch_mark *b)
{
    return a->device == b->device && a->file == b->file && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

void watch_begin(watch *out, const char *path)
{
    *out = (watch){.path = path};
    if (path != NULL) {
        out->known = out->seen = mark_of(path);
    }
}

void watch_learn(watch *file, const watch *since)
{
    file->known = since->known;
    file->seen = since->seen;
}

bool watch_look(watch *file)
{
    if (file->path == NULL) {
        return false;
    }
    watch_mark now = mark_of(file->path);
    bool is_settled = is_same(&now, &file->seen);
    file->seen = now;
    if (!is_settled || is_same(&now, &file->known)) {
        return false;
    }
    file->known = now;
    return true;
}

unsigned watch_pause_ms(const watch *file)
{
    return file->path == NULL                   ? UINT_MAX
           : is_same(&file->seen, &file->known) ? PAUSE_MS
                                                : SETTLE_MS;
}
