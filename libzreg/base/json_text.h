/* SPDX-License-Identifier: Apache-2.0 */
/** One text as JSON writes it (RFC 8259 section 7), and one object written member by member, for
 *  lines that are made many times a second and never read here. */
#ifndef ZREG_BASE_JSON_TEXT_H
#define ZREG_BASE_JSON_TEXT_H

#include "base/buf.h"
#include "base/str.h"
#include <stdbool.h>

/** Adds a text in quotes. `cleans`: "?" stands for each byte that is no UTF-8; else that is INVAL,
 *  and `field` is named. Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__json_text_put(zreg__buf *to, zreg__span text, bool cleans, const char *field,
                                zreg_error *err);

/** An object in one line. It begins as zero but for `to`; what fails leaves it failed. */
typedef struct zreg__json_text_line {
    zreg__buf *to;
    zreg_status status;
    bool has_members;
} zreg__json_text_line;

/* Adds a member; `key` is plain ASCII. A text of NULL is null, and one that is no UTF-8 is cleaned. */
void zreg__json_text_member(zreg__json_text_line *line, const char *key, const char *text);
void zreg__json_text_member_span(zreg__json_text_line *line, const char *key, zreg__span text);
void zreg__json_text_member_u64(zreg__json_text_line *line, const char *key, uint64_t number);

/** Adds a member that is a list of texts, and each of them. */
void zreg__json_text_begin_list(zreg__json_text_line *line, const char *key);
void zreg__json_text_item(zreg__json_text_line *line, const char *text, bool is_first);
void zreg__json_text_end_list(zreg__json_text_line *line);

/** Ends the object. False: the line is not whole. */
bool zreg__json_text_end(zreg__json_text_line *line);

#endif
