/* SPDX-License-Identifier: Apache-2.0 */
#include "access_log.h"

#include "memory.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct access_log {
    int fd;
    pthread_mutex_t lock; /* guards the rest */
    char *rest;           /* of what went out in part, or NULL */
    unsigned long dropped;
};

/* A pipe is opened at both ends: so it needs no reader, and writing to it raises no signal. */
static int open_to_append(const char *path)
{
    struct stat found;
    if (stat(path, &found) == 0 && (S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode))) {
        return open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

zreg_status access_log_open(session *s, access_log **out, const char *path)
{
    int fd = open_to_append(path);
    if (fd < 0) {
        return session_fail(s, ZREG_IO, "--access-log %s: %s", path, strerror(errno));
    }
    *out = memory_check(calloc(1, sizeof(**out)));
    (*out)->fd = fd;
    pthread_mutex_init(&(*out)->lock, NULL);
    return ZREG_OK;
}

/* How much of it went out. */
static size_t send_some(const access_log *log, const char *text, size_t size)
{
    size_t sent = 0;
    while (sent < size) {
        ssize_t more = write(log->fd, text + sent, size - sent);
        if (more < 0 && errno != EINTR) {
            break;
        }
        sent += more > 0 ? (size_t)more : 0;
    }
    return sent;
}

/* False when nothing of it could be sent. */
static bool send_text(access_log *log, const char *text)
{
    size_t size = strlen(text);
    size_t sent = send_some(log, text, size);
    if (sent > 0 && sent < size) {
        log->rest = memory_printf("%s", text + sent);
    }
    return sent > 0;
}

/* False when something earlier is not out yet. */
static bool send_rest(access_log *log)
{
    if (log->rest == NULL) {
        return true;
    }
    size_t size = strlen(log->rest);
    size_t sent = send_some(log, log->rest, size);
    memmove(log->rest, log->rest + sent, size - sent + 1);
    if (sent < size) {
        return false;
    }
    free(log->rest);
    log->rest = NULL;
    return true;
}

/* The line, after what has to be told of those before it. */
static char *text_of(const access_log *log, const char *line)
{
    return log->dropped == 0 ? memory_printf("%s\n", line)
                             : memory_printf("{\"dropped\":%lu}\n%s\n", log->dropped, line);
}

void access_log_write(const char *line, void *to)
{
    access_log *log = to;
    pthread_mutex_lock(&log->lock);
    AUTO_FREE char *text = text_of(log, line);
    bool sent = send_rest(log) && send_text(log, text);
    log->dropped = sent ? 0 : log->dropped + 1;
    pthread_mutex_unlock(&log->lock);
}

void access_log_close(access_log *log)
{
    if (log == NULL) {
        return;
    }
    close(log->fd);
    pthread_mutex_destroy(&log->lock);
    free(log->rest);
    free(log);
}
