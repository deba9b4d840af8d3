/* SPDX-License-Identifier: Apache-2.0 */
/** What goes to standard output: one JSON document, or text for people. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "session.h"
#include <json-c/json.h>

/* Building a document; the process ends when memory runs out. */
json_object *output_object(void);
json_object *output_array(void);
void output_set_text(json_object *object, const char *key, const char *text); /* NULL or "": null */
void output_set_number(json_object *object, const char *key, uint64_t number);
void output_set_bool(json_object *object, const char *key, bool value);
void output_set(json_object *object, const char *key, json_object *value);
void output_add(json_object *array, json_object *value);
void output_add_text(json_object *array, const char *text);

/** Prints the document on one line and frees it. */
zreg_status output_json(session *s, json_object *document);

/** Prints what a list of names is of, and the list: a document {KEY: OF, MEMBER: [...]}, or one name
 *  a line. */
zreg_status output_names(session *s, const char *key, const char *of, const char *member,
                         const zreg_strings *names);

/** Prints a document that the library made, and frees it. */
zreg_status output_json_text(session *s, char *json);

/** Prints a document for people: one line for each fact, indented as it is nested. */
zreg_status output_plain(session *s, json_object *document);

/** The members that all copies share: bytes, blobs, requests, seconds. */
void output_copy_result(json_object *object, const zreg_copy_result *result);

/** "8.1 MB moved; blobs: 3 copied, 1 mounted, 2 there already; 0.4 s" */
void output_copy_line(const zreg_copy_result *result);

/** Tells the session's error on standard error, and as a document when that is wanted: {"error"}, with
 *  what was done before it as "done". */
void output_error(const session *s);

/** Flushes standard output. Errors: IO. */
zreg_status output_finish(session *s);

#endif
