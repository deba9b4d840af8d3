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
#include "base/str.h"
#include "registry/helper_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

/* Some helpers ask a cloud or a person. */
#define HELPER_MS 60000

/* How often it is looked whether the helper has ended, for what it has started may keep its output open. */
#define LOOK_MS 50

/* What fits into a pipe that nobody reads yet, on every Linux. */
#define MAX_INPUT 4096

/* A helper at work. */
typedef struct helper_run {
    const char *program;
    const char *verb;
    zreg__buf *answer;
    uint64_t until_ms;
    zreg_cancel *cancel;
    pid_t pid;
    int status; /* once it has ended */
} helper_run;

/* Takes what is there; `*out_end`: there will be no more. */
static zreg_status read_some(bool *out_end, helper_run *run, int fd, zreg_error *err)
{
    char piece[4096];
    ssize_t size = zreg__fd_read(fd, piece, sizeof(piece));

    if (size < 0 && errno == EAGAIN) {
        return ZREG_OK;
    }
    if (size < 0) {
        return zreg__fail_errno(err, errno, "cannot read from %s", run->program);
    }
    *out_end = size == 0;
    zreg_status status = zreg__buf_append(run->answer, piece, (size_t)size, err);
    explicit_bzero(piece, (size_t)size);
    return status == ZREG_OK ? ZREG_OK : zreg__error_prefix(err, status, "%s", run->program);
}

static zreg_status check_time(const helper_run *run, uint64_t now, zreg_error *err)
{
    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    return now < run->until_ms ? ZREG_OK
                               : zreg__fail(err, ZREG_IO, "%s did not answer within %d s",
                                            run->program, HELPER_MS / 1000);
}

/* Reads until the helper closes its output; `*out_ended`: it ended before what it had started did. */
static zreg_status read_answer(bool *out_ended, helper_run *run, int fd, zreg_error *err)
{
    struct pollfd waits[2] = {{fd, POLLIN, 0}, {zreg__cancel_fd(run->cancel), POLLIN, 0}};
    bool at_end = false;

    while (!at_end) {
        uint64_t now = zreg__clock_ms();
        bool ended = *out_ended;

        ZREG__TRY(check_time(run, now, err));
        waits[0].revents = 0;
        poll(waits, 2, ended ? 0 : LOOK_MS);
        if ((waits[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            ZREG__TRY(read_some(&at_end, run, fd, err));
        } else if (ended) {
            return ZREG_OK;
        } else {
            *out_ended = zreg__process_ended(&run->status, run->pid);
        }
    }
    return ZREG_OK;
}

/* The input waits in the pipe before the helper starts: nothing of ours can block on it, and no signal comes
 * when the helper does not read it. */
static zreg_status prepare_input(int *out_fd, const char *input, const char *program,
                                 zreg_error *err)
{
    size_t size = strlen(input);
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return zreg__fail_errno(err, errno, "cannot make a pipe");
    }
    /* Where the system is short of memory for pipes this one stays small. */
    int room = size <= MAX_INPUT ? MAX_INPUT : fcntl(ends[1], F_GETPIPE_SZ);
    int failed =
        room > 0 && size <= (size_t)room ? zreg__fd_write_all(ends[1], input, size) : E2BIG;
    close(ends[1]);
    if (failed != 0) {
        close(ends[0]);
        return zreg__fail_errno(err, failed, "cannot tell %s what it is about", program);
    }
    *out_fd = ends[0];
    return ZREG_OK;
}

static zreg_status start(int *out_fd, helper_run *run, const char *input, zreg_error *err)
{
    ZREG__AUTO_FD int in = -1;
    const char *const argv[] = {run->program, run->verb, NULL};
    int ends[2];

    ZREG__TRY(prepare_input(&in, input, run->program, err));
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return zreg__fail_errno(err, errno, "cannot make a pipe");
    }
    zreg_status status = zreg__process_start(&run->pid, argv, (const int[]){in, ends[1], -1}, err);
    close(ends[1]);
    if (status != ZREG_OK) {
        close(ends[0]);
        return status;
    }
    /* The helper has an open file of its own for the other end. */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *out_fd = ends[0];
    return ZREG_OK;
}

static zreg_status run_program(helper_run *run, const char *input, zreg_error *err)
{
    ZREG__AUTO_FD int output = -1;
    bool ended = false;

    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    ZREG__TRY(start(&output, run, input, err));
    zreg_status status = read_answer(&ended, run, output, err);
    if (status != ZREG_OK && !ended) {
        zreg__process_kill(run->pid);
    }
    if (status != ZREG_OK || ended) {
        return status;
    }
    uint64_t now = zreg__clock_ms();
    uint32_t left_ms = now < run->until_ms ? (uint32_t)(run->until_ms - now) : 0;
    return zreg__process_wait(&run->status, run->pid, run->program, left_ms, run->cancel, err);
}

/* Ctrl-C may have ended the helper as well. */
static zreg_status fail_run(const helper_run *run, const char *server, zreg_error *err)
{
    ZREG__TRY(zreg__cancel_check(run->cancel, err));
    if (WIFSIGNALED(run->status)) {
        return zreg__fail(err, ZREG_IO, "%s was ended by signal %d when asked to %s for %s",
                          run->program, WTERMSIG(run->status), run->verb, server);
    }
    return zreg__fail(err, ZREG_IO,
                      "%s failed to %s for %s (exit code %d); run it by hand to see why",
                      run->program, run->verb, server, WEXITSTATUS(run->status));
}

/* What came of it. */
typedef enum outcome {
    DONE,
    NOTHING_STORED,
    UNKNOWN, /* how it ended: its answer may show it, or another question */
} outcome;

/* Helpers end with this when all is well but nothing is stored; they have no other sign. */
static bool says_nothing_stored(const zreg__buf *answer)
{
    const char *text = zreg__buf_cstr(answer);

    return text[0] != '{' && strstr(text, "credentials not found") != NULL;
}

static zreg_status ask(outcome *out, zreg__buf *answer, const char *name, const char *verb,
                       const char *server, const char *input, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *program = zreg__concat("docker-credential-", name, "");
    helper_run run = {.program = program,
                      .verb = verb,
                      .answer = answer,
                      .until_ms = zreg__clock_ms() + HELPER_MS,
                      .cancel = cancel};

    if (program == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(run_program(&run, input, err));
    if (run.status == 0) {
        *out = DONE;
    } else if (says_nothing_stored(answer)) {
        *out = NOTHING_STORED;
    } else if (run.status == ZREG__PROCESS_UNKNOWN) {
        *out = UNKNOWN;
    } else {
        return fail_run(&run, server, err);
    }
    return ZREG_OK;
}

zreg_status zreg__helper_get(bool *out_found, zreg__credential *out, const char *name,
                             const char *server, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf answer = ZREG__SECRET_BUF(ZREG__MAX_TOKEN_BODY_BYTES);
    outcome end = UNKNOWN;
    bool found = true;

    *out_found = false;
    ZREG__TRY(ask(&end, &answer, name, "get", server, server, cancel, err));
    if (end == NOTHING_STORED) {
        return ZREG_OK;
    }
    zreg_status status = zreg__helper_answer_read(
        &found, out, (zreg__span){zreg__buf_cstr(&answer), answer.size}, name, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "docker-credential-%s", name);
    }
    *out_found = found;
    out->key = zreg__asprintf("docker-credential-%s %s", name, server);
    return out->key != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* Whether it has exactly these; asked where nothing else tells what came of a call. */
static zreg_status has_stored(bool *out, const char *name, const char *server, const char *username,
                              const char *secret, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__credential) zreg__credential kept = {0};
    bool found = false;

    ZREG__TRY(zreg__helper_get(&found, &kept, name, server, cancel, err));
    *out =
        found && zreg__str_equal(kept.username, username) && zreg__str_equal(kept.password, secret);
    return ZREG_OK;
}

zreg_status zreg__helper_store(const char *name, const char *server, const char *username,
                               const char *secret, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf answer = ZREG__SECRET_BUF(ZREG__MAX_TOKEN_BODY_BYTES);
    ZREG__AUTO_SECRET_JSON zreg__json *json = zreg__json_new_object();
    ZREG__AUTO_SECRET char *text = NULL;
    outcome end = UNKNOWN;
    bool done = false;

    ZREG__TRY(zreg__json_set_text(json, "ServerURL", server, err));
    ZREG__TRY(zreg__json_set_text(json, "Username", username, err));
    ZREG__TRY(zreg__json_set_text(json, "Secret", secret, err));
    ZREG__TRY(zreg__json_print(&text, json, err));
    ZREG__TRY(ask(&end, &answer, name, "store", server, text, cancel, err));
    done = end == DONE;
    if (end == UNKNOWN) {
        ZREG__TRY(has_stored(&done, name, server, username, secret, cancel, err));
    }
    return done
               ? ZREG_OK
               : zreg__fail(err, ZREG_IO,
                            "docker-credential-%s does not store for %s; run it by hand to see why",
                            name, server);
}

zreg_status zreg__helper_erase(bool *out_found, const char *name, const char *server,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf answer = ZREG__SECRET_BUF(ZREG__MAX_TOKEN_BODY_BYTES);
    ZREG__AUTO(zreg__credential) zreg__credential kept = {0};
    outcome end = UNKNOWN;
    bool still = false;

    ZREG__TRY(ask(&end, &answer, name, "erase", server, server, cancel, err));
    if (end == UNKNOWN) {
        ZREG__TRY(zreg__helper_get(&still, &kept, name, server, cancel, err));
    }
    *out_found = end != NOTHING_STORED;
    return !still ? ZREG_OK
                  : zreg__fail(err, ZREG_IO,
                               "docker-credential-%s does not erase for %s; run it by hand to see "
                               "why",
                               name, server);
}
