/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/utf8.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int retryable;
} statuses[] = {
    [ZREG_OK] = {"OK", 0},
    [ZREG_NOMEM] = {"NOMEM", 1},
    [ZREG_INVAL] = {"INVAL", 0},
    [ZREG_NOTFOUND] = {"NOTFOUND", 0},
    [ZREG_DENIED] = {"DENIED", 0},
    [ZREG_CONFLICT] = {"CONFLICT", 0},
    [ZREG_CORRUPT] = {"CORRUPT", 0},
    [ZREG_LIMIT] = {"LIMIT", 0},
    [ZREG_LOOKUP] = {"LOOKUP", 1},
    [ZREG_NET] = {"NET", 1},
    [ZREG_TLS] = {"TLS", 0},
    [ZREG_PROTO] = {"PROTO", 0},
    [ZREG_PEER] = {"PEER", 1},
    [ZREG_BUSY] = {"BUSY", 1},
    [ZREG_TIMEOUT] = {"TIMEOUT", 1},
    [ZREG_CANCELLED] = {"CANCELLED", 0},
    [ZREG_CALLBACK] = {"CALLBACK", 0},
    [ZREG_UNSUPPORTED] = {"UNSUPPORTED", 0},
    [ZREG_IO] = {"IO", 0},
};

const char *zreg_status_name(zreg_status status)
{
    size_t index = (size_t)status;
    return index < ZREG__COUNT(statuses) ? statuses[index].name : "UNKNOWN";
}

static void clean_text(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
    zreg__utf8_clean(text); /* it may have been cut in the middle of a character, too */
}

static bool is_set(const zreg_error *err)
{
    return err == NULL || err->code != ZREG_OK;
}

zreg_status zreg__fail(zreg_error *err, zreg_status code, const char *format, ...)
{
    if (is_set(err)) {
        return code;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    clean_text(err->message);
    err->code = code;
    err->retryable = statuses[code].retryable;
    return code;
}

zreg_status zreg__fail_nomem(zreg_error *err)
{
    return zreg__fail(err, ZREG_NOMEM, "memory ran out");
}

void zreg__error_about(zreg_error *err, const char *thing)
{
    size_t size = strlen(thing);
    if (err != NULL && err->code != ZREG_OK && err->about[0] == '\0' && size < sizeof(err->about)) {
        memcpy(err->about, thing, size + 1);
        clean_text(err->about);
    }
}

static zreg_status ZREG__PRINTF(4, 0)
    fail_system(zreg_error *err, zreg_status code, int errno_value, const char *format,
                va_list arguments)
{
    if (errno_value == ENOMEM) {
        return zreg__fail_nomem(err);
    }
    if (is_set(err)) {
        return code;
    }
    char what[400];
    vsnprintf(what, sizeof(what), format, arguments);
    char text[96];
    err->os_error = errno_value;
    return zreg__fail(err, code, "%s: %s", what, strerror_r(errno_value, text, sizeof(text)));
}

bool zreg__error_lacks_space(const zreg_error *err)
{
    return err->os_error == ENOSPC || err->os_error == EDQUOT || err->os_error == EFBIG;
}

bool zreg__error_lacks_descriptors(const zreg_error *err)
{
    return err->os_error == EMFILE || err->os_error == ENFILE;
}

zreg_status zreg__fail_errno(zreg_error *err, int errno_value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    zreg_status status = fail_system(err, ZREG_IO, errno_value, format, arguments);
    va_end(arguments);
    return status;
}

zreg_status zreg__fail_file(zreg_error *err, int errno_value, const char *path, const char *format,
                            ...)
{
    va_list arguments;
    va_start(arguments, format);
    zreg_status code = errno_value == ENOENT ? ZREG_NOTFOUND : ZREG_IO;
    zreg_status status = fail_system(err, code, errno_value, format, arguments);
    va_end(arguments);
    zreg__error_about(err, path);
    return status;
}

zreg_status zreg__fail_again(zreg_error *err, const zreg_error *met)
{
    if (!is_set(err)) {
        *err = *met;
    }
    return met->code;
}

zreg_status zreg__error_prefix(zreg_error *err, zreg_status code, const char *format, ...)
{
    if (err == NULL) {
        return code;
    }
    char prefix[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(prefix, sizeof(prefix), format, arguments);
    va_end(arguments);

    char whole[sizeof(prefix) + sizeof(err->message) + 2];
    snprintf(whole, sizeof(whole), "%s: %s", prefix, err->message);
    whole[sizeof(err->message) - 1] = '\0';
    memcpy(err->message, whole, sizeof(err->message));
    clean_text(err->message);
    return code;
}

void zreg__error_clear(zreg_error *err)
{
    if (err != NULL) {
        *err = (zreg_error){.code = ZREG_OK};
    }
}
