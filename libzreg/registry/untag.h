/* SPDX-License-Identifier: Apache-2.0 */
/** One tag is deleted where the registry deletes manifests only, by their digests. */
#ifndef ZREG_REGISTRY_UNTAG_H
#define ZREG_REGISTRY_UNTAG_H

#include "registry/client_inner.h"

/**
 * Puts a manifest that exists nowhere else under the tag of `ref` and deletes that by its digest, so what the tag
 * named, and its other tags, stay. Whether the registry deletes manifests is found out before the tag is touched;
 * if it refuses all the same, the tag is given back.
 *
 * Between the two the tag names the empty image: others may see it for as long as a request takes. A tag that
 * somebody sets in that time stays as they set it.
 * Errors: UNSUPPORTED (it deletes no manifests either), NOTFOUND, CONFLICT (the tag was set meanwhile), those of
 * the client.
 */
zreg_status zreg__untag(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                        zreg_error *err);

#endif
