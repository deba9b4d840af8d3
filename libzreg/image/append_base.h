/* SPDX-License-Identifier: Apache-2.0 */
/** An image that another is made of: its manifest and config, as they came and to be changed. */
#ifndef ZREG_IMAGE_APPEND_BASE_H
#define ZREG_IMAGE_APPEND_BASE_H

#include "base/json.h"
#include "image/endpoint.h"

typedef struct zreg__append_base {
    zreg__endpoint *src; /* the caller's */
    const char
        *os_version; /* the caller's: of an index for Windows, a child of this build; or NULL */
    zreg_manifest *manifest;
    zreg__json *document; /* the manifest's */
    zreg__json *config;   /* has a diff_id for each layer */
} zreg__append_base;

/**
 * Fetches the image that `src` names, or this one; of an index that for `platform`. On the way from a docker archive
 * to `dst` (may be NULL) its plain layers are compressed. Errors: NOTFOUND (no such platform), INVAL (no image of a container).
 */
zreg_status zreg__append_base_fetch(zreg__append_base *base, const zreg_digest *digest,
                                    const char *platform, const zreg__endpoint *dst,
                                    zreg_cancel *cancel, zreg_error *err);

/** Whether two os.version are of one build of Windows, whose containers run on each other; an unset one fits all. */
bool zreg__append_base_same_build(const char *a, const char *b);

/** The list of diff_ids. */
const zreg__json *zreg__append_base_diff_ids(const zreg__append_base *base);

/** Whether its media types are docker's. */
bool zreg__append_base_is_docker(const zreg__append_base *base);

void zreg__append_base_finish(zreg__append_base *base);

ZREG__DEFINE_AUTO_VALUE(zreg__append_base, zreg__append_base_finish)

#endif
