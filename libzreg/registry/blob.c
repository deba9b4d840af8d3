/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/blob.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"

/* How long an abandoned session may keep us; less when the caller is in a hurry. */
#define ABANDON_MS 2000
#define ABANDON_CANCELLED_MS 200

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

void zreg__blob_abandon(zreg_client *client, const zreg__blob_target *target,
                        const zreg__fetch_url *session, zreg_cancel *cancel)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    bool hurry = zreg_cancel_triggered(cancel) != 0;
    const zreg__request request = {
        .method = "DELETE",
        .url = session,
        .repository = target->repository,
        .actions = ZREG__PULL | ZREG__PUSH,
        .limit_ms = hurry ? ABANDON_CANCELLED_MS : ABANDON_MS,
        .what = target->what,
    };

    (void)zreg__request_send(&exchange, client, target->host, &request, hurry ? NULL : cancel,
                             NULL);
}

/* By GET, whose body is not read: for registries whose HEAD says too little. */
static zreg_status size_by_open(uint64_t *out, zreg_client *client, const zreg_ref *ref,
                                const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_blob_reader) zreg_blob_reader *reader = NULL;

    ZREG__TRY(zreg_blob_open(&reader, client, ref, digest, cancel, err));
    if (zreg_blob_size(reader) == UINT64_MAX) {
        return zreg__fail(err, ZREG_PROTO, "blob %s: the registry does not tell its size",
                          digest->text);
    }
    *out = zreg_blob_size(reader);
    return ZREG_OK;
}

zreg_status zreg_blob_head(uint64_t *out_size_bytes, zreg_client *client, const zreg_ref *ref,
                           const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__blob_target) zreg__blob_target target = {0};
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg__request request = {.method = "HEAD", .actions = ZREG__PULL};
    uint64_t size;

    zreg__error_clear(err);
    ZREG__TRY(zreg__blob_target_of(&target, client, ref, digest, err));
    request.path = target.path;
    request.repository = target.repository;
    request.what = target.what;
    ZREG__TRY(zreg__request_send(&exchange, client, target.host, &request, cancel, err));
    if (zreg__fetch_status(exchange) == 404) {
        return zreg__request_fail(exchange, target.what, err);
    }
    size = zreg__fetch_length(exchange);
    if (zreg__fetch_status(exchange) != 200 || size == UINT64_MAX) {
        return size_by_open(out_size_bytes, client, ref, digest, cancel, err);
    }
    if (size > ZREG__MAX_BLOB_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: its size is absurd", target.what);
    }
    *out_size_bytes = size;
    return ZREG_OK;
}

zreg_status zreg_blob_delete(zreg_client *client, const zreg_ref *ref, const zreg_digest *digest,
                             zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__blob_target) zreg__blob_target target = {0};
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg__request request = {.method = "DELETE", .actions = ZREG__DELETE};

    zreg__error_clear(err);
    ZREG__TRY(zreg__blob_target_of(&target, client, ref, digest, err));
    request.path = target.path;
    request.repository = target.repository;
    request.what = target.what;
    ZREG__TRY(zreg__request_send(&exchange, client, target.host, &request, cancel, err));
    return zreg__request_expect_deleted(exchange, target.host, target.what, err);
}
