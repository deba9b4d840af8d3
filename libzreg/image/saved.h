/* SPDX-License-Identifier: Apache-2.0 */
/** What `docker save` writes as an OCI layout, which some of its versions do wrongly. */
#ifndef ZREG_IMAGE_SAVED_H
#define ZREG_IMAGE_SAVED_H

#include "image/layout.h"

/**
 * OK unless a manifest of a layout that has a manifest.json beside contradicts the config in it. Docker 25.0
 * lists no layers there, later versions list them in any order; manifest.json is right, and docker-archive:
 * reads that. Errors: CORRUPT.
 */
zreg_status zreg__saved_check(const zreg__layout *layout, const zreg_manifest *manifest,
                              zreg_error *err);

#endif
