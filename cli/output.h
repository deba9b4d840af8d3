/* SPDX-License-Identifier: Apache-2.0 */
/** What goes to standard output: one JSON document, or text for people. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "json.h"
#include "session.h"
#include <stdio.h>

/** Prints the document on one line and frees it. */
zreg_status output_json(session *s, json_value *document);

/** Prints what a list of names is of, and the list: a document {KEY: OF, MEMBER: [...]}, or one name
 *  a line. */
zreg_status output_names(session *s, const char *key, const char *of, const char *member,
                         const zreg_strings *names);

/** Prints a document that the library made, and frees it. */
zreg_status output_json_text(session *s, char *json);

/** Prints such a document for people, and frees it. */
zreg_status output_plain(session *s, char *json);

/** The two forms of a result of the library's: its document, and lines for people. */
typedef struct output_form {
    zreg_status (*json)(char **out, const void *result, zreg_error *err);
    zreg_status (*text)(session *s, const void *result);
} output_form;

/** Prints a result in the form that is wanted. After an error it is what was done before, or NULL; the
 *  document then goes with the error's. Returns the first error. */
zreg_status output_result(session *s, zreg_status status, const output_form *form,
                          const void *result);

/** Tells where credentials of a host are, or were, as one says what `done` to them; frees `place`. */
zreg_status output_kept(session *s, const char *done, const char *host, char *place);

/** Prints where an image was stored, or would be, and its digest. */
zreg_status output_digest(session *s, const char *place, const zreg_digest *digest);

/** The members that all copies share: bytes, blobs, requests, seconds; and "dry_run". */
void output_copy_result(const session *s, json_value *object, const zreg_copy_result *result);

/** "8.1 MB moved; blobs: 3 copied, 1 mounted, 2 there already; 0.4 s"; of a dry run what would be. */
void output_copy_line(const session *s, FILE *to, const zreg_copy_result *result);

/** Where it is told what became of a place: on standard error when the place is standard output. */
FILE *output_of_place(const char *place);

/** Refuses --json for a place that is standard output itself. Errors: INVAL. */
zreg_status output_check_place(session *s, const char *place);

/** Tells the session's error on standard error, and as a document when that is wanted: {"error"}, with
 *  what was done before it as "done". */
void output_error(const session *s);

/** Flushes standard output. Errors: IO. */
zreg_status output_finish(session *s);

#endif
