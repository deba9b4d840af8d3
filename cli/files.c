/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include "memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static zreg_status fail_errno(session *s, const char *what, const char *path)
{
    zreg_status code = errno == ENOENT ? ZREG_NOTFOUND : ZREG_IO;
    return session_fail(s, code, "%s %s: %s", what, path, strerror(errno));
}

/* Reads to the end into memory that grows up to `maximum`. The old memory is wiped: the file may be
 * a secret. */
static zreg_status read_all(session *s, FILE *file, char **out, size_t *out_size, size_t maximum,
                            const char *path, const char *what)
{
    size_t size = 0;
    size_t capacity = 4096;
    char *text = memory_array(capacity + 1, 1);
    while ((size += fread(text + size, 1, capacity - size, file)) == capacity &&
           capacity <= maximum) {
        char *larger = memory_array(2 * capacity + 1, 1);
        memcpy(larger, text, size);
        explicit_bzero(text, size);
        free(text);
        text = larger;
        capacity *= 2;
    }
    if (ferror(file) || size > maximum) {
        bool failed = ferror(file) != 0;
        explicit_bzero(text, size);
        free(text);
        return session_fail(s, failed ? ZREG_IO : ZREG_LIMIT, "%s %s: %s", what, path,
                            failed ? strerror(errno) : "the file is too large");
    }
    *out = text;
    *out_size = size;
    return ZREG_OK;
}

/* What came from there is at its end, and nothing comes from there any more. */
static zreg_status read_standard_input(session *s, char **out, size_t *out_size, size_t maximum,
                                       const char *what)
{
    if (s->reads_again) {
        return session_fail(s, ZREG_IO, "%s -: standard input is read once, and not again", what);
    }
    return read_all(s, stdin, out, out_size, maximum, "-", what);
}

static zreg_status open_to_read(session *s, FILE **out, const char *path, const char *what)
{
    struct stat found;
    int mode = O_RDONLY | O_NOCTTY | O_CLOEXEC | (s->reads_again ? O_NONBLOCK : 0);
    int fd = open(path, mode);
    if (fd < 0 || fstat(fd, &found) != 0) {
        return fail_errno(s, what, path);
    }
    if (s->reads_again && !S_ISREG(found.st_mode)) {
        close(fd);
        return session_fail(s, ZREG_IO, "%s %s: this is no plain file, and is not read again", what,
                            path);
    }
    *out = fdopen(fd, "r");
    return *out == NULL ? fail_errno(s, what, path) : ZREG_OK;
}

zreg_status files_read(session *s, char **out, size_t *out_size, const char *path, size_t maximum,
                       const char *what)
{
    if (strcmp(path, "-") == 0) {
        return read_standard_input(s, out, out_size, maximum, what);
    }
    FILE *file = NULL;
    zreg_status opened = open_to_read(s, &file, path, what);
    if (opened != ZREG_OK) {
        return opened;
    }
    /* No second copy of a secret in the buffer of stdio. */
    setvbuf(file, NULL, _IONBF, 0);
    zreg_status status = read_all(s, file, out, out_size, maximum, path, what);
    fclose(file);
    return status;
}

/* What stands behind a NUL would be left out in silence. */
static zreg_status read_text(session *s, char **out, const char *path, size_t maximum,
                             const char *what)
{
    size_t size = 0;
    char *text = NULL;
    zreg_status status = files_read(s, &text, &size, path, maximum, what);
    if (status == ZREG_OK && memchr(text, '\0', size) != NULL) {
        explicit_bzero(text, size);
        free(text);
        return session_fail(s, ZREG_INVAL, "%s %s: there is a NUL byte in it; it is to be text",
                            what, path);
    }
    *out = status == ZREG_OK ? text : *out;
    return status;
}

zreg_status files_read_text(session *s, char **out, const char *path, const char *what)
{
    return read_text(s, out, path, FILES_MAX_TEXT, what);
}

/* What stands behind the first line would be left out in silence, and the first line alone may be known to
 * everybody: that of a PEM file, or a comment. */
zreg_status files_read_secret(session *s, char **out, const char *path, const char *what)
{
    char *text = NULL;
    zreg_status status = read_text(s, &text, path, 4096, what);
    if (status != ZREG_OK) {
        return status;
    }
    size_t size = strlen(text);
    size_t end = size > 0 && text[size - 1] == '\n' ? size - 1 : size;
    end -= end > 0 && text[end - 1] == '\r' ? 1 : 0;
    if (strcspn(text, "\r\n") < end) {
        explicit_bzero(text, size);
        free(text);
        return session_fail(s, ZREG_INVAL, "%s %s: it is to have one line, and nothing else", what,
                            path);
    }
    text[end] = '\0';
    *out = text;
    return ZREG_OK;
}

static bool write_all(int fd, const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t written = write(fd, text, size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

zreg_status files_write_private(session *s, const char *path, const char *text)
{
    AUTO_FREE char *temporary = memory_printf("%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return fail_errno(s, "write", path);
    }
    bool written = write_all(fd, text);
    if (close(fd) != 0 || !written || rename(temporary, path) != 0) {
        zreg_status status = fail_errno(s, "write", path);
        unlink(temporary);
        return status;
    }
    return ZREG_OK;
}

zreg_status files_read_artifacts(session *s, zreg_artifacts **out, const char *path)
{
    AUTO_FREE char *text = NULL;
    size_t size = 0;
    if (path == NULL) {
        return zreg_artifacts_parse(out, "[]", 2, &s->err);
    }
    zreg_status status = files_read(s, &text, &size, path, FILES_MAX_ARTIFACTS, "--artifacts");
    return status == ZREG_OK ? zreg_artifacts_parse(out, text, size, &s->err) : status;
}
