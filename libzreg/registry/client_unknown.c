/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest of a type that we do not know, as an index may name it (image-spec, image-index.md). */
#include "registry/client.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/request.h"

zreg_status zreg__client_manifest_get_unknown(zreg__buf *to, zreg_client *client,
                                              const zreg_ref *ref, const zreg_descriptor *manifest,
                                              zreg_cancel *cancel, zreg_error *err)
{
    zreg__host *host = NULL;
    const char *repository = zreg_ref_repository(ref);
    const char *digest = manifest->digest.text;
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *path = zreg__asprintf("/v2/%s/manifests/%s", repository, digest);
    ZREG__AUTO_FREE char *blob_path = zreg__asprintf("/v2/%s/blobs/%s", repository, digest);
    ZREG__AUTO_FREE char *accept =
        zreg__asprintf("Accept: %s, %s", manifest->media_type, zreg__mediatype_accept);
    ZREG__AUTO_FREE char *what =
        zreg__asprintf("manifest %s/%s@%s", zreg_ref_host(ref), repository, digest);
    if (path == NULL || blob_path == NULL || accept == NULL || what == NULL) {
        return zreg__fail_nomem(err);
    }
    const zreg__request request = {
        .method = "GET",
        .path = path,
        .blob_path = blob_path,
        .repository = repository,
        .actions = ZREG__PULL,
        .headers = {accept},
        .what = what,
    };
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    ZREG__TRY(zreg__request_send(&exchange, client, host, &request, cancel, err));
    return zreg__answer_body(to, exchange, what, err);
}
