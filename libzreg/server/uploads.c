/* SPDX-License-Identifier: Apache-2.0 */
/* Pushing blobs (distribution-spec, "Pushing blobs"). The bytes go to the store as they come. */
#include "server/handlers.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/range.h"
#include "oci/reference.h"
#include "server/access.h"
#include "server/call.h"

/* Headers that tell how far an upload is. */
static void describe(zreg__call *call, const char *id, uint64_t size)
{
    zreg__call_location(call, "blobs/uploads", id);
    zreg__call_header(call, "Range", "0-%llu", (unsigned long long)(size == 0 ? 0 : size - 1));
    zreg__call_header(call, "Docker-Upload-UUID", "%s", id);
}

static void created(zreg__call *call, const zreg_digest *digest)
{
    zreg__call_location(call, "blobs", digest->text);
    zreg__call_header(call, "Docker-Content-Digest", "%s", digest->text);
    zreg__call_empty(call, 201);
}

static bool open_upload(zreg__call *call)
{
    zreg_error err;
    zreg__error_clear(&err);
    if (zreg__store_upload_open(&call->upload, call->server->store, call->repository, call->last,
                                &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UPLOAD_UNKNOWN);
        return false;
    }
    return true;
}

/* Whether the chunk begins where the upload ends. 416 tells the client where that is. */
static bool check_chunk(zreg__call *call)
{
    uint64_t first, last;
    uint64_t size = zreg__store_upload_size(call->upload);
    const char *header = zreg__serve_header(call->request, "Content-Range");
    if (header == NULL) {
        return true;
    }
    uint64_t body = call->request->body_size;
    bool is_range = zreg__range_upload(&first, &last, header);
    if (is_range && first == size && (body == UINT64_MAX || last - first + 1 == body)) {
        return true;
    }
    describe(call, call->last, size);
    zreg__call_fail_as(call, is_range ? 416 : 400, ZREG__BLOB_UPLOAD_INVALID,
                       "the next byte is number %llu, and Content-Range must fit the body",
                       (unsigned long long)size);
    return false;
}

/* Whether the body came in well. */
static bool check_body(zreg__call *call)
{
    if (call->body_error.code == ZREG_OK) {
        return true;
    }
    zreg__call_error(call, &call->body_error, ZREG__BLOB_UPLOAD_UNKNOWN);
    return false;
}

/* Ends the upload with what was promised. Wrong bytes are thrown away. */
static void commit(zreg__call *call, const char *promised)
{
    zreg_digest digest;
    zreg_error err;
    zreg__error_clear(&err);
    if (!check_body(call)) {
        return;
    }
    zreg_status status = zreg__call_digest(&digest, call, promised)
                             ? zreg__store_upload_commit(call->upload, &digest, &err)
                             : ZREG_INVAL;
    if (status == ZREG_CORRUPT || status == ZREG_INVAL) {
        zreg__store_upload_abort(call->upload, NULL);
    }
    if (status == ZREG_OK) {
        created(call, &digest);
    } else if (err.code != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UPLOAD_UNKNOWN);
    }
}

static bool new_upload(zreg__call *call)
{
    zreg_error err;
    zreg__error_clear(&err);
    if (zreg__store_upload_new(&call->upload, call->server->store, call->repository, &err) !=
        ZREG_OK) {
        zreg__call_error(call, &err, ZREG__NAME_UNKNOWN);
        return false;
    }
    return true;
}

bool zreg__uploads_post_begin(zreg__call *call)
{
    ZREG__AUTO_FREE char *promised = zreg__call_query(call, "digest", 0);
    zreg_digest digest;
    return promised == NULL || (zreg__call_digest(&digest, call, promised) && new_upload(call));
}

/* Mounts when the caller may read the other repository and the blob is in it. */
static bool mount(zreg__call *call)
{
    zreg_digest digest;
    ZREG__AUTO_FREE char *wanted = zreg__call_query(call, "mount", 0);
    ZREG__AUTO_FREE char *from = zreg__call_query(call, "from", 0);
    ZREG__AUTO_FREE char *canonical = NULL;
    if (wanted == NULL || from == NULL || zreg_digest_parse(&digest, wanted, NULL) != ZREG_OK ||
        zreg__reference_canonical(&canonical, zreg__span_of(from), NULL, NULL) != ZREG_OK ||
        !zreg__access_has(call, ZREG__RIGHT_PULL, canonical) ||
        zreg__store_blob_mount(call->server->store, call->repository, canonical, &digest, NULL) !=
            ZREG_OK) {
        return false;
    }
    zreg__str_copy(call->digest, sizeof(call->digest), digest.text);
    created(call, &digest);
    return true;
}

/* Answers 202 when what came in is kept for the next request. */
static void put_aside(zreg__call *call)
{
    zreg_error err;
    zreg__error_clear(&err);
    if (zreg__store_upload_save(call->upload, &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UPLOAD_UNKNOWN);
        return;
    }
    describe(call, zreg__store_upload_id(call->upload), zreg__store_upload_size(call->upload));
    zreg__call_empty(call, 202);
}

void zreg__uploads_post(zreg__call *call)
{
    ZREG__AUTO_FREE char *promised = zreg__call_query(call, "digest", 0);
    if (promised != NULL) {
        commit(call, promised);
        return;
    }
    if (!mount(call) && new_upload(call)) {
        put_aside(call);
    }
}

bool zreg__uploads_patch_begin(zreg__call *call)
{
    return open_upload(call) && check_chunk(call);
}

void zreg__uploads_patch(zreg__call *call)
{
    if (check_body(call)) {
        put_aside(call);
    }
}

bool zreg__uploads_put_begin(zreg__call *call)
{
    ZREG__AUTO_FREE char *promised = zreg__call_query(call, "digest", 0);
    zreg_digest digest;
    return zreg__call_digest(&digest, call, promised == NULL ? "" : promised) &&
           open_upload(call) && check_chunk(call);
}

void zreg__uploads_put(zreg__call *call)
{
    ZREG__AUTO_FREE char *promised = zreg__call_query(call, "digest", 0);
    commit(call, promised == NULL ? "" : promised);
}

void zreg__uploads_get(zreg__call *call)
{
    if (open_upload(call)) {
        describe(call, call->last, zreg__store_upload_size(call->upload));
        zreg__call_empty(call, 204);
    }
}

void zreg__uploads_delete(zreg__call *call)
{
    zreg_error err;
    zreg__error_clear(&err);
    if (!open_upload(call)) {
        return;
    }
    if (zreg__store_upload_abort(call->upload, &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UPLOAD_UNKNOWN);
        return;
    }
    zreg__call_empty(call, 204);
}
