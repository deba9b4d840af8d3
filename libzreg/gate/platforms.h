/* SPDX-License-Identifier: Apache-2.0 */
/** The platforms that an image runs on, for its artifact. */
#ifndef ZREG_GATE_PLATFORMS_H
#define ZREG_GATE_PLATFORMS_H

#include "base/json.h"
#include <zreg/client.h>

/**
 * Array of "os/arch[/variant]": of an index's children, or of the image's config. Empty for
 * content that is no image. Asks for the manifest and, when it is no index, for the config.
 * Errors: those of the client.
 */
zreg_status zreg__platforms_read(zreg__json **out, zreg_client *client, const zreg_ref *ref,
                                 zreg_cancel *cancel, zreg_error *err);

#endif
