/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal.h"

#include "memory.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { MAX_LINE = 4096, LOOK_MS = 50 };

/* Waits for what was typed, or for a cancel. */
static zreg_status wait_for_input(session *s, int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};
    while (poll(&wait, 1, LOOK_MS) <= 0) {
        if (zreg_cancel_triggered(s->cancel)) {
            return session_fail(s, ZREG_CANCELLED, "cancelled");
        }
    }
    return ZREG_OK;
}

static zreg_status read_line(session *s, char *line, int fd)
{
    size_t size = 0;
    for (;;) {
        zreg_status status = wait_for_input(s, fd);
        if (status != ZREG_OK) {
            return status;
        }
        ssize_t more = read(fd, line + size, MAX_LINE - 1 - size);
        if (more < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (more <= 0) {
            return session_fail(s, ZREG_CANCELLED, "nothing was typed");
        }
        size += (size_t)more;
        line[size] = '\0';
        if (strchr(line, '\n') != NULL) {
            *strchr(line, '\n') = '\0';
            return ZREG_OK;
        }
        if (size == MAX_LINE - 1) {
            return session_fail(s, ZREG_LIMIT, "what was typed is too long");
        }
    }
}

static zreg_status ask(session *s, char *line, int fd, const char *prompt, bool hidden)
{
    struct termios before;
    bool changed = false;
    if (hidden && tcgetattr(fd, &before) == 0) {
        struct termios quiet = before;
        quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
        quiet.c_lflag |= ECHONL | ICANON | ISIG;
        changed = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
    }
    if (hidden && !changed) {
        return session_fail(s, ZREG_IO, "the terminal shows what is typed; use --password-stdin");
    }
    ssize_t shown = write(fd, prompt, strlen(prompt));
    (void)shown;
    zreg_status status = read_line(s, line, fd);
    if (changed) {
        tcsetattr(fd, TCSAFLUSH, &before);
    }
    return status;
}

zreg_status terminal_ask(session *s, char **out, const char *prompt, bool hidden,
                         const char *otherwise)
{
    char line[MAX_LINE] = "";
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return session_misuse(s, "there is no terminal to ask at: %s", otherwise);
    }
    zreg_status status = ask(s, line, fd, prompt, hidden);
    if (status == ZREG_OK) {
        *out = memory_check(strdup(line));
    }
    explicit_bzero(line, sizeof(line));
    close(fd);
    return status;
}
