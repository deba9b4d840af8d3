/* SPDX-License-Identifier: Apache-2.0 */
#include "image/daemon.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/unix_call.h"
#include "image/filesource.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USUAL_SOCKET "/var/run/docker.sock"
#define UNIX_SCHEME "unix://"

/* The daemon, and what it said. */
typedef struct dockerd {
    const char *socket_path;
    char *what;
    zreg__buf said; /* with a refusal, or as it loaded */
} dockerd;

static void dockerd_finish(dockerd *self)
{
    free(self->what);
    zreg__buf_finish(&self->said);
}

ZREG__DEFINE_AUTO_VALUE(dockerd, dockerd_finish)

/* The environment's word lives on; nobody changes it meanwhile. */
static zreg_status find(dockerd *self, zreg_error *err)
{
    const char *host = getenv("DOCKER_HOST");
    if (!zreg__str_empty(host) && !zreg__str_starts(host, UNIX_SCHEME "/")) {
        return zreg__fail(
            err, ZREG_UNSUPPORTED,
            "DOCKER_HOST is no unix:///PATH; a daemon elsewhere gives and takes "
            "archives: docker save IMAGE | zreg copy docker-archive:- DST, or zreg copy "
            "SRC docker-archive:- | docker load");
    }
    self->socket_path = zreg__str_empty(host) ? USUAL_SOCKET : host + strlen(UNIX_SCHEME);
    self->what = zreg__asprintf("the Docker daemon at %.200s", self->socket_path);
    return self->what != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* {"message": ...} of a refusal, {"error": ...} within what a load tells; in new memory, or NULL. */
static char *word_of(const char *text, size_t size, const char *key)
{
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    return zreg__json_parse(&document, text, size, "", NULL) == ZREG_OK
               ? zreg__strdup(zreg__json_text(document, key))
               : NULL;
}

static zreg_status refused(const dockerd *self, int status, const char *name, zreg_error *err)
{
    ZREG__AUTO_FREE char *message =
        word_of(zreg__buf_cstr(&self->said), self->said.size, "message");
    if (status == 404 && name != NULL) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s has no image %s", self->what, name);
    }
    return zreg__fail(err, ZREG_PEER, "%s: HTTP %d%s%.300s", self->what, status,
                      message != NULL ? ": " : "", message != NULL ? message : "");
}

typedef struct spool {
    int fd;
    uint64_t size_bytes;
} spool;

static zreg_status spool_write(void *user, const void *bytes, size_t size, zreg_error *err)
{
    spool *self = user;
    if (size > ZREG__MAX_SPOOL_BYTES - self->size_bytes) {
        return zreg__fail(err, ZREG_LIMIT, "the image has more than %d GiB",
                          (int)(ZREG__MAX_SPOOL_BYTES >> 30));
    }
    int failed = zreg__fd_write_all(self->fd, bytes, size);
    self->size_bytes += size;
    return failed == 0
               ? ZREG_OK
               : zreg__fail_errno(err, failed,
                                  "write the image to a temporary file (TMPDIR says where)");
}

zreg_status zreg__daemon_save(int *out_fd, uint64_t *out_size_bytes, const char *name,
                              zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(dockerd) dockerd from = {.said = ZREG__BUF(ZREG__MAX_ERROR_BODY_BYTES)};
    ZREG__AUTO(zreg__buf) zreg__buf target = ZREG__BUF(ZREG__MAX_URL);
    ZREG__AUTO_FD int fd = -1;
    int status = 0;
    ZREG__TRY(find(&from, err));
    ZREG__TRY(zreg__buf_text(&target, "/images/get?names=", err));
    ZREG__TRY(zreg__buf_query(&target, name, err));
    ZREG__TRY(zreg__filesource_spool(&fd, err));
    spool to = {.fd = fd};
    const zreg__unix_call call = {.socket_path = from.socket_path,
                                  .target = zreg__buf_cstr(&target),
                                  .what = from.what,
                                  .body = -1,
                                  .write = spool_write,
                                  .user = &to};
    ZREG__TRY(zreg__unix_call_send(&status, &from.said, &call, cancel, err));
    if (status != 200) {
        return refused(&from, status, name, err);
    }
    *out_size_bytes = to.size_bytes;
    *out_fd = fd;
    fd = -1;
    return ZREG_OK;
}

/* What a load tells goes on for as long as it takes; its end counts. */
static zreg_status keep_end(void *user, const void *bytes, size_t size, zreg_error *err)
{
    zreg__buf *said = user;
    const char *from = bytes;
    if (size > said->maximum / 2) {
        from += size - said->maximum / 2;
        size = said->maximum / 2;
    }
    if (size > said->maximum - said->size) {
        zreg__buf_drop(said, said->size - said->maximum / 2);
    }
    return zreg__buf_append(said, from, size, err);
}

/* The status is 200 before the archive was read, so that a failure is the last of the lines. */
static zreg_status check_loaded(const dockerd *self, zreg_error *err)
{
    const char *line = zreg__buf_cstr(&self->said);
    for (size_t size; line[0] != '\0'; line += size + strspn(line + size, "\r\n")) {
        size = strcspn(line, "\r\n");
        ZREG__AUTO_FREE char *failed = word_of(line, size, "error");
        if (failed != NULL) {
            return zreg__fail(err, ZREG_PEER, "%s does not load the image: %.300s", self->what,
                              failed);
        }
    }
    return ZREG_OK;
}

zreg_status zreg__daemon_load(int fd, uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(dockerd) dockerd to = {.said = ZREG__BUF(ZREG__MAX_ERROR_BODY_BYTES)};
    ZREG__AUTO(zreg__buf) zreg__buf refusal = ZREG__BUF(ZREG__MAX_ERROR_BODY_BYTES);
    int status = 0;
    ZREG__TRY(find(&to, err));
    const zreg__unix_call call = {.socket_path = to.socket_path,
                                  .target = "/images/load?quiet=1",
                                  .what = to.what,
                                  .body = fd,
                                  .body_bytes = size_bytes,
                                  .write = keep_end,
                                  .user = &to.said};
    ZREG__TRY(zreg__unix_call_send(&status, &refusal, &call, cancel, err));
    if (status != 200) {
        zreg__buf_reset(&to.said);
        ZREG__TRY(zreg__buf_append(&to.said, refusal.data, refusal.size, err));
        return refused(&to, status, NULL, err);
    }
    return check_loaded(&to, err);
}
