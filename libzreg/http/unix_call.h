/* SPDX-License-Identifier: Apache-2.0 */
/** One request to a daemon of this machine, over its Unix socket: a file is what is sent, bytes come back. */
#ifndef ZREG_HTTP_UNIX_CALL_H
#define ZREG_HTTP_UNIX_CALL_H

#include "base/buf.h"
#include <zreg/cancel.h>

typedef struct zreg__unix_call {
    const char *socket_path;
    const char *target; /* "/path?query" */
    const char *what;   /* for errors: "the Docker daemon at /run/docker.sock" */
    int body;           /* a file to be posted; -1: it is a GET */
    uint64_t body_bytes;
    /* Takes the body of a 200; anything but OK ends the request. */
    zreg_status (*write)(void *user, const void *bytes, size_t size, zreg_error *err);
    void *user;
} zreg__unix_call;

/**
 * Carries it out on the calling thread. `*out_status` is the status of the answer; the body of any other than
 * 200 is added to `refusal`, as much as fits. Errors: NET (nobody listens, the connection broke), DENIED (the
 * socket is not for this user), TIMEOUT (nothing moved for ZREG__UNIX_CALL_IDLE_MS), IO, CANCELLED, those of
 * `write`.
 */
zreg_status zreg__unix_call_send(int *out_status, zreg__buf *refusal, const zreg__unix_call *call,
                                 zreg_cancel *cancel, zreg_error *err);

#endif
