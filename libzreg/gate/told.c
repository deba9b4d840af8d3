/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/told.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <string.h>

/* Longest text that is kept: change, patchset, build, project, job. */
#define MAX_TEXT 255

bool zreg__told_is_clean(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return size <= MAX_TEXT && zreg__utf8_is_valid(text, size);
}

static zreg_status read_scalar(char **out, const zreg__json *from, const char *key, zreg_error *err)
{
    if (zreg__json_is_fraction(zreg__json_get(from, key))) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is a number, but no integer of 64 bits", key);
    }
    *out = zreg__json_scalar(from, key);
    return ZREG_OK;
}

zreg_status zreg__told_text(char **out, const zreg__json *from, const zreg__json *other,
                            const char *key, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__TRY(read_scalar(&text, from, key, err));
    if (text == NULL) {
        ZREG__TRY(read_scalar(&text, other, key, err));
    }
    if (text == NULL && (text = zreg__strdup("")) == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__told_is_clean(text)) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is longer than %d characters or not plain text",
                          key, MAX_TEXT);
    }
    *out = zreg__steal(&text);
    return ZREG_OK;
}
