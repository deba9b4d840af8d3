/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void wipe(const zreg__buf *buf, size_t from)
{
    if (buf->is_secret && from < buf->size) {
        OPENSSL_cleanse(buf->data + from, buf->size - from);
    }
}

static zreg__buf emptied(const zreg__buf *buf)
{
    return (zreg__buf){.maximum = buf->maximum, .is_secret = buf->is_secret};
}

/* As realloc, which would leave a secret behind. */
static char *grow(zreg__buf *buf, size_t capacity)
{
    if (!buf->is_secret || buf->data == NULL) {
        return realloc(buf->data, capacity);
    }
    char *data = malloc(capacity);
    if (data != NULL) {
        memcpy(data, buf->data, buf->size);
        data[buf->size] = '\0';
        wipe(buf, 0);
        free(buf->data);
    }
    return data;
}

zreg_status zreg__buf_room(zreg__buf *buf, size_t more, zreg_error *err)
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
    char *data = grow(buf, capacity);
    if (data == NULL) {
        return zreg__fail_nomem(err);
    }
    buf->data = data;
    buf->capacity = capacity;
    return ZREG_OK;
}

zreg_status zreg__buf_append(zreg__buf *buf, const void *bytes, size_t size, zreg_error *err)
{
    bool has_room = buf->size < buf->capacity && size < buf->capacity - buf->size &&
                    size <= buf->maximum - buf->size;
    if (!has_room) {
        ZREG__TRY(zreg__buf_room(buf, size, err));
    }
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

zreg_status zreg__buf_u64(zreg__buf *buf, uint64_t number, zreg_error *err)
{
    char digits[21];
    return zreg__buf_append(buf, digits, zreg__str_u64(digits, number), err);
}

/* Prints into the room that there is, NUL included. Returns the size of the text. */
ZREG__PRINTF(2, 0)
static int print(zreg__buf *buf, const char *format, va_list arguments)
{
    size_t room = buf->capacity - buf->size;
    return vsnprintf(room == 0 ? NULL : buf->data + buf->size, room, format, arguments);
}

ZREG__PRINTF(3, 0)
static zreg_status print_with_room(zreg__buf *buf, zreg_error *err, const char *format,
                                   va_list arguments, va_list again)
{
    int size = print(buf, format, arguments);
    if (size < 0) {
        return zreg__fail_nomem(err);
    }
    bool is_whole = (size_t)size < buf->capacity - buf->size;
    ZREG__TRY(zreg__buf_room(buf, (size_t)size, err));
    if (!is_whole) {
        print(buf, format, again);
    }
    buf->size += (size_t)size;
    return ZREG_OK;
}

zreg_status zreg__buf_vprintf(zreg__buf *buf, zreg_error *err, const char *format,
                              va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    zreg_status status = print_with_room(buf, err, format, arguments, again);
    va_end(again);
    if (status != ZREG_OK && buf->data != NULL) {
        buf->data[buf->size] = '\0';
    }
    return status;
}

zreg_status zreg__buf_printf(zreg__buf *buf, zreg_error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    zreg_status status = zreg__buf_vprintf(buf, err, format, arguments);
    va_end(arguments);
    return status;
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
    *buf = emptied(buf);
    return data;
}

void zreg__buf_drop(zreg__buf *buf, size_t size)
{
    size_t left = buf->size - size;
    if (left > 0) {
        memmove(buf->data, buf->data + size, left);
    }
    wipe(buf, left);
    buf->size = left;
    if (buf->data != NULL) {
        buf->data[left] = '\0';
    }
}

void zreg__buf_reset(zreg__buf *buf)
{
    wipe(buf, 0);
    buf->size = 0;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

void zreg__buf_finish(zreg__buf *buf)
{
    wipe(buf, 0);
    free(buf->data);
    *buf = emptied(buf);
}
