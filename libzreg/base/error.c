/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {
    [ZREG_OK] = "OK",
    [ZREG_NOMEM] = "NOMEM",
    [ZREG_INVAL] = "INVAL",
    [ZREG_NOTFOUND] = "NOTFOUND",
    [ZREG_DENIED] = "DENIED",
    [ZREG_EXISTS] = "EXISTS",
    [ZREG_CONFLICT] = "CONFLICT",
    [ZREG_CORRUPT] = "CORRUPT",
    [ZREG_LIMIT] = "LIMIT",
    [ZREG_NET] = "NET",
    [ZREG_PROTO] = "PROTO",
    [ZREG_TIMEOUT] = "TIMEOUT",
    [ZREG_CANCELLED] = "CANCELLED",
    [ZREG_CALLBACK] = "CALLBACK",
    [ZREG_UNSUPPORTED] = "UNSUPPORTED",
    [ZREG_IO] = "IO",
};

const char *zreg_status_name(zreg_status status)
{
    size_t index = (size_t)status;
    return index < ZREG__COUNT(status_names) ? status_names[index] : "UNKNOWN";
}

static void clean_text(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
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
    return code;
}

zreg_status zreg__fail_nomem(zreg_error *err)
{
    return zreg__fail(err, ZREG_NOMEM, "memory ran out");
}

zreg_status zreg__fail_errno(zreg_error *err, int errno_value, const char *format, ...)
{
    if (errno_value == ENOMEM) {
        return zreg__fail_nomem(err);
    }
    if (is_set(err)) {
        return ZREG_IO;
    }
    va_list arguments;
    va_start(arguments, format);
    char what[400];
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    char text[96];
    return zreg__fail(err, ZREG_IO, "%s: %s", what, strerror_r(errno_value, text, sizeof(text)));
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
