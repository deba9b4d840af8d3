/* SPDX-License-Identifier: Apache-2.0 */
/** What a source of the driver `registry` is asked beside its manifests and blobs. */
#ifndef ZREG_IMAGE_REGISTRY_LOOKS_H
#define ZREG_IMAGE_REGISTRY_LOOKS_H

#include "image/endpoint.h"

/** As zreg__endpoint_manifest_get_unknown. */
zreg_status zreg__registry_looks_unknown(zreg_manifest **out, zreg__endpoint *endpoint,
                                         const zreg_descriptor *manifest, zreg_cancel *cancel,
                                         zreg_error *err);

/** As zreg__endpoint_blob_head: one HEAD. */
zreg_status zreg__registry_looks_blob(zreg__endpoint *endpoint, const zreg_digest *digest,
                                      zreg_cancel *cancel, zreg_error *err);

#endif
