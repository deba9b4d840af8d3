/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/manifest.h"

#include "base/error.h"
#include "base/str.h"
#include <string.h>

/* A platform as text: OS/ARCHITECTURE[/VARIANT]; text NULL where there is no variant. */
typedef struct platform_parts {
    zreg__span os;
    zreg__span architecture;
    zreg__span variant;
} platform_parts;

static bool is_word(zreg__span text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.text[i];
        if (!zreg__is_alnum(c) && c != '_' && c != '-' && c != '.') {
            return false;
        }
    }
    return text.size > 0;
}

static bool parse(platform_parts *out, const char *text)
{
    zreg__span rest = zreg__span_of(text);
    out->os = zreg__span_cut(&rest, '/');
    out->architecture = zreg__span_cut(&rest, '/');
    out->variant = rest;
    return is_word(out->os) && is_word(out->architecture) &&
           (rest.text == NULL || is_word(out->variant));
}

/* The variant that engines take an architecture to mean when none is written. */
static const char *usual_variant(const zreg_platform *platform)
{
    if (platform->variant[0] != '\0') {
        return platform->variant;
    }
    if (zreg__str_equal(platform->architecture, "arm64")) {
        return "v8";
    }
    return zreg__str_equal(platform->architecture, "arm") ? "v7" : "";
}

bool zreg__platform_matches(const zreg_platform *platform, const char *wanted)
{
    platform_parts parts;
    if (platform == NULL || zreg__str_empty(platform->os) || !parse(&parts, wanted)) {
        return false;
    }
    return zreg__span_is(parts.os, platform->os) &&
           zreg__span_is(parts.architecture, platform->architecture) &&
           (parts.variant.text == NULL || zreg__span_is(parts.variant, usual_variant(platform)));
}

zreg_status zreg__platform_check(const char *text, zreg_error *err)
{
    platform_parts parts;
    if (text == NULL || !parse(&parts, text)) {
        return zreg__fail(err, ZREG_INVAL,
                          "platform \"%.100s\": write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, "
                          "such as linux/amd64",
                          text ? text : "");
    }
    return ZREG_OK;
}
