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

#define MAX_LINKS 40 /* as the kernel has it */
#define MAX_TARGET 4096

zreg_status target_fail(session *s, const target *to)
{
    return session_fail(s, ZREG_IO, "write %s: %s", to->path == NULL ? "standard output" : to->path,
                        strerror(errno));
}

bool target_is_stdout(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

/* Where a link leads to, read from the folder that it lies in; NULL when it is none. */
static char *follow(const char *path)
{
    char to[MAX_TARGET + 1];
    const char *slash = strrchr(path, '/');
    ssize_t size = readlink(path, to, sizeof(to));
    if (size < 0 || (size_t)size == sizeof(to)) {
        return NULL;
    }
    to[size] = '\0';
    return to[0] == '/' || slash == NULL ? memory_printf("%s", to)
                                         : memory_printf("%.*s/%s", (int)(slash - path), path, to);
}

/* The name of a file that is missing, behind links. */
static char *missing_path(const char *path)
{
    char *at = memory_printf("%s", path);
    for (unsigned links = 0; links < MAX_LINKS; links++) {
        char *next = follow(at);
        if (next == NULL) {
            break;
        }
        free(at);
        at = next;
    }
    return at;
}

/* Beside the file, so that it can be moved there, with its mode or that of any new file. */
static zreg_status open_beside(session *s, target *to, const struct stat *old)
{
    mode_t mask = umask(0);
    umask(mask);
    to->temporary = memory_printf("%s.XXXXXX", to->final);
    to->fd = mkostemp(to->temporary, O_CLOEXEC);
    if (to->fd < 0) {
        to->temporary[0] = '\0';
        return target_fail(s, to);
    }
    return fchmod(to->fd, old != NULL ? old->st_mode & 0777 : 0666 & ~mask) == 0
               ? ZREG_OK
               : target_fail(s, to);
}

static zreg_status fail_unopened(session *s, target *to)
{
    to->fd = -1;
    return target_fail(s, to);
}

zreg_status target_open(session *s, target *to, const char *path, const char *named)
{
    struct stat found;
    *to = (target){.fd = STDOUT_FILENO};
    if (path != NULL && path[0] == '\0') {
        return session_misuse(s, "the name of the file to be written is empty");
    }
    if (target_is_stdout(path)) {
        return s->json
                   ? session_misuse(s, "--json needs %s: standard output is taken otherwise", named)
                   : ZREG_OK;
    }
    to->path = path;
    bool there = stat(path, &found) == 0;
    if (!there && errno != ENOENT) {
        return fail_unopened(s, to);
    }
    bool regular = there && S_ISREG(found.st_mode);
    to->final = !there ? missing_path(path) : regular ? realpath(path, NULL) : NULL;
    if (to->final != NULL) {
        return open_beside(s, to, there ? &found : NULL);
    }
    to->fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
    return to->fd >= 0 ? ZREG_OK : target_fail(s, to);
}

static zreg_status keep(session *s, target *to, zreg_status status)
{
    bool synced = fsync(to->fd) == 0;
    bool closed = close(to->fd) == 0 && synced;
    if (status == ZREG_OK && (!closed || rename(to->temporary, to->final) != 0)) {
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
    free(to->final);
    return status;
}
