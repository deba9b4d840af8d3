/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where an image in a buildset registry came from: which change, build and artifact. Whoever puts
 * a manifest may tell, in the request header Zreg-Origin, as a JSON object of at most
 * ZREG__MAX_ORIGIN_BYTES; the registry keeps it for its access log.
 */
#ifndef ZREG_OCI_ORIGIN_H
#define ZREG_OCI_ORIGIN_H

#include "base/compiler.h"
#include "base/limits.h"
#include <stdbool.h>
#include <zreg/common.h>

#define ZREG__ORIGIN_HEADER "Zreg-Origin"

typedef struct zreg__origin {
    char artifact[ZREG__MAX_ORIGIN_BYTES]; /* "docker://HOST/REPOSITORY:TAG" */
    char change[64];                       /* or "" */
    char build[64];                        /* or "" */
} zreg__origin;

/** {"artifact", "change", "build"} in new memory; NULL parts are left out. LIMIT: it is too long. */
zreg_status zreg__origin_print(char **out, const char *artifact, const char *change,
                               const char *build, zreg_error *err);

/** Reads what a peer tells. Errors: INVAL (too long, no such object, or characters that do not
 *  belong into a name). */
zreg_status zreg__origin_parse(zreg__origin *out, const char *text, zreg_error *err);

bool zreg__origin_equal(const zreg__origin *a, const zreg__origin *b);

#endif
