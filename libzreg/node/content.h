/* SPDX-License-Identifier: Apache-2.0 */
/** What a file holds, or that there is no such file. */
#ifndef ZREG_HOST_CONTENT_H
#define ZREG_HOST_CONTENT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/str.h"
#include <stdbool.h>
#include <zreg/common.h>

/** `bytes` is never NULL for a file that exists, and has a NUL behind it. Zeroed: no file. */
typedef struct zreg__content {
    bool exists;
    char *bytes;
    size_t size;
} zreg__content;

/** The bytes as a text; that of a file which is not there is empty. */
static inline zreg__span zreg__content_span(const zreg__content *content)
{
    return (zreg__span){content->exists ? content->bytes : "", content->size};
}

/** Makes `*out` (finished or zeroed before) a copy of these bytes. Errors: NOMEM. */
zreg_status zreg__content_set(zreg__content *out, const char *bytes, size_t size, zreg_error *err);

/** The same of a C string. */
zreg_status zreg__content_text(zreg__content *out, const char *text, zreg_error *err);

zreg_status zreg__content_copy(zreg__content *out, const zreg__content *from, zreg_error *err);

/** Takes over what a buffer holds. */
zreg_status zreg__content_take(zreg__content *out, zreg__buf *from, zreg_error *err);

bool zreg__content_equal(const zreg__content *a, const zreg__content *b);

/** Wipes and frees: credentials are among the files. */
void zreg__content_finish(zreg__content *content);

ZREG__DEFINE_AUTO_VALUE(zreg__content, zreg__content_finish)

#endif
