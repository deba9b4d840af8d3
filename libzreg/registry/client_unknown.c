/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest of a type that we do not know, as an index may name it (image-spec, image-index.md). */
#include "registry/client.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "oci/digest.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/request.h"
#include <string.h>

/* Of bytes that we do not understand the digest is all that there is to judge by. */
static zreg_status is_whole(bool *out_passing, void *user, const zreg__fetch_exchange *exchange,
                            const zreg__buf *body, zreg_error *err)
{
    const zreg_digest *digest = user;
    zreg_digest found;
    (void)exchange;
    ZREG__TRY(zreg__digest_like(&found, digest, body->data, body->size, err));
    *out_passing = !zreg_digest_equal(&found, digest);
    return zreg_digest_equal(&found, digest)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT,
                            "manifest %s: the registry sent other bytes, of "
                            "digest %s",
                            digest->text, found.text);
}

static bool is_there(const void *user, const zreg__fetch_exchange *found)
{
    bool *is_blob = *(bool *const *)user;
    *is_blob = zreg__fetch_status(found) == 200;
    return *is_blob;
}

/* docker-registry 2.8 answers 500 where a blob is asked for as a manifest: before that is asked for
 * again, the blob is. */
zreg_status zreg__client_manifest_get_unknown(zreg__buf *to, bool *out_is_blob, zreg_client *client,
                                              const zreg_ref *ref, const zreg_descriptor *manifest,
                                              zreg_cancel *cancel, zreg_error *err)
{
    zreg__host *host = NULL;
    const char *repository = zreg_ref_repository(ref);
    const char *digest = manifest->digest.text;
    zreg_digest wanted = manifest->digest;
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
    const zreg__request_look look = {
        .path = blob_path, .shows_done = is_there, .user = &out_is_blob};
    const zreg__request request = {
        .method = "GET",
        .path = path,
        .blob_path = blob_path,
        .repository = repository,
        .actions = ZREG__PULL,
        .headers = {accept},
        .answer = to,
        .judge = is_whole,
        .judge_user = &wanted,
        .look = &look,
        .what = what,
    };
    *out_is_blob = false;
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    ZREG__TRY(zreg__request_send(&exchange, client, host, &request, cancel, err));
    return zreg__answer_expect(exchange, 200, what, err);
}
