/* SPDX-License-Identifier: Apache-2.0 */
#include "server/send.h"

#include "base/error.h"
#include "server/call.h"

static zreg_status read_blob(size_t *out_size, void *object, uint64_t offset, void *buffer,
                             size_t capacity, zreg_error *err)
{
    return zreg__store_blob_read(out_size, object, offset, buffer, capacity, err);
}

static void free_blob(void *object)
{
    zreg__store_blob_free(object);
}

void zreg__send_blob(zreg__call *call, zreg__store_blob *blob)
{
    zreg__serve_source *source = &call->request->response.source;
    source->descriptor = zreg__store_blob_descriptor(blob);
    source->read = read_blob;
    source->free = free_blob;
    source->object = blob;
}

/* The bytes in memory are not needed any more. */
static void release(zreg__serve_response *response)
{
    if (response->release != NULL) {
        response->release(response->holder);
    }
    response->release = NULL;
    response->holder = NULL;
    response->bytes = NULL;
}

void zreg__send_aside(zreg__call *call, zreg__store *store)
{
    zreg__serve_response *response = &call->request->response;
    zreg__store_blob *blob = NULL;
    zreg_error err;
    zreg__error_clear(&err);
    if (response->bytes == NULL || response->size <= ZREG__STORE_SMALL_BYTES) {
        return;
    }
    if (call->is_head) {
        release(response); /* its size is all that is told */
    } else if (zreg__store_blob_aside(&blob, store, response->bytes, response->size, &err) ==
               ZREG_OK) {
        release(response);
        response->source.offset = 0;
        response->source.size = response->size;
        zreg__send_blob(call, blob);
    } else {
        zreg__serve_reset_response(call->request);
        zreg__call_usual(call);
        zreg__call_error(call, &err, ZREG__NAME_UNKNOWN);
    }
}
