/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/mediatype.h"

#include "base/compiler.h"
#include "base/limits.h"
#include <string.h>

static const struct {
    const char *name;
    zreg__mediatype_kind kind;
} known[] = {
    {ZREG__TYPE_OCI_MANIFEST, ZREG__KIND_IMAGE},
    {ZREG__TYPE_OCI_INDEX, ZREG__KIND_INDEX},
    {ZREG__TYPE_DOCKER_MANIFEST, ZREG__KIND_IMAGE},
    {ZREG__TYPE_DOCKER_LIST, ZREG__KIND_INDEX},
    {"application/vnd.docker.distribution.manifest.v1+json", ZREG__KIND_SCHEMA1},
    {"application/vnd.docker.distribution.manifest.v1+prettyjws", ZREG__KIND_SCHEMA1},
};

/* Types that servers fall back to when they do not know; they say nothing about the body. */
static const char *const generic[] = {
    "application/json",
    "application/octet-stream",
    "binary/octet-stream",
    "text/plain",
};

const char *const zreg__mediatype_accept = ZREG__TYPE_OCI_INDEX
    ", " ZREG__TYPE_OCI_MANIFEST ", " ZREG__TYPE_DOCKER_LIST ", " ZREG__TYPE_DOCKER_MANIFEST;

zreg__span zreg__mediatype_essence(zreg__span content_type)
{
    return zreg__span_trim(zreg__span_cut(&content_type, ';'));
}

zreg__mediatype_kind zreg__mediatype_kind_of(zreg__span content_type)
{
    const char *name;
    return zreg__mediatype_known(&name, content_type);
}

zreg__mediatype_kind zreg__mediatype_known(const char **out_name, zreg__span content_type)
{
    zreg__span essence = zreg__mediatype_essence(content_type);
    for (size_t i = 0; i < ZREG__COUNT(known); i++) {
        if (zreg__span_is_nocase(essence, known[i].name)) {
            *out_name = known[i].name;
            return known[i].kind;
        }
    }
    *out_name = NULL;
    return ZREG__KIND_UNKNOWN;
}

bool zreg__mediatype_is_generic(zreg__span content_type)
{
    zreg__span essence = zreg__mediatype_essence(content_type);
    for (size_t i = 0; i < ZREG__COUNT(generic); i++) {
        if (zreg__span_is_nocase(essence, generic[i])) {
            return true;
        }
    }
    return essence.size == 0;
}

static bool is_restricted_name(zreg__span name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.text[i];
        bool is_sign = c != '\0' && strchr("!#$&-^_.+", c) != NULL;
        if (!zreg__is_alnum(c) && (i == 0 || !is_sign)) {
            return false;
        }
    }
    return name.size > 0;
}

bool zreg__mediatype_is_name(const char *text)
{
    zreg__span subtype = zreg__span_of(text);
    bool fits = subtype.size <= ZREG__MAX_MEDIA_TYPE;
    zreg__span type = zreg__span_cut(&subtype, '/');
    return fits && is_restricted_name(type) && is_restricted_name(subtype);
}
