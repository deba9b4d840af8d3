/* SPDX-License-Identifier: Apache-2.0 */
#include "node/content.h"

#include "base/error.h"
#include "base/mem.h"
#include <string.h>

zreg_status zreg__content_set(zreg__content *out, const char *bytes, size_t size, zreg_error *err)
{
    char *copy = zreg__strndup(bytes == NULL ? "" : bytes, size);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__content_finish(out);
    *out = (zreg__content){true, copy, size};
    return ZREG_OK;
}

zreg_status zreg__content_text(zreg__content *out, const char *text, zreg_error *err)
{
    return zreg__content_set(out, text, strlen(text), err);
}

zreg_status zreg__content_copy(zreg__content *out, const zreg__content *from, zreg_error *err)
{
    if (!from->exists) {
        zreg__content_finish(out);
        return ZREG_OK;
    }
    return zreg__content_set(out, from->bytes, from->size, err);
}

zreg_status zreg__content_take(zreg__content *out, zreg__buf *from, zreg_error *err)
{
    size_t size = from->size;
    char *bytes = zreg__buf_steal(from);
    if (bytes == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__content_finish(out);
    *out = (zreg__content){true, bytes, size};
    return ZREG_OK;
}

bool zreg__content_equal(const zreg__content *a, const zreg__content *b)
{
    return a->exists == b->exists && a->size == b->size &&
           (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

void zreg__content_finish(zreg__content *content)
{
    if (content->bytes != NULL) {
        explicit_bzero(content->bytes, content->size);
        free(content->bytes);
    }
    *content = (zreg__content){0};
}
