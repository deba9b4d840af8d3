/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The head of a request, read by RFC 9112 and 9110 and nothing more lenient. No I/O, no memory.
 *
 * Whatever two programs on one way could read in two ways is refused: bare line feeds, folded
 * lines, blanks before a colon, two lengths, a length beside a coding, control characters.
 */
#ifndef ZREG_HTTP_WIRE_HEAD_H
#define ZREG_HTTP_WIRE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZREG__WIRE_MAX_FIELDS 100

/** What a head may have. What is larger is refused, with the status behind each. */
typedef struct zreg__wire_limits {
    size_t line_bytes; /* of the request line, without its end: 414 */
    size_t head_bytes; /* of all lines together, with their ends: 431 */
    size_t fields;     /* at most ZREG__WIRE_MAX_FIELDS: 431 */
} zreg__wire_limits;

typedef struct zreg__wire_field {
    const char *name;
    const char *value; /* without blanks at its ends */
} zreg__wire_field;

/** Its text lies in the bytes that were parsed. */
typedef struct zreg__wire_head {
    const char *method;
    const char *target;    /* path and query, or "*" */
    const char *authority; /* of an absolute target, else of Host; NULL: none */
    bool is_http_1_0;
    bool closes;  /* the peer says that this is its last request */
    bool keeps;   /* the connection may stay after the answer */
    bool expects; /* the peer waits for 100 before it sends the body */
    bool is_chunked;
    uint64_t body_size; /* UINT64_MAX: chunked */
    zreg__wire_field fields[ZREG__WIRE_MAX_FIELDS];
    size_t field_count;
    const char *fault; /* what is wrong with it, for the log */
} zreg__wire_head;

/** How far the search for the end of a head has come; begins as zero. */
typedef struct zreg__wire_scan {
    size_t line;   /* where the current line begins */
    size_t seen;   /* what need not be looked at again */
    bool has_line; /* the request line is complete */
} zreg__wire_scan;

/** Looks for the end of a head in what has come so far. Returns 0 and sets `*out_size` to the head's
 *  size, 0: more bytes are needed; or the status of the answer: 400, 414, 431. */
int zreg__wire_head_find(size_t *out_size, zreg__wire_scan *scan, const zreg__wire_limits *limits,
                         const char *bytes, size_t size);

/** Parses a whole head, whose bytes it may change. Returns 0, or the status of the answer: 400,
 *  417, 431, 501, 505; then `out->fault` says why and nothing else is to be used. */
int zreg__wire_head_parse(zreg__wire_head *out, const zreg__wire_limits *limits, char *bytes,
                          size_t size);

/** Whether a text can be the value of a field: one that came from outside must not make a line of
 *  its own. */
bool zreg__wire_head_is_value(const char *text);

/** Whether a byte can be part of a field's name. */
bool zreg__wire_head_is_name(char c);

/** The value of the first field of this name, or NULL. */
const char *zreg__wire_head_field(const zreg__wire_head *head, const char *name);

#endif
