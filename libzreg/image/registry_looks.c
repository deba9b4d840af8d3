/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registry_looks.h"

#include "base/error.h"
#include "base/limits.h"
#include "oci/manifest.h"
#include "registry/client.h"
#include <zreg/blob.h>

/* Bytes that are a manifest we know are taken as one, whatever the descriptor calls them: what it
 * names has to be copied too. */
zreg_status zreg__registry_looks_unknown(zreg_manifest **out, zreg__endpoint *endpoint,
                                         const zreg_descriptor *manifest, zreg_cancel *cancel,
                                         zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    bool is_blob = false;
    ZREG__TRY(zreg__client_manifest_get_unknown(&bytes, &is_blob, endpoint->options.client,
                                                endpoint->place->ref, manifest, cancel, err));
    if (is_blob) {
        ZREG__TRY(zreg__endpoint_blob_bytes(&bytes, endpoint, manifest, cancel, err));
    }
    const char *text = zreg__buf_cstr(&bytes);
    if (zreg__manifest_parse_verified(out, text, bytes.size, NULL, &manifest->digest, NULL) ==
        ZREG_OK) {
        return ZREG_OK;
    }
    if (is_blob) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s: %s is a blob", zreg__endpoint_text(endpoint),
                          manifest->digest.text);
    }
    return zreg__manifest_opaque(out, text, bytes.size, manifest->media_type, &manifest->digest,
                                 err);
}

zreg_status zreg__registry_looks_blob(zreg__endpoint *endpoint, const zreg_digest *digest,
                                      zreg_cancel *cancel, zreg_error *err)
{
    uint64_t size = 0;
    return zreg_blob_head(&size, endpoint->options.client, endpoint->place->ref, digest, cancel,
                          err);
}
