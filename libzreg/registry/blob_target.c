/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/blob_target.h"

#include "base/error.h"
#include "base/mem.h"

zreg_status zreg__blob_target_of(zreg__blob_target *out, zreg_client *client, const zreg_ref *ref,
                                 const zreg_digest *digest, zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    zreg_digest checked;

    ZREG__TRY(zreg__client_host(&out->host, client, zreg_ref_host(ref), err));
    if (digest != NULL) {
        /* It becomes part of a path. */
        ZREG__TRY(zreg_digest_parse(&checked, digest->text, err));
        out->path = zreg__asprintf("/v2/%s/blobs/%s", repository, checked.text);
        if (out->path == NULL) {
            return zreg__fail_nomem(err);
        }
    }
    out->repository = zreg__strdup(repository);
    out->what = zreg__asprintf("blob %s of %s/%s", digest != NULL ? checked.text : "",
                               zreg_ref_host(ref), repository);
    return out->repository != NULL && out->what != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

void zreg__blob_target_finish(zreg__blob_target *target)
{
    free(target->repository);
    free(target->path);
    free(target->what);
}
