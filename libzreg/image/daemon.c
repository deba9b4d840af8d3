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
    zreg__spool to = {.fd = fd, .what = "the image", .advice = ""};
    const zreg__unix_call call = {.socket_path = from.socket_path,
                                  .target = zreg__buf_cstr(&target),
                                  .what = from.what,
                                  .body = -1,
                                  .write = zreg__spool_write,
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

/* What a load tells: lines of JSON, for as long as it takes. The status is 200 before the archive was read, so that a
 * failure is one of the lines. */
typedef struct loading {
    const dockerd *to;
    zreg__buf line;
    char *failed; /* what the first line with an error says, or NULL */
} loading;

static void loading_finish(loading *self)
{
    zreg__buf_finish(&self->line);
    free(self->failed);
}

ZREG__DEFINE_AUTO_VALUE(loading, loading_finish)

static void end_line(loading *self)
{
    if (self->failed == NULL && self->line.size > 0) {
        self->failed = word_of(zreg__buf_cstr(&self->line), self->line.size, "error");
    }
    zreg__buf_reset(&self->line);
}

static zreg_status take_lines(void *user, const void *bytes, size_t size, zreg_error *err)
{
    loading *self = user;
    const char *text = bytes;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t part = end == NULL ? size - at : (size_t)(end - text) - at;
        if (part >= self->line.maximum - self->line.size) {
            return zreg__fail(err, ZREG_PROTO,
                              "%s answers a load with a line of more than %zu bytes",
                              self->to->what, self->line.maximum - 1);
        }
        ZREG__TRY(zreg__buf_append(&self->line, text + at, part, err));
        at += part + (end != NULL);
        if (end != NULL) {
            end_line(self);
        }
    }
    return ZREG_OK;
}

static zreg_status check_loaded(loading *self, zreg_error *err)
{
    end_line(self);
    return self->failed == NULL ? ZREG_OK
                                : zreg__fail(err, ZREG_PEER, "%s does not load the image: %.300s",
                                             self->to->what, self->failed);
}

zreg_status zreg__daemon_load(int fd, uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(dockerd) dockerd to = {.said = ZREG__BUF(ZREG__MAX_ERROR_BODY_BYTES)};
    ZREG__AUTO(zreg__buf) zreg__buf refusal = ZREG__BUF(ZREG__MAX_ERROR_BODY_BYTES);
    ZREG__AUTO(loading) loading answer = {&to, ZREG__BUF(ZREG__MAX_ERROR_BODY_BYTES), NULL};
    int status = 0;
    ZREG__TRY(find(&to, err));
    const zreg__unix_call call = {.socket_path = to.socket_path,
                                  .target = "/images/load?quiet=1",
                                  .what = to.what,
                                  .body = fd,
                                  .body_bytes = size_bytes,
                                  .write = take_lines,
                                  .user = &answer};
    ZREG__TRY(zreg__unix_call_send(&status, &refusal, &call, cancel, err));
    if (status != 200) {
        ZREG__TRY(zreg__buf_append(&to.said, refusal.data, refusal.size, err));
        return refused(&to, status, NULL, err);
    }
    return check_loaded(&answer, err);
}
