/* SPDX-License-Identifier: Apache-2.0 */
/** Referrers: the signatures, attestations and SBOMs that name an image as their subject. */
#ifndef ZREG_REFERRERS_H
#define ZREG_REFERRERS_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/manifest.h>
#include <zreg/ref.h>

ZREG_BEGIN_DECLS

/** Manifests that name another one as their subject. Never changes, so threads may share it. */
typedef struct zreg_referrers zreg_referrers;

/** Which referrers are listed. */
typedef struct zreg_referrers_options {
    size_t size;
    const char *artifact_type; /**< only of this type, such as "application/spdx+json"; NULL: all */
} zreg_referrers_options;

/**
 * Lists what names the manifest of `ref` as its subject: signatures, attestations, SBOMs
 * (distribution-spec 1.1, "Listing Referrers"). A digest is taken as it is, and need not exist; a tag
 * is asked for its digest first. All pages are read. Where the registry keeps no such lists, the tag
 * sha256-HEX is read in their place ("Referrers Tag Schema"); where it does not filter by type, that
 * is done here. Nothing of what is listed was fetched or verified.
 * Errors: LIMIT (more than 1000), CONFLICT (the tag holds something else), PROTO, and those of
 * zreg_client_manifest_head.
 */
ZREG_API zreg_status zreg_client_referrers(zreg_referrers **out, zreg_client *client,
                                           const zreg_ref *ref,
                                           const zreg_referrers_options *options,
                                           zreg_cancel *cancel, zreg_error *err);

/** How many referrers there are. */
ZREG_API size_t zreg_referrers_count(const zreg_referrers *referrers);

/** Referrer number `i`, in the registry's order; NULL past the end. It lives as long as the list. */
ZREG_API const zreg_descriptor *zreg_referrers_at(const zreg_referrers *referrers, size_t i);

/** Frees the list. Accepts NULL. */
ZREG_API void zreg_referrers_free(zreg_referrers *referrers);

ZREG_END_DECLS

#endif
