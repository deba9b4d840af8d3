/* SPDX-License-Identifier: Apache-2.0 */
/** Answering a call, and reading what was asked. */
#ifndef ZREG_SERVER_CALL_H
#define ZREG_SERVER_CALL_H

#include "base/json.h"
#include "server/inside.h"

zreg__call *zreg__call_new(zreg_server *server, zreg__serve_request *request);
void zreg__call_free(zreg__call *call);

/** Value number `i` of a query parameter, decoded, in new memory; NULL: there is none. */
char *zreg__call_query(const zreg__call *call, const char *name, size_t i);

/** Answers without a body. */
void zreg__call_empty(zreg__call *call, int status);

/** Answers with a text that now belongs to the answer. */
void zreg__call_text(zreg__call *call, int status, const char *media_type, char *text);

/** Answers with an error body; the HTTP status is the code's usual one. */
void zreg__call_fail(zreg__call *call, zreg__code code, const char *format, ...) ZREG__PRINTF(3, 4);

/** The same with another HTTP status. */
void zreg__call_fail_as(zreg__call *call, int status, zreg__code code, const char *format, ...)
    ZREG__PRINTF(4, 5);

/** The same with a `detail`, which is taken. */
void zreg__call_fail_detailed(zreg__call *call, zreg__code code, const char *message,
                              zreg__json *detail);

/** Answers by an error of the store; NOTFOUND becomes `absent`. */
void zreg__call_error(zreg__call *call, const zreg_error *err, zreg__code absent);

/** Sets the headers that all answers have: again, where an answer is made in place of another. */
void zreg__call_usual(zreg__call *call);

/** Sets a header; one that cannot be set, for want of memory or room, makes the answer 500 once it leaves. */
void zreg__call_field(zreg__call *call, const char *name, const char *value);

/** What every answer goes through once it is whole: one that lacks a header becomes 500. */
void zreg__call_settle(zreg__call *call);

/** The same with a value that is composed. */
void zreg__call_header(zreg__call *call, const char *name, const char *format, ...)
    ZREG__PRINTF(3, 4);

/** The "/PATH" before that of a target, with which a client comes back here; "": none. */
const char *zreg__call_prefix(const zreg__call *call);

/** Sets Location to "/v2/NAME/" and the rest, so that the client comes back to this repository. */
void zreg__call_location(zreg__call *call, const char *what, const char *id);

/** The last part of the path as a digest; false: answered with DIGEST_INVALID. */
bool zreg__call_digest(zreg_digest *out, zreg__call *call, const char *text);

/** Sets the headers that name the content of the answer: its digest is its entity tag too. True:
 *  the client has it (If-None-Match), and the answer is 304. */
bool zreg__call_content(zreg__call *call, const char *digest);

/** A number for who calls: by address (a /64 of IPv6 is one), and by user once that is known, for everybody
 *  may come from one address, or as one user. */
uint64_t zreg__call_share(const zreg__call *call);

#endif
