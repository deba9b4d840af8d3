/* SPDX-License-Identifier: Apache-2.0 */
#include "server/handlers.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/range.h"
#include "server/call.h"
#include "server/send.h"
#include <stdio.h>

/* Range counts for GET alone (RFC 9110, 14.2), and only when If-Range, where there is one, names what
 * is here (13.1.5). */
static const char *wanted_range(const zreg__call *call, const zreg_digest *digest)
{
    const char *condition = zreg__serve_header(call->request, "If-Range");
    if (call->is_head) {
        return NULL;
    }
    if (condition != NULL) {
        char tag[sizeof(digest->text) + 2];
        snprintf(tag, sizeof(tag), "\"%s\"", digest->text);
        if (!zreg__str_equal(condition, tag)) {
            return NULL;
        }
    }
    return zreg__serve_header(call->request, "Range");
}

/* Sets status, headers and how much of the blob to send; false: there is nothing to send. */
static bool describe(zreg__call *call, const zreg_digest *digest, uint64_t size)
{
    zreg__serve_source *source = &call->request->response.source;
    uint64_t first = 0, last = 0;
    zreg__call_field(call, "Accept-Ranges", "bytes");
    if (zreg__call_content(call, digest->text)) {
        return false;
    }
    switch (zreg__range_request(&first, &last, wanted_range(call, digest), size)) {
    case ZREG__RANGE_UNSATISFIABLE:
        zreg__call_header(call, "Content-Range", "bytes */%llu", (unsigned long long)size);
        zreg__call_fail_as(call, 416, ZREG__SIZE_INVALID, "the blob has %llu bytes",
                           (unsigned long long)size);
        return false;
    case ZREG__RANGE_OK:
        source->offset = first;
        source->size = last - first + 1;
        zreg__call_empty(call, 206);
        zreg__call_header(call, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)first,
                          (unsigned long long)last, (unsigned long long)size);
        break;
    default:
        source->offset = 0;
        source->size = size;
        zreg__call_empty(call, 200);
    }
    zreg__call_field(call, "Content-Type", "application/octet-stream");
    call->answer_bytes = source->size;
    return true;
}

static void head_blob(zreg__call *call, const zreg_digest *digest, zreg_error *err)
{
    uint64_t size;
    zreg_status status =
        zreg__store_blob_stat(&size, call->server->store, call->repository, digest, err);
    if (status != ZREG_OK) {
        zreg__call_error(call, err, ZREG__BLOB_UNKNOWN);
        return;
    }
    describe(call, digest, size);
}

void zreg__blobs_get(zreg__call *call)
{
    zreg_digest digest;
    zreg_error err;
    zreg__error_clear(&err);
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = NULL;
    if (!zreg__call_digest(&digest, call, call->last)) {
        return;
    }
    if (call->is_head) {
        head_blob(call, &digest, &err);
        return;
    }
    if (zreg__store_blob_open(&blob, call->server->store, call->repository, &digest, &err) !=
        ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UNKNOWN);
        return;
    }
    if (describe(call, &digest, zreg__store_blob_size(blob))) {
        zreg__send_blob(call, zreg__steal(&blob));
    }
}

void zreg__blobs_delete(zreg__call *call, zreg__store *store)
{
    zreg_digest digest;
    zreg_error err;
    zreg__error_clear(&err);
    if (!zreg__call_digest(&digest, call, call->last)) {
        return;
    }
    if (zreg__store_blob_delete(store, call->repository, &digest, &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__BLOB_UNKNOWN);
        return;
    }
    zreg__call_empty(call, 202);
}
