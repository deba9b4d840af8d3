/* SPDX-License-Identifier: Apache-2.0 */
/* Pushing blobs (distribution-spec, "Pushing blobs"). The bytes go to the store as they come. */
#include "server/handlers.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/range.h"
#include "server/call.h"
#include "server/mounts.h"
#include "server/slots.h"

static bool asks(const zreg__call *call, const char *parameter)
{
    ZREG__AUTO_FREE char *value = zreg__call_query(call, parameter, 0);
    return value != NULL;
}

/* Headers that tell how far an upload is. */
static void describe(zreg__call *call, const char *id, uint64_t size)
{
    zreg__call_location(call, "blobs/uploads", id);
    zreg__call_header(call, "Range", "0-%llu", (unsigned long long)(size == 0 ? 0 : size - 1));
    zreg__call_field(call, "Docker-Upload-UUID", id);
}

static void created(zreg__call *call, const zreg_digest *digest)
{
    zreg__call_location(call, "blobs", digest->text);
    zreg__call_field(call, "Docker-Content-Digest", digest->text);
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
    if (is_range && first == size &&
        (body == UINT64_MAX || (body > 0 && last - first == body - 1))) {
        return true;
    }
    describe(call, call->last, size);
    zreg__call_fail_as(call, is_range ? 416 : 400, ZREG__BLOB_UPLOAD_INVALID,
                       "the next byte is number %llu, and Content-Range must fit the body",
                       (unsigned long long)size);
    return false;
}

/* Whether as many bytes came as Content-Range said, where that was not known before. They are kept. */
static void check_end(zreg__call *call)
{
    uint64_t first, last;
    uint64_t size = zreg__store_upload_size(call->upload);
    const char *header = zreg__serve_header(call->request, "Content-Range");
    if (header != NULL && zreg__range_upload(&first, &last, header) &&
        (size == 0 || last != size - 1)) {
        zreg__call_fail_as(call, 416, ZREG__BLOB_UPLOAD_INVALID,
                           "Content-Range does not fit the body; the next byte is number %llu",
                           (unsigned long long)size);
    }
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

static void end_commit(zreg__call *call, const zreg_digest *digest, zreg_status status,
                       const zreg_error *err)
{
    if (status == ZREG_OK) {
        created(call, digest);
    } else {
        zreg__call_error(call, err, ZREG__BLOB_UPLOAD_UNKNOWN);
    }
}

/* The digest that the upload is to have. False: answered. */
static bool read_promise(zreg_digest *out, zreg__call *call)
{
    ZREG__AUTO_FREE char *promised = zreg__call_query(call, "digest", 0);
    return zreg__call_digest(out, call, promised == NULL ? "" : promised);
}

/* Ends the upload with what was promised, or answers DIGEST_INVALID and 400, which the specification has for
 * bytes that are not those of the digest. It does not say what becomes of the upload then: here its last
 * bytes are dropped, and it is as it was before this request, which can be sent again. */
static void commit(zreg__call *call, zreg__store *store)
{
    zreg_digest digest;
    zreg_error err;
    zreg__error_clear(&err);
    if (read_promise(&digest, call)) {
        end_commit(call, &digest, zreg__store_upload_commit(store, call->upload, &digest, &err),
                   &err);
    }
}

/* The same, if it needs no waiting. */
static void commit_at_once(zreg__call *call)
{
    bool is_done;
    zreg_digest digest;
    zreg_error err;
    zreg__error_clear(&err);
    if (!check_body(call) || !read_promise(&digest, call)) {
        return;
    }
    zreg_status status = zreg__store_upload_commit_at_once(&is_done, call->upload, &digest, &err);
    if (is_done) {
        end_commit(call, &digest, status, &err);
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
    if (!zreg__slots_take(call->server->slots, call, zreg__store_upload_id(call->upload),
                          zreg__clock_ms())) {
        zreg__store_upload_begin_last(call->upload); /* nothing of it is kept */
        zreg__call_header(call, "Retry-After", "10");
        zreg__call_fail(call, ZREG__TOOMANYREQUESTS,
                        "too many uploads are open: end or cancel some");
        return false;
    }
    return true;
}

/* Whether a digest to come is of an algorithm that there is here, which is found out of the bytes then. */
static bool check_algorithm(zreg__call *call)
{
    ZREG__AUTO_FREE char *algorithm = zreg__call_query(call, "digest-algorithm", 0);
    if (algorithm == NULL || zreg__str_equal(algorithm, "sha256") ||
        zreg__str_equal(algorithm, "sha512")) {
        return true;
    }
    zreg__call_fail(call, ZREG__DIGEST_INVALID, "the algorithm is neither sha256 nor sha512");
    return false;
}

bool zreg__uploads_post_begin(zreg__call *call)
{
    zreg_digest digest;
    if (!asks(call, "digest")) {
        return check_algorithm(call) && zreg__mounts_begin(call);
    }
    if (!read_promise(&digest, call) || !new_upload(call)) {
        return false;
    }
    zreg__store_upload_begin_last(call->upload);
    return true;
}

static bool mount(zreg__call *call, zreg__store *store)
{
    zreg_digest digest;
    if (!zreg__mounts_try(&digest, call, store)) {
        return false;
    }
    zreg__str_copy(call->digest, sizeof(call->digest), digest.text);
    created(call, &digest);
    return true;
}

/* Answers 202 when what came in is kept for the next request. False: it is not. */
static bool put_aside(zreg__call *call)
{
    zreg_error err;
    zreg__error_clear(&err);
    if (zreg__store_upload_save(call->upload, &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UPLOAD_UNKNOWN);
        return false;
    }
    describe(call, zreg__store_upload_id(call->upload), zreg__store_upload_size(call->upload));
    zreg__call_empty(call, 202);
    return true;
}

static void start(zreg__call *call)
{
    if (new_upload(call)) {
        (void)put_aside(call);
    }
}

void zreg__uploads_post(zreg__call *call)
{
    if (call->upload != NULL) {
        commit_at_once(call);
    } else if (!asks(call, "mount")) {
        start(call);
    }
}

void zreg__uploads_post_work(zreg__call *call, zreg__store *store)
{
    if (call->upload != NULL) {
        commit(call, store);
    } else if (!mount(call, store)) {
        start(call);
    }
}

bool zreg__uploads_patch_begin(zreg__call *call)
{
    return open_upload(call) && check_chunk(call);
}

void zreg__uploads_patch(zreg__call *call)
{
    if (check_body(call) && put_aside(call)) {
        check_end(call);
    }
}

/* Whether this is a PUT that was answered before, but whose answer was lost: its upload is no more, and
 * its blob is there. */
static bool is_done_already(zreg__call *call, const zreg_digest *digest)
{
    uint64_t size;
    if (zreg__store_blob_stat(&size, call->server->store, call->repository, digest, NULL) !=
        ZREG_OK) {
        return false;
    }
    created(call, digest);
    return true;
}

bool zreg__uploads_put_begin(zreg__call *call)
{
    zreg_digest digest;
    zreg_error err;
    zreg__error_clear(&err);
    if (!read_promise(&digest, call)) {
        return false;
    }
    zreg_status status = zreg__store_upload_open(&call->upload, call->server->store,
                                                 call->repository, call->last, &err);
    if (status == ZREG_OK) {
        zreg__store_upload_begin_last(call->upload);
        return check_chunk(call);
    }
    if (status != ZREG_NOTFOUND || !is_done_already(call, &digest)) {
        zreg__call_error(call, &err, ZREG__BLOB_UPLOAD_UNKNOWN);
    }
    return false;
}

void zreg__uploads_put(zreg__call *call)
{
    commit_at_once(call);
}

void zreg__uploads_put_work(zreg__call *call, zreg__store *store)
{
    commit(call, store);
}

void zreg__uploads_get(zreg__call *call)
{
    if (open_upload(call)) {
        describe(call, call->last, zreg__store_upload_size(call->upload));
        zreg__call_empty(call, 204);
    }
}

void zreg__uploads_delete(zreg__call *call, zreg__store *store)
{
    zreg_error err;
    zreg__error_clear(&err);
    if (!open_upload(call)) {
        return;
    }
    if (zreg__store_upload_abort(store, call->upload, &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UPLOAD_UNKNOWN);
        return;
    }
    zreg__call_empty(call, 204);
}
