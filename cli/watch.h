/* SPDX-License-Identifier: Apache-2.0 */
/** Whether a file has changed, by what the system says of it. One that is just being written is left
 *  alone: it has changed once it is the same at two looks. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>
#include <zreg/common.h>

/** What tells a file from another, and from itself at another time; zero for none. */
typedef struct watch_mark {
    dev_t device;
    ino_t file;
    off_t size;
    struct timespec written;
    struct timespec changed; /* its owner and mode too */
} watch_mark;

typedef struct watch {
    const char *path; /* NULL: nothing is watched */
    watch_mark known;
    watch_mark seen;
    bool waits; /* it could not be read, and is tried again at the next look */
    watch_mark told_of;
    char told[sizeof(((zreg_error *)NULL)->message)]; /* what was wrong with it then; "": nothing */
} watch;

/** Takes the file as it is now for known; to be called before it is read. */
void watch_begin(watch *out, const char *path);

/** Looks at it. True: it has changed, and is to be read; one of the next two says what came of it. */
bool watch_look(watch *file);

/** It was read as it was at the look: it is known. */
void watch_learn(watch *file);

/** It could not be read, which may be otherwise soon, without a change of the file. */
void watch_wait(watch *file);

/** Whether this is not yet told of the file, which is as it was at a look or begin: of `file` itself or of
 *  another watch of the same path. */
bool watch_is_news(watch *file, const watch *at, const char *what);

/** How long to wait before the next look. */
unsigned watch_pause_ms(const watch *file);

#endif
