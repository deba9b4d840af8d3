/* SPDX-License-Identifier: Apache-2.0 */
#include "store/keys.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "oci/reference.h"
#include <stdio.h>
#include <string.h>

#define UPLOAD_ID_SIZE 32

typedef struct digest_parts {
    const char *hex;
    int algorithm_size;
} digest_parts;

static digest_parts split(const zreg_digest *digest)
{
    const char *colon = strchr(digest->text, ':');
    return (digest_parts){colon + 1, (int)(colon - digest->text)};
}

void zreg__keys_blob(zreg__key *out, const zreg_digest *digest)
{
    digest_parts parts = split(digest);
    snprintf(out->text, sizeof(out->text), "v1/blobs/%.*s/%.2s/%s", parts.algorithm_size,
             digest->text, parts.hex, parts.hex);
}

/* "x/y", or "host:5000/x/y" for what a registry other than docker.io calls "x/y". */
static bool is_repository(const char *text)
{
    zreg__span rest = zreg__span_of(text);
    if (zreg__reference_is_repository(rest)) {
        return true;
    }
    zreg__span host = zreg__span_cut(&rest, '/');
    return host.size > 0 && zreg__reference_is_host(host) && zreg__reference_is_repository(rest);
}

zreg_status zreg__keys_check_repository(const char *repository, zreg_error *err)
{
    if (strlen(repository) <= ZREG__MAX_REPOSITORY && is_repository(repository)) {
        return ZREG_OK;
    }
    zreg__fail(err, ZREG_INVAL, "\"%s\" is no repository name", repository);
    if (err != NULL) {
        zreg__str_copy(err->registry_code, sizeof(err->registry_code), "NAME_INVALID");
    }
    return ZREG_INVAL;
}

zreg_status zreg__keys_folder(zreg__key *out, const char *repository, const char *folder,
                              zreg_error *err)
{
    ZREG__TRY(zreg__keys_check_repository(repository, err));
    snprintf(out->text, sizeof(out->text), ZREG__KEYS_REPOSITORIES "/%s/%s", repository, folder);
    return ZREG_OK;
}

static zreg_status digest_key(zreg__key *out, const char *repository, const char *folder,
                              const zreg_digest *digest, zreg_error *err)
{
    ZREG__TRY(zreg__keys_check_repository(repository, err));
    digest_parts parts = split(digest);
    snprintf(out->text, sizeof(out->text), ZREG__KEYS_REPOSITORIES "/%s/%s/%.*s/%s", repository,
             folder, parts.algorithm_size, digest->text, parts.hex);
    return ZREG_OK;
}

zreg_status zreg__keys_member(zreg__key *out, const char *repository, const zreg_digest *digest,
                              zreg_error *err)
{
    return digest_key(out, repository, "_blobs", digest, err);
}

zreg_status zreg__keys_revision(zreg__key *out, const char *repository, const zreg_digest *digest,
                                zreg_error *err)
{
    return digest_key(out, repository, "_manifests", digest, err);
}

zreg_status zreg__keys_referrers(zreg__key *out, const char *repository, const zreg_digest *subject,
                                 zreg_error *err)
{
    return digest_key(out, repository, "_referrers", subject, err);
}

zreg_status zreg__keys_referrer(zreg__key *out, const char *repository, const zreg_digest *subject,
                                const zreg_digest *digest, zreg_error *err)
{
    ZREG__TRY(zreg__keys_referrers(out, repository, subject, err));
    size_t used = strlen(out->text);
    snprintf(out->text + used, sizeof(out->text) - used, "/%s", digest->text);
    return ZREG_OK;
}

zreg_status zreg__keys_tag(zreg__key *out, const char *repository, const char *tag, zreg_error *err)
{
    ZREG__TRY(zreg__keys_check_repository(repository, err));
    if (!zreg__reference_is_tag(zreg__span_of(tag))) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is no tag", tag);
    }
    snprintf(out->text, sizeof(out->text), ZREG__KEYS_REPOSITORIES "/%s/_tags/%s", repository, tag);
    return ZREG_OK;
}

static bool is_upload_id(const char *id)
{
    size_t size = strspn(id, "0123456789abcdef");
    return size == UPLOAD_ID_SIZE && id[size] == '\0';
}

zreg_status zreg__keys_upload(zreg__key *out, const char *id, const char *part, zreg_error *err)
{
    if (!is_upload_id(id)) {
        return zreg__fail(err, ZREG_NOTFOUND, "no such upload");
    }
    snprintf(out->text, sizeof(out->text), "v1/uploads/%s%s%s", id, part == NULL ? "" : "/",
             part == NULL ? "" : part);
    return ZREG_OK;
}
