/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for blobs and deleting them (distribution-spec, "Pulling blobs", "Deleting Blobs"). */
#include "base/error.h"
#include "registry/blob_target.h"

static zreg_status ask(zreg__fetch_exchange **out, zreg__request *request, zreg_client *client,
                       const zreg__blob_target *target, zreg_cancel *cancel, zreg_error *err)
{
    request->path = target->path;
    request->repository = target->repository;
    request->what = target->what;
    return zreg__request_send(out, client, target->host, request, cancel, err);
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
    ZREG__TRY(ask(&exchange, &request, client, &target, cancel, err));
    if (zreg__fetch_status(exchange) == 404) {
        return zreg__answer_fail(exchange, target.what, err);
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
    const zreg__request_look look = {.shows_done = zreg__answer_is_missing};
    bool in_doubt = false;
    zreg__request request = {
        .method = "DELETE", .actions = ZREG__DELETE, .look = &look, .out_in_doubt = &in_doubt};

    zreg__error_clear(err);
    ZREG__TRY(zreg__blob_target_of(&target, client, ref, digest, err));
    ZREG__TRY(ask(&exchange, &request, client, &target, cancel, err));
    return zreg__answer_expect_deleted(exchange, target.host, in_doubt, target.what, err);
}
