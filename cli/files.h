/* SPDX-License-Identifier: Apache-2.0 */
/** Files that options name: read whole, up to a maximum; "-" is standard input. Where the session reads
 *  them again it takes plain files only: a pipe or a terminal has nothing more, and would be waited for. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "session.h"

#define FILES_MAX_ARTIFACTS ((size_t)16 << 20)
#define FILES_MAX_LOG ((size_t)256 << 20)
#define FILES_MAX_TEXT ((size_t)4 << 20)

/** The content with a NUL behind it, in new memory. `what` names the file's purpose in errors; the
 *  content is never shown. */
zreg_status files_read(session *s, char **out, size_t *out_size, const char *path, size_t maximum,
                       const char *what);

/** The same of a text, which has no NUL within. */
zreg_status files_read_text(session *s, char **out, const char *path, const char *what);

/** A password or the like, one line: without the line end that editors leave. Use AUTO_SECRET. */
zreg_status files_read_secret(session *s, char **out, const char *path, const char *what);

/** Writes a file that only its owner can read, in one step. */
zreg_status files_write_private(session *s, const char *path, const char *text);

/** Reads --artifacts; a list without artifacts when it was not given. */
zreg_status files_read_artifacts(session *s, zreg_artifacts **out, const char *path);

#endif
