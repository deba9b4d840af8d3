/* SPDX-License-Identifier: Apache-2.0 */
/** The file that a verb writes: it appears whole, or not at all; or standard output. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "session.h"

typedef struct target {
    const char *path; /* NULL: standard output */
    char *final; /* what takes the place of the file, behind links; NULL: it is written as it is */
    char *temporary; /* beside that */
    int fd;
} target;

/** Whether this is standard output: NULL, "-" or "/dev/stdout". */
bool target_is_stdout(const char *path);

/** Opens it; standard output is what --json is told on too: `named` says what to give instead. What is there and no
 *  regular file, such as a pipe, is written as it is. A link stays one: what it leads to is replaced, or made; the
 *  mode of a file that was there stays. Errors: INVAL, IO. */
zreg_status target_open(session *s, target *to, const char *path, const char *named);

/** Reports that it could not be written, by errno. */
zreg_status target_fail(session *s, const target *to);

/** Ends it: after an error nothing is left. Returns `status`, or why it is not there. */
zreg_status target_finish(session *s, target *to, zreg_status status);

#endif
