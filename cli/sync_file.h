/* SPDX-License-Identifier: Apache-2.0 */
/** The file of many syncs: a line each, SRC DST [PATTERN | !PATTERN]... with comments behind '#'. */
#ifndef CLI_SYNC_FILE_H
#define CLI_SYNC_FILE_H

#include "session.h"

/** One line. Lists end with NULL; the texts belong to the file. */
typedef struct sync_line {
    const char *src;
    const char *dst;
    const char **tags;
    const char **exclude;
} sync_line;

typedef struct sync_file {
    char *text;
    sync_line *lines;
    size_t count;
} sync_file;

/** Reads the file; "-" is standard input. Errors: INVAL, which names the line; those of files_read_text. */
zreg_status sync_file_read(session *s, sync_file *out, const char *path);

/** What the command line alone asks for. */
void sync_file_single(sync_file *out, const char *src, const char *dst);

void sync_file_finish(sync_file *file);

#endif
