/* SPDX-License-Identifier: Apache-2.0 */
#include "systemd.h"

#include "memory.h"
#include "say.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The first of the descriptors that systemd passes. */
#define FIRST_DESCRIPTOR 3
/* Beyond the grace, for threads and files. */
#define END_MS 5000

/* A number of the environment; 0: none. */
static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;
    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return 0;
    }
    unsigned long long number = strtoull(text, &end, 10);
    return *end == '\0' ? number : 0;
}

/* What a parent passed to this very process; the variables are seen by its children too. */
static bool is_for(const char *name, bool otherwise)
{
    return getenv(name) == NULL ? otherwise : number_of(name) == (uint64_t)getpid();
}

zreg_status systemd_socket(session *s, int *out)
{
    uint64_t count = is_for("LISTEN_PID", false) ? number_of("LISTEN_FDS") : 0;
    if (count > 1) {
        return session_fail(s, ZREG_INVAL,
                            "%" PRIu64
                            " sockets were passed (LISTEN_FDS); a registry takes one: give "
                            "the unit one ListenStream",
                            count);
    }
    *out = count == 1 ? FIRST_DESCRIPTOR : 0;
    return ZREG_OK;
}

/* The path of a socket, or behind an "@" a name of the kernel's. False: neither. */
static bool read_address(struct sockaddr_un *out, socklen_t *out_size, const char *text)
{
    size_t size = strlen(text);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((text[0] != '/' && text[0] != '@') || size >= sizeof(out->sun_path)) {
        return false;
    }
    memcpy(out->sun_path, text, size);
    *out_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    if (text[0] == '@') {
        out->sun_path[0] = '\0';
    }
    return true;
}

static bool send_to(const char *text, const char *message)
{
    struct sockaddr_un address;
    socklen_t size = 0;
    errno = EINVAL;
    int fd =
        read_address(&address, &size, text) ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0) {
        return false;
    }
    ssize_t sent =
        sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    int failed = errno;
    close(fd);
    errno = failed;
    return sent >= 0;
}

static void notify(const char *message)
{
    const char *text = getenv("NOTIFY_SOCKET");
    if (text != NULL && text[0] != '\0' && !send_to(text, message)) {
        say("NOTIFY_SOCKET %.100s: %s", text, strerror(errno));
    }
}

void systemd_ready(const char *address)
{
    AUTO_FREE char *message = memory_printf("READY=1\nSTATUS=serving %s", address);
    notify(message);
}

void systemd_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    AUTO_FREE char *message = memory_printf("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, us);
    notify(message);
}

void systemd_stopping(uint32_t grace_ms)
{
    uint64_t us = ((uint64_t)grace_ms + END_MS) * 1000;
    AUTO_FREE char *message = memory_printf(
        "STOPPING=1\nSTATUS=running requests may end\nEXTEND_TIMEOUT_USEC=%" PRIu64, us);
    notify(message);
}

/* Twice in the time that systemd allows. */
unsigned systemd_watchdog_ms(void)
{
    uint64_t us = is_for("WATCHDOG_PID", true) ? number_of("WATCHDOG_USEC") : 0;
    uint64_t ms = us / 2000;
    return us == 0 ? UINT_MAX : ms < 1 ? 1 : ms > 3600000 ? 3600000 : (unsigned)ms;
}

void systemd_alive(void)
{
    if (systemd_watchdog_ms() != UINT_MAX) {
        notify("WATCHDOG=1");
    }
}
