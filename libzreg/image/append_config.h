/* SPDX-License-Identifier: Apache-2.0 */
/** What an append changes in an image's config (image-spec, config.md). JSON only, no I/O. */
#ifndef ZREG_IMAGE_APPEND_CONFIG_H
#define ZREG_IMAGE_APPEND_CONFIG_H

#include "base/json.h"
#include <zreg/copy.h>
#include <zreg/digest.h>

/** Checks what needs no base: KEY=VALUE texts, the platform, the time. Errors: INVAL. */
zreg_status zreg__append_config_check(const zreg_append_options *options, zreg_error *err);

/** The config of an image with no layers, for "os/arch[/variant]". */
zreg_status zreg__append_config_scratch(zreg__json **out, const char *platform, zreg_error *err);

/** Whether a config is that of an image with so many layers. Errors: INVAL. */
zreg_status zreg__append_config_check_base(const zreg__json *config, size_t layers,
                                           zreg_error *err);

/** Sets the time, labels, environment and all else that the options name. */
zreg_status zreg__append_config_apply(zreg__json *config, const zreg_append_options *options,
                                      zreg_error *err);

/** Sets the annotations that the options name in a manifest, which is made where there is none (NULL). */
zreg_status zreg__append_config_annotate(zreg__json **manifest, const zreg_append_options *options,
                                         zreg_error *err);

/** Adds a layer; a NULL `diff_id` records a change without one. */
zreg_status zreg__append_config_add(zreg__json *config, const zreg_digest *diff_id,
                                    const zreg_append_options *options, zreg_error *err);

#endif
