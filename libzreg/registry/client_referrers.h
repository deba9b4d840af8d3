/* SPDX-License-Identifier: Apache-2.0 */
/** What refers to a manifest in a repository (distribution-spec, "Listing Referrers"). */
#ifndef ZREG_REGISTRY_CLIENT_REFERRERS_H
#define ZREG_REGISTRY_CLIENT_REFERRERS_H

#include <stdbool.h>
#include <zreg/client.h>
#include <zreg/manifest.h>
#include <zreg/referrers.h>

/**
 * Asks the registry for what names `subject`; nothing of it is verified yet. `artifact_type` NULL:
 * of any. `*out_has_list` false: it answers that it keeps no such lists, and `*out` is unset. `ref`
 * names the repository. Errors: PROTO, LIMIT, those of the client.
 */
zreg_status zreg__client_referrers_ask(zreg_referrers **out, bool *out_has_list,
                                       zreg_client *client, const zreg_ref *ref,
                                       const zreg_digest *subject, const char *artifact_type,
                                       zreg_cancel *cancel, zreg_error *err);

/** The same from the tag that stands in for the registry's list; no tag gives an empty list.
 *  Errors: CONFLICT (the tag holds something else), those of the client. */
zreg_status zreg__client_referrers_read_tag(zreg_referrers **out, zreg_client *client,
                                            const zreg_ref *ref, const zreg_digest *subject,
                                            const char *artifact_type, zreg_cancel *cancel,
                                            zreg_error *err);

/** Adds manifests that the repository holds to that tag's list, which is read right before.
 *  Errors: as above, and LIMIT. */
zreg_status zreg__client_referrers_add_to_tag(zreg_client *client, const zreg_ref *ref,
                                              const zreg_digest *subject,
                                              const zreg_manifest *const *manifests, size_t count,
                                              zreg_cancel *cancel, zreg_error *err);

#endif
