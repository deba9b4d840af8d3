/* SPDX-License-Identifier: Apache-2.0 */
/** Error codes and error bodies (distribution-spec, "Error Codes"). */
#ifndef ZREG_OCI_ERRORS_H
#define ZREG_OCI_ERRORS_H

#include "base/compiler.h"
#include "base/json.h"
#include "base/strings.h"
#include <stdbool.h>
#include <zreg/common.h>

/** The codes that the specification has; there are no others. */
typedef enum zreg__code {
    ZREG__BLOB_UNKNOWN,
    ZREG__BLOB_UPLOAD_INVALID,
    ZREG__BLOB_UPLOAD_UNKNOWN,
    ZREG__DIGEST_INVALID,
    ZREG__MANIFEST_BLOB_UNKNOWN,
    ZREG__MANIFEST_INVALID,
    ZREG__MANIFEST_UNKNOWN,
    ZREG__NAME_INVALID,
    ZREG__NAME_UNKNOWN,
    ZREG__SIZE_INVALID,
    ZREG__UNAUTHORIZED,
    ZREG__CODE_DENIED,
    ZREG__CODE_UNSUPPORTED,
    ZREG__TOOMANYREQUESTS,
} zreg__code;

/** "BLOB_UNKNOWN", ... */
const char *zreg__errors_name(zreg__code code);

/** The usual HTTP status of a code. */
int zreg__errors_http_status(zreg__code code);

/** The code for an answer of which the status is all that is known. The specification has none for
 *  a fault of the server: TOOMANYREQUESTS has clients try again, where others end a push for good. */
zreg__code zreg__errors_code(int http_status);

/** True for an HTTP status that a later try may mend: 408, 425, 429, 500, 502, 503, 504. */
bool zreg__errors_passing(int http_status);

/** {"errors":[{"code","message","detail"?}]} in new memory. `detail` is taken, NULL: none. */
zreg_status zreg__errors_body(char **out, zreg__code code, const char *message, zreg__json *detail,
                              zreg_error *err);

/**
 * Turns a registry's answer into an error: picks zreg_status by HTTP status and registry code,
 * and takes the first error's code and message from the body when it is a proper error body
 * (also auth services' {"details": ...}, {"error": ...}, {"message": ...}); the text is cut and
 * cleaned. `what` names the request ("manifest docker.io/library/x:1"). Returns the status.
 */
zreg_status zreg__errors_from_response(zreg_error *err, int http_status, const void *body,
                                       size_t size, const char *what);

/** Whether it says that a manifest cannot be stored before its blobs are. */
bool zreg__errors_misses_blob(const zreg_error *err);

/** Adds the digests that an error body names as unknown (MANIFEST_BLOB_UNKNOWN, BLOB_UNKNOWN), if it names any. */
zreg_status zreg__errors_missing_blobs(zreg_strings *out, const void *body, size_t size,
                                       zreg_error *err);

#endif
