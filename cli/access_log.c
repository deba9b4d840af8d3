/* SPDX-License-Identifier: Apache-2.0 */
#include "access_log.h"

#include "memory.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct access_log {
    const char *option;
    char *path;
    pthread_mutex_t lock; /* guards the rest */
    int fd;
    char *rest;         /* of what went out in part, or NULL */
    unsigned long told; /* in the rest, of lines dropped before it */
    unsigned long dropped;
};

/* A pipe is opened at both ends: so it needs no reader, and writing to it raises no signal. A file is
 * opened for reading where it may be, to see how it ends. */
static int open_to_append(const char *path)
{
    struct stat found;
    if (stat(path, &found) == 0 && (S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode))) {
        return open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    return fd >= 0 || errno != EACCES ? fd : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

/* Whether whoever wrote this file before was ended in the middle of a line. */
static bool ends_within_a_line(int fd)
{
    char last;
    struct stat found;
    return fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_size > 0 &&
           pread(fd, &last, 1, found.st_size - 1) == 1 && last != '\n';
}

/* What follows is a line of its own. */
static void begin(access_log *log, int fd)
{
    log->fd = fd;
    log->rest = ends_within_a_line(fd) ? memory_check(strdup("\n")) : NULL;
}

static bool is_same_file(int one, int other)
{
    struct stat first, second;
    return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
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

/* What tells of lines that were dropped; "" where none was. */
static void print_note(char out[48], const access_log *log)
{
    out[0] = '\0';
    if (log->dropped > 0) {
        snprintf(out, 48, "{\"dropped\":%lu}\n", log->dropped);
    }
}

/* Sends the line, after what has to be told of those before it. False when nothing could be sent. */
static bool send_line(access_log *log, const char *line)
{
    char before[48];
    print_note(before, log);
    const struct iovec parts[] = {
        {before, strlen(before)}, {(void *)line, strlen(line)}, {(void *)"\n", 1}};
    size_t size = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len;
    ssize_t sent;
    do {
        sent = writev(log->fd, parts, 3);
    } while (sent < 0 && errno == EINTR);
    if (sent > 0 && (size_t)sent < size) {
        log->told = log->dropped;
        log->rest = memory_printf("%s%s\n", before, line);
        memmove(log->rest, log->rest + sent, size - (size_t)sent + 1);
        send_rest(log);
    }
    return sent > 0;
}

/* Lines that are lost where the rest does not go out any more: a mere end of a line is none. */
static unsigned long lines_of_rest(const access_log *log)
{
    const char *end = log->rest == NULL ? NULL : strchr(log->rest, '\n');
    if (end == NULL || end == log->rest) {
        return 0;
    }
    return end[1] == '\0' ? 1 : 1 + log->told;
}

/* The last that this file is told. What it cannot take is left for the next one to tell. */
static void finish(access_log *log)
{
    char note[48];
    if (send_rest(log)) {
        print_note(note, log);
        bool is_told = send_some(log, note, strlen(note)) == strlen(note);
        log->dropped = is_told ? 0 : log->dropped;
    }
    log->dropped += lines_of_rest(log);
    free(log->rest);
    log->rest = NULL;
}

zreg_status access_log_open_again(session *s, int *out, const access_log *log)
{
    *out = log == NULL ? -1 : open_to_append(log->path);
    return log == NULL || *out >= 0
               ? ZREG_OK
               : session_fail(s, ZREG_IO, "--%s %s: %s", log->option, log->path, strerror(errno));
}

void access_log_leave(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void access_log_change(access_log *log, int fd)
{
    if (log == NULL) {
        return;
    }
    pthread_mutex_lock(&log->lock);
    int before = log->fd;
    if (is_same_file(before, fd)) {
        log->fd = fd; /* and the rest goes on there */
    } else {
        finish(log);
        begin(log, fd);
    }
    pthread_mutex_unlock(&log->lock);
    close(before);
}

zreg_status access_log_open(session *s, access_log **out, const char *option, const char *path)
{
    if (path == NULL) {
        return ZREG_OK;
    }
    int fd = open_to_append(path);
    if (fd < 0) {
        return session_fail(s, ZREG_IO, "--%s %s: %s", option, path, strerror(errno));
    }
    *out = memory_check(calloc(1, sizeof(**out)));
    begin(*out, fd);
    (*out)->option = option;
    (*out)->path = memory_check(strdup(path));
    pthread_mutex_init(&(*out)->lock, NULL);
    return ZREG_OK;
}

void access_log_write(const char *line, void *to)
{
    access_log *log = to;
    pthread_mutex_lock(&log->lock);
    bool sent = send_rest(log) && send_line(log, line);
    log->dropped = sent ? 0 : log->dropped + 1;
    pthread_mutex_unlock(&log->lock);
}

void access_log_close(access_log *log)
{
    if (log == NULL) {
        return;
    }
    finish(log);
    close(log->fd);
    pthread_mutex_destroy(&log->lock);
    free(log->path);
    free(log);
}
