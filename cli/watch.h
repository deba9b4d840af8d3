/* SPDX-License-Identifier: Apache-2.0 */
/** Whether a file has changed, by what the system says of it. One that is just being written is left
 *  alone: it has changed once it is the same at two looks. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/** What tells a file from another, and from itself at another time; zero for none. */
typedef struct watch_mark {
    dev_t device;
    ino_t file;
    off_t size;
    struct timespec changed;
} watch_mark;

typedef struct watch {
    const char *path; /* NULL: nothing is watched */
    watch_mark known;
    watch_mark seen;
} watch;

/** Takes the file as it is now for known; to be called before it is read. */
void watch_begin(watch *out, const char *path);

/** Takes for known what is known of the same file since: it was read otherwise. */
void watch_learn(watch *file, const watch *since);

/** Looks at it. True: it has changed, and is known as it is now. */
bool watch_look(watch *file);

/** How long to wait before the next look. */
unsigned watch_pause_ms(const watch *file);

#endif
