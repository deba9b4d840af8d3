/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static zreg_status reserve(zreg__buf *buf, size_t more, zreg_error *err)
{
    if (more > buf->maximum - buf->size) {
        return zreg__fail(err, ZREG_LIMIT, "more than the %zu bytes that are allowed here",
                          buf->maximum);
    }
    size_t needed = buf->size + more + 1;
    if (needed <= buf->capacity) {
        return ZREG_OK;
    }
    size_t capacity = buf->capacity * 2 > needed ? buf->capacity * 2 : needed;
    if (capacity < 64) {
        capacity = 64;
    }
    char *data = realloc(buf->data, capacity);
    if (data == NULL) {
        return zreg__fail_nomem(err);
    }
    buf->data = data;
    buf->capacity = capacity;
    return ZREG_OK;
}

zreg_status zreg__buf_append(zreg__buf *buf, const void *bytes, size_t size, zreg_error *err)
{
    ZREG__TRY(reserve(buf, size, err));
    if (size > 0) {
        memcpy(buf->data + buf->size, bytes, size);
    }
    buf->size += size;
    buf->data[buf->size] = '\0';
    return ZREG_OK;
}

zreg_status zreg__buf_text(zreg__buf *buf, const char *text, zreg_error *err)
{
    return zreg__buf_append(buf, text, strlen(text), err);
}

zreg_status zreg__buf_printf(zreg__buf *buf, zreg_error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ZREG__AUTO_FREE char *text = NULL;
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        text = NULL;
        return zreg__fail_nomem(err);
    }
    return zreg__buf_append(buf, text, (size_t)size, err);
}

zreg_status zreg__buf_query(zreg__buf *buf, const char *text, zreg_error *err)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const char *c = text; *c != '\0'; c++) {
        bool plain = zreg__is_alnum(*c) || strchr("-._~", *c) != NULL;
        char escaped[3] = {'%', digits[(unsigned char)*c >> 4], digits[(unsigned char)*c & 15]};
        ZREG__TRY(zreg__buf_append(buf, plain ? c : escaped, plain ? 1 : 3, err));
    }
    return ZREG_OK;
}

const char *zreg__buf_cstr(const zreg__buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *zreg__buf_steal(zreg__buf *buf)
{
    char *data = buf->data == NULL ? zreg__strdup("") : buf->data;
    *buf = (zreg__buf)ZREG__BUF(buf->maximum);
    return data;
}

void zreg__buf_reset(zreg__buf *buf)
{
    buf->size = 0;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

void zreg__buf_finish(zreg__buf *buf)
{
    free(buf->data);
    *buf = (zreg__buf)ZREG__BUF(buf->maximum);
}
