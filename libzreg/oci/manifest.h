/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of manifests and digests that other layers need (public part: <zreg/manifest.h>). */
#ifndef ZREG_OCI_MANIFEST_H
#define ZREG_OCI_MANIFEST_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/manifest.h>

/** As zreg_manifest_parse, and the bytes must have this digest (CORRUPT otherwise), which is
 *  checked before anything is parsed; zreg_manifest_digest then gives it. */
zreg_status zreg__manifest_parse_verified(zreg_manifest **out, const void *bytes, size_t size,
                                          const char *media_type, const zreg_digest *digest,
                                          zreg_error *err);

/** The same object once more; each holder calls zreg_manifest_free. Counted atomically. */
zreg_manifest *zreg__manifest_share(const zreg_manifest *manifest);

/** Parses "os/arch[/variant]" against a descriptor's platform. False: does not match or no
 *  platform. An unset variant in `wanted` matches every variant. */
bool zreg__platform_matches(const zreg_platform *platform, const char *wanted);

/** Checks the text form "os/arch[/variant]". Errors: INVAL. */
zreg_status zreg__platform_check(const char *text, zreg_error *err);

ZREG__DEFINE_AUTO(zreg_manifest, zreg_manifest_free)

#endif
