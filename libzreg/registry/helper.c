/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/helper.h"

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* Some helpers ask a cloud or a person. */
#define HELPER_MS 60000

/* Reads until the helper closes its output. */
static zreg_status read_answer(zreg__buf *to, int fd, const char *program, zreg_cancel *cancel,
                               zreg_error *err)
{
    uint64_t until = zreg__clock_ms() + HELPER_MS;
    struct pollfd waits[2] = {{fd, POLLIN, 0}, {zreg__cancel_fd(cancel), POLLIN, 0}};

    for (;;) {
        char piece[4096];
        uint64_t now = zreg__clock_ms();
        ssize_t size;

        if (now >= until) {
            return zreg__fail(err, ZREG_IO, "%s did not answer within %d s", program,
                              HELPER_MS / 1000);
        }
        poll(waits, 2, (int)(until - now));
        ZREG__TRY(zreg__cancel_check(cancel, err));
        if ((waits[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) {
            continue;
        }
        size = read(fd, piece, sizeof(piece));
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return zreg__fail_errno(err, errno, "cannot read from %s", program);
        }
        if (size == 0) {
            return ZREG_OK;
        }
        ZREG__TRY(zreg__buf_append(to, piece, (size_t)size, err));
        explicit_bzero(piece, (size_t)size);
    }
}

/* The server's name waits in the pipe before the helper starts: nothing of ours can block on it,
 * and no signal comes when the helper does not read it. */
static zreg_status prepare_input(int *out_fd, const char *server, zreg_error *err)
{
    int ends[2];
    int failed;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return zreg__fail_errno(err, errno, "cannot make a pipe");
    }
    failed = strlen(server) < 4096 ? zreg__fd_write_all(ends[1], server, strlen(server)) : E2BIG;
    close(ends[1]);
    if (failed != 0) {
        close(ends[0]);
        return zreg__fail_errno(err, failed, "cannot write to a pipe");
    }
    *out_fd = ends[0];
    return ZREG_OK;
}

static zreg_status run(int *out_status, zreg__buf *answer, const char *program, const char *server,
                       zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FD int input = -1;
    ZREG__AUTO_FD int output = -1;
    const char *const argv[] = {program, "get", NULL};
    int ends[2];
    pid_t pid;
    zreg_status status;

    ZREG__TRY(prepare_input(&input, server, err));
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return zreg__fail_errno(err, errno, "cannot make a pipe");
    }
    output = ends[0];
    status = zreg__process_start(&pid, argv, (const int[]){input, ends[1], STDERR_FILENO}, err);
    close(ends[1]);
    if (status != ZREG_OK) {
        return status;
    }
    status = read_answer(answer, output, program, cancel, err);
    if (status != ZREG_OK) {
        zreg__process_kill(pid);
        return status;
    }
    return zreg__process_wait(out_status, pid, program, HELPER_MS, cancel, err);
}

static zreg_status take_answer(bool *out_found, zreg__credential *out, const zreg__json *answer,
                               const char *program, zreg_error *err)
{
    const char *username = zreg__json_text(answer, "Username");
    const char *secret = zreg__json_text(answer, "Secret");

    if (username == NULL || secret == NULL) {
        return zreg__fail(err, ZREG_INVAL, "the answer of %s has no Username and Secret", program);
    }
    /* The convention for a refresh token in place of a password. */
    if (strcmp(username, "<token>") == 0) {
        out->identity_token = zreg__strdup(secret);
    } else {
        out->username = zreg__strdup(username);
        out->password = zreg__strdup(secret);
    }
    if (out->identity_token == NULL && (out->username == NULL || out->password == NULL)) {
        return zreg__fail_nomem(err);
    }
    *out_found = true;
    return ZREG_OK;
}

zreg_status zreg__helper_get(bool *out_found, zreg__credential *out, const char *name,
                             const char *server, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf answer = ZREG__BUF(ZREG__MAX_TOKEN_BODY_BYTES);
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__AUTO_FREE char *program = zreg__asprintf("docker-credential-%s", name);
    int status = 0;

    *out_found = false;
    if (program == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(run(&status, &answer, program, server, cancel, err));
    if (status != 0) {
        /* What helpers say when all is well but nothing is stored; they have no other sign. */
        if (strstr(zreg__buf_cstr(&answer), "credentials not found") != NULL) {
            return ZREG_OK;
        }
        return zreg__fail(err, ZREG_IO, "%s failed for %s; run it by hand to see why", program,
                          server);
    }
    ZREG__TRY(zreg__json_parse(&json, zreg__buf_cstr(&answer), answer.size, program, err));
    explicit_bzero(answer.data, answer.size);
    out->key = zreg__asprintf("%s %s", program, server);
    return take_answer(out_found, out, json, program, err);
}
