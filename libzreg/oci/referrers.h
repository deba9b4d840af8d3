/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What belongs to a manifest, as documents and names: lists of referrers (distribution-spec,
 * "Listing Referrers", "Referrers Tag Schema"), and the tags that cosign gives what it makes.
 */
#ifndef ZREG_OCI_REFERRERS_H
#define ZREG_OCI_REFERRERS_H

#include "base/json.h"
#include "base/limits.h"
#include <zreg/manifest.h>

/** A tag that is made of a digest; "" when the digest is too long for one. */
typedef struct zreg__digest_tag {
    char text[ZREG__MAX_TAG + 1];
} zreg__digest_tag;

/** Signatures, attestations, SBOMs. */
#define ZREG__COSIGN_KINDS 3

/** The tag of the list of referrers, where the registry keeps none itself: ALGORITHM-HEX. */
zreg__digest_tag zreg__referrers_tag(const zreg_digest *subject);

/** Cosign's tag of a `kind` below ZREG__COSIGN_KINDS: ALGORITHM-HEX.sig, .att, .sbom. */
zreg__digest_tag zreg__referrers_cosign_tag(const zreg_digest *subject, size_t kind);

/** True for the tags above: they name what belongs to an image, and are no image's own. */
bool zreg__referrers_is_digest_tag(const char *tag);

/** The document's subject is `subject`. */
bool zreg__referrers_refers(const zreg_manifest *manifest, const zreg_digest *subject);

/** A descriptor as lists of referrers have it: with the manifest's artifact type and
 *  annotations. */
zreg_status zreg__referrers_describe(zreg__json **out, const zreg_manifest *manifest,
                                     zreg_error *err);

/** A list of referrers without any: an index, whose "manifests" they are added to. */
zreg_status zreg__referrers_new_list(zreg__json **out, zreg_error *err);

/**
 * The list `current` (an OCI index; NULL: none yet) with descriptors of `more` at its end, but for
 * those that it has. With nothing to add the same manifest is shared. Errors: LIMIT.
 */
zreg_status zreg__referrers_list_add(zreg_manifest **out, const zreg_manifest *current,
                                     const zreg_manifest *const *more, size_t count,
                                     zreg_error *err);

/** True when every layer of `part`, with its annotations, is one of `whole` too: cosign keeps each
 *  signature as a layer. Of anything but two image manifests it is false. */
bool zreg__referrers_holds(const zreg_manifest *whole, const zreg_manifest *part);

#endif
