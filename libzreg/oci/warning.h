/* SPDX-License-Identifier: Apache-2.0 */
/** What a registry says beside its answer: Warning (distribution-spec, "Warnings"), and limits of requests. */
#ifndef ZREG_OCI_WARNING_H
#define ZREG_OCI_WARNING_H

#include "oci/field.h"
#include <stdbool.h>

/** The next text of a Warning header, several of them joined by commas, that has the code 299; others and what is
 *  malformed are passed over. `*out` stays NULL at the end. Errors: NOMEM. */
zreg_status zreg__warning_next(char **out, zreg__field *field, zreg_error *err);

/** Requests that a registry allows within some time. */
typedef struct zreg__rate_limit {
    uint64_t limit;
    uint64_t remaining;
    uint64_t window_s; /* 0: it does not tell */
} zreg__rate_limit;

/** Reads "100;w=21600" and "76;w=21600" as Docker Hub has them, or numbers alone; either text may be NULL. False: they
 *  tell nothing. */
bool zreg__rate_limit_read(zreg__rate_limit *out, const char *limit, const char *remaining);

#endif
