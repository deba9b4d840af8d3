/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/names.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"
#include <string.h>

/* True when a tag or a digest is written; a colon before the last slash belongs to a port. */
static bool has_reference(const char *text)
{
    const char *slash = strrchr(text, '/');
    return strpbrk(slash == NULL ? text : slash, ":@") != NULL;
}

zreg_status zreg__names_host_check(const char *host, const char *what, zreg_error *err)
{
    if (zreg__str_empty(host)) {
        return zreg__fail(err, ZREG_INVAL, "%s: no host; write HOST:PORT", what);
    }
    ZREG__AUTO_FREE char *text = zreg__asprintf("%s/a/b", host);
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__reference_is_host(zreg__span_of(host)) ||
        zreg_ref_parse(&ref, text, NULL) != ZREG_OK ||
        !zreg__str_equal(zreg_ref_repository(ref), "a/b")) {
        return zreg__fail(err, ZREG_INVAL, "%s: \"%s\" is no registry; write HOST:PORT", what,
                          host);
    }
    return ZREG_OK;
}

zreg_status zreg__names_image(zreg_ref **out, const char *text, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_parse(&ref, text, err));
    if (!has_reference(text) || zreg_ref_digest(ref) != NULL) {
        return zreg__fail(err, ZREG_INVAL, "image \"%s\": write REPOSITORY:TAG", text);
    }
    *out = zreg__steal(&ref);
    return ZREG_OK;
}

zreg_status zreg__names_repository(zreg_ref **out, const char *text, zreg_error *err)
{
    if (text == NULL || has_reference(text)) {
        return zreg__fail(err, ZREG_INVAL,
                          "repository \"%s\": write HOST/REPOSITORY without tag and digest",
                          text == NULL ? "" : text);
    }
    return zreg_ref_parse(out, text, err);
}

zreg_status zreg__names_place(zreg_ref **out, const char *host, const char *name, const char *tag,
                              const char *digest, zreg_error *err)
{
    zreg_digest checked;
    if (zreg__str_empty(digest)) {
        return zreg__reference_new(out, host, name, tag, NULL, err);
    }
    ZREG__TRY(zreg_digest_parse(&checked, digest, err));
    return zreg__reference_new(out, host, name, NULL, &checked, err);
}

zreg_status zreg__names_artifact(zreg_ref **out, const zreg_artifact *artifact, const char *host,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *url = NULL;
    ZREG__TRY(zreg_ref_parse(&url, artifact->url, err));
    const char *digest = artifact->digest;
    if (digest[0] == '\0' && zreg_ref_digest(url) != NULL) {
        digest = zreg_ref_digest(url)->text;
    }
    return zreg__names_place(out, host == NULL ? zreg_ref_host(url) : host,
                             zreg_ref_repository(url), zreg_ref_tag(url), digest, err);
}
