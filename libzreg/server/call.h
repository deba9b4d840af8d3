/* SPDX-License-Identifier: Apache-2.0 */
/** Answering a call, and reading what was asked. */
#ifndef ZREG_SERVER_CALL_H
#define ZREG_SERVER_CALL_H

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

/** Answers by an error of the store; NOTFOUND becomes `absent`. */
void zreg__call_error(zreg__call *call, const zreg_error *err, zreg__code absent);

/** Sets a header; when memory runs out the answer becomes 500. */
void zreg__call_header(zreg__call *call, const char *name, const char *format, ...)
    ZREG__PRINTF(3, 4);

/** Sets Location to "/v2/NAME/" and the rest, so that the client comes back to this repository. */
void zreg__call_location(zreg__call *call, const char *what, const char *id);

/** The last part of the path as a digest; false: answered with DIGEST_INVALID. */
bool zreg__call_digest(zreg_digest *out, zreg__call *call, const char *text);

/** Whether If-None-Match names this digest, which is the entity tag here. */
bool zreg__call_matches(const zreg__call *call, const char *digest);

#endif
