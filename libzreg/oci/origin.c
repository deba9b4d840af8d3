/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/origin.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

zreg_status zreg__origin_print(char **out, const char *artifact, const char *change,
                               const char *build, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    ZREG__AUTO_FREE char *text = NULL;
    zreg__origin checked;
    ZREG__TRY(zreg__json_set_if_known(json, "artifact", artifact, err));
    ZREG__TRY(zreg__json_set_if_known(json, "change", change, err));
    ZREG__TRY(zreg__json_set_if_known(json, "build", build, err));
    ZREG__TRY(zreg__json_print(&text, json, err));
    ZREG__TRY(zreg__origin_parse(&checked, text, err));
    *out = zreg__steal(&text);
    return ZREG_OK;
}

/* What URLs, numbers and UUIDs are made of: nothing that could act in a log or on a terminal. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (!zreg__is_alnum(*text) && strchr("-._:/,+@[]%~", *text) == NULL) {
            return false;
        }
    }
    return true;
}

static bool take(char *to, size_t room, const zreg__json *json, const char *key)
{
    const zreg__json *member = zreg__json_get(json, key);
    const char *text = zreg__json_text(json, key);
    if (member == NULL) {
        to[0] = '\0';
        return true;
    }
    return text != NULL && is_plain(text) && zreg__str_copy(to, room, text);
}

zreg_status zreg__origin_parse(zreg__origin *out, const char *text, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    zreg__origin origin;
    size_t size = strlen(text);
    if (size > ZREG__MAX_ORIGIN_BYTES ||
        zreg__json_parse(&json, text, size, ZREG__ORIGIN_HEADER, NULL) != ZREG_OK ||
        !zreg__json_is_object(json) ||
        !take(origin.artifact, sizeof(origin.artifact), json, "artifact") ||
        !take(origin.change, sizeof(origin.change), json, "change") ||
        !take(origin.build, sizeof(origin.build), json, "build") || origin.artifact[0] == '\0') {
        return zreg__fail(err, ZREG_INVAL,
                          ZREG__ORIGIN_HEADER ": this is no JSON object with artifact, change and "
                                              "build of at most %d bytes",
                          ZREG__MAX_ORIGIN_BYTES);
    }
    *out = origin;
    return ZREG_OK;
}

bool zreg__origin_equal(const zreg__origin *a, const zreg__origin *b)
{
    return strcmp(a->artifact, b->artifact) == 0 && strcmp(a->change, b->change) == 0 &&
           strcmp(a->build, b->build) == 0;
}
