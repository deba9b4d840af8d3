/* SPDX-License-Identifier: Apache-2.0 */
/** The config of an image (image-spec, config.md), as JSON. */
#ifndef ZREG_IMAGE_IMAGECONFIG_H
#define ZREG_IMAGE_IMAGECONFIG_H

#include "base/json.h"
#include "image/endpoint.h"

/** Parses a config. Errors: INVAL (what zreg__json_parse and zreg__json_check_case refuse), LIMIT. */
zreg_status zreg__imageconfig_parse(zreg__json **out, const void *bytes, size_t size,
                                    const char *what, zreg_error *err);

/** Fetches and parses the config of an image manifest. Errors: INVAL (an index), LIMIT, ... */
zreg_status zreg__imageconfig_fetch(zreg__json **out, zreg__endpoint *src,
                                    const zreg_manifest *manifest, zreg_cancel *cancel,
                                    zreg_error *err);

/** The platform that a config tells; its texts live as long as the JSON. Unset parts are "". */
zreg_platform zreg__imageconfig_platform(const zreg__json *config);

#endif
