/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

zreg_status target_fail(session *s, const target *to)
{
    return session_fail(s, ZREG_IO, "write %s: %s", to->path == NULL ? "standard output" : to->path,
                        strerror(errno));
}

/* Beside the file, so that it can be moved there, and with the mode that any new file gets. */
static zreg_status open_beside(session *s, target *to)
{
    mode_t mask = umask(0);
    umask(mask);
    to->temporary = memory_printf("%s.XXXXXX", to->path);
    to->fd = mkostemp(to->temporary, O_CLOEXEC);
    if (to->fd < 0) {
        to->temporary[0] = '\0';
        return target_fail(s, to);
    }
    return fchmod(to->fd, 0666 & ~mask) == 0 ? ZREG_OK : target_fail(s, to);
}

zreg_status target_open(session *s, target *to, const char *path, const char *named)
{
    struct stat found;
    *to = (target){.fd = STDOUT_FILENO};
    if (path != NULL && path[0] == '\0') {
        return session_misuse(s, "the name of the file to be written is empty");
    }
    if (path == NULL || strcmp(path, "-") == 0) {
        return s->json
                   ? session_misuse(s, "--json needs %s: standard output is taken otherwise", named)
                   : ZREG_OK;
    }
    to->path = path;
    if (stat(path, &found) != 0 || S_ISREG(found.st_mode)) {
        return open_beside(s, to);
    }
    to->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return to->fd >= 0 ? ZREG_OK : target_fail(s, to);
}

static zreg_status keep(session *s, target *to, zreg_status status)
{
    bool synced = fsync(to->fd) == 0;
    bool closed = close(to->fd) == 0 && synced;
    if (status == ZREG_OK && (!closed || rename(to->temporary, to->path) != 0)) {
        status = target_fail(s, to);
    }
    if (status != ZREG_OK) {
        unlink(to->temporary);
    }
    return status;
}

zreg_status target_finish(session *s, target *to, zreg_status status)
{
    if (to->path != NULL && to->fd >= 0) {
        if (to->temporary != NULL) {
            status = keep(s, to, status);
        } else if (close(to->fd) != 0 && status == ZREG_OK) {
            status = target_fail(s, to);
        }
    }
    free(to->temporary);
    return status;
}
