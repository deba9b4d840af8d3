/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_LINE 3500

/* A pipe that may be written to has room for PIPE_BUF bytes. */
static bool may_write(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLOUT) != 0;
}

static void write_line(const char *line, unsigned long left_out)
{
    char note[64] = "";
    char text[PIPE_BUF];
    if (left_out > 0) {
        snprintf(note, sizeof(note), "zreg serve: %lu lines were left out\n", left_out);
    }
    int size = snprintf(text, sizeof(text), "%szreg serve: %s\n", note, line);
    ssize_t written = write(STDERR_FILENO, text, (size_t)size);
    (void)written; /* there is nowhere to tell */
}

void say(const char *format, ...)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static unsigned long left_out; /* guarded by the lock */
    char line[MAX_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&lock);
    if (may_write()) {
        write_line(line, left_out);
        left_out = 0;
    } else {
        left_out++;
    }
    pthread_mutex_unlock(&lock);
}
