/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of manifests and digests that other layers need (public part: <zreg/manifest.h>). */
#ifndef ZREG_OCI_MANIFEST_H
#define ZREG_OCI_MANIFEST_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/json.h"
#include <stdbool.h>
#include <zreg/manifest.h>

/** As zreg_manifest_parse, and the bytes must have this digest (CORRUPT otherwise), which is
 *  checked before anything is parsed; zreg_manifest_digest then gives it. */
zreg_status zreg__manifest_parse_verified(zreg_manifest **out, const void *bytes, size_t size,
                                          const char *media_type, const zreg_digest *digest,
                                          zreg_error *err);

/**
 * A manifest of a type that we do not know, which is moved as it is: it names nothing, is no index and
 * has no config (zreg_manifest_config gives NULL). Errors: CORRUPT (another digest), LIMIT, NOMEM.
 */
zreg_status zreg__manifest_opaque(zreg_manifest **out, const void *bytes, size_t size,
                                  const char *media_type, const zreg_digest *digest,
                                  zreg_error *err);
bool zreg__manifest_is_opaque(const zreg_manifest *manifest);

/** The document; NULL of an opaque one. It belongs to the manifest. */
const zreg__json *zreg__manifest_json(const zreg_manifest *manifest);

/** The document's descriptor that `part` was read from: the config, a layer or a child. */
const zreg__json *zreg__manifest_json_of(const zreg_manifest *manifest,
                                         const zreg_descriptor *part);

/**
 * What a reader does not need and may still trip others: `urls`, features of a platform and `data`
 * that are malformed, annotations that are null, an image without a list of layers. Such a manifest
 * is read and copied, but a registry does not take a new one. Errors: INVAL, which names the place.
 */
zreg_status zreg__manifest_check_strictly(const zreg_manifest *manifest, zreg_error *err);

/** Gives what a descriptor holds in its `data` (image-spec, descriptor.md), if that has the digest
 *  and size that it tells, in place of what the buffer held. Errors: NOTFOUND (nothing that could be used), LIMIT, NOMEM. */
zreg_status zreg__manifest_inline(zreg__buf *to, const zreg_manifest *manifest,
                                  const zreg_descriptor *part, zreg_error *err);

/** Whether a descriptor names at least one address to fetch it from. */
bool zreg__manifest_has_urls(const zreg_manifest *manifest, const zreg_descriptor *part);

/** The same object once more; each holder calls zreg_manifest_free. Counted atomically. */
zreg_manifest *zreg__manifest_share(const zreg_manifest *manifest);

/** Parses "os/arch[/variant]" against a descriptor's platform. False: does not match or no
 *  platform. An unset variant in `wanted` matches every variant. */
bool zreg__platform_matches(const zreg_platform *platform, const char *wanted);

/** Checks the text form "os/arch[/variant]". Errors: INVAL. */
zreg_status zreg__platform_check(const char *text, zreg_error *err);

ZREG__DEFINE_AUTO(zreg_manifest, zreg_manifest_free)

#endif
