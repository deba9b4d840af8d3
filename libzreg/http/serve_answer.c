/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_inner.h"

#include "base/limits.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *zreg__serve_header(const zreg__serve_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

bool zreg__serve_set_header(zreg__serve_request *request, const char *name, const char *format, ...)
{
    zreg__serve_response *response = &request->response;
    char *value = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&value, format, arguments);
    va_end(arguments);
    if (size < 0) {
        return false;
    }
    if (response->header_count == ZREG__SERVE_MAX_HEADERS) {
        free(value);
        return false;
    }
    response->headers[response->header_count].name = name;
    response->headers[response->header_count].value = value;
    response->header_count++;
    return true;
}

void zreg__serve_reset_response(zreg__serve_request *request)
{
    zreg__serve_response *response = &request->response;
    for (size_t i = 0; i < response->header_count; i++) {
        free(response->headers[i].value);
    }
    if (response->release != NULL) {
        response->release(response->holder);
    }
    if (response->source.object != NULL) {
        response->source.free(response->source.object);
    }
    *response = (zreg__serve_response){.status = 0};
}

static ssize_t read_source(void *user, uint64_t position, char *to, size_t capacity)
{
    zreg__serve_source *source = user;
    size_t got = 0;
    uint64_t left = source->size - position;
    capacity = left < capacity ? (size_t)left : capacity;
    zreg_status status =
        source->read(&got, source->object, source->offset + position, to, capacity, NULL);
    return status != ZREG_OK || got == 0 ? MHD_CONTENT_READER_END_WITH_ERROR : (ssize_t)got;
}

/* Without TLS the kernel sends the file itself; else blocks go through memory. libmicrohttpd has
 * its own way for files under TLS too, but reads 4 KiB at a time. */
static struct MHD_Response *from_source(const zreg__serve_request *request,
                                        zreg__serve_source *source)
{
    if (source->object != NULL && source->descriptor >= 0 && !request->is_tls) {
        int fd = dup(source->descriptor);
        struct MHD_Response *made =
            fd < 0 ? NULL
                   : MHD_create_response_from_fd_at_offset64(source->size, fd, source->offset);
        if (made == NULL && fd >= 0) {
            close(fd);
        }
        return made;
    }
    size_t block = source->size < ZREG__STREAM_BYTES ? (size_t)source->size : ZREG__STREAM_BYTES;
    return MHD_create_response_from_callback(source->size, block == 0 ? 1 : block, read_source,
                                             source, NULL);
}

static struct MHD_Response *make(zreg__serve_request *request)
{
    zreg__serve_response *response = &request->response;
    if (response->source.object != NULL || response->source.size > 0) {
        return from_source(request, &response->source);
    }
    return MHD_create_response_from_buffer(response->size, (void *)response->bytes,
                                           MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result zreg__serve_queue(const zreg__serve *serve, zreg__serve_request *request)
{
    zreg__serve_response *response = &request->response;
    struct MHD_Response *made = make(request);
    if (made == NULL) {
        return MHD_NO;
    }
    enum MHD_Result result = MHD_YES;
    for (size_t i = 0; i < response->header_count && result == MHD_YES; i++) {
        result =
            MHD_add_response_header(made, response->headers[i].name, response->headers[i].value);
    }
    if (result == MHD_YES && (response->close || atomic_load(&serve->is_draining))) {
        result = MHD_add_response_header(made, "Connection", "close");
    }
    if (result == MHD_YES) {
        result = MHD_queue_response(request->connection, (unsigned)response->status, made);
    }
    MHD_destroy_response(made);
    return result;
}
