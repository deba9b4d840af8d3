/* SPDX-License-Identifier: Apache-2.0 */
#include "store/keys.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "oci/reference.h"
#include <string.h>

#define UPLOAD_ID_SIZE 32

/* Adds to a key. All parts are checked names, for which a key has room. */
static void add(zreg__key *key, const char *text, size_t size)
{
    size_t used = key->size;
    size_t room = sizeof(key->text) - 1 - used;
    size = size < room ? size : room;
    memcpy(key->text + used, text, size);
    key->text[used + size] = '\0';
    key->size = used + size;
}

static void add_text(zreg__key *key, const char *text)
{
    add(key, text, strlen(text));
}

void zreg__keys_blob(zreg__key *out, const zreg_digest *digest)
{
    const char *hex = strchr(digest->text, ':') + 1;
    out->size = 0;
    add_text(out, "v1/blobs/");
    add(out, digest->text, (size_t)(hex - 1 - digest->text));
    add_text(out, "/");
    add(out, hex, 2);
    add_text(out, "/");
    add_text(out, hex);
}

zreg_status zreg__keys_check_repository(const char *repository, zreg_error *err)
{
    if (zreg__reference_is_path(zreg__span_of(repository))) {
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
    out->size = 0;
    add_text(out, ZREG__KEYS_REPOSITORIES "/");
    add_text(out, repository);
    add_text(out, "/");
    add_text(out, folder);
    return ZREG_OK;
}

static zreg_status digest_key(zreg__key *out, const char *repository, const char *folder,
                              const zreg_digest *digest, zreg_error *err)
{
    const char *hex = strchr(digest->text, ':') + 1;
    ZREG__TRY(zreg__keys_folder(out, repository, folder, err));
    add_text(out, "/");
    add(out, digest->text, (size_t)(hex - 1 - digest->text));
    add_text(out, "/");
    add_text(out, hex);
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
    add_text(out, "/");
    add_text(out, digest->text);
    return ZREG_OK;
}

zreg_status zreg__keys_tag(zreg__key *out, const char *repository, const char *tag, zreg_error *err)
{
    ZREG__TRY(zreg__keys_folder(out, repository, "_tags", err));
    if (!zreg__reference_is_tag(zreg__span_of(tag))) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is no tag", tag);
    }
    add_text(out, "/");
    add_text(out, tag);
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
    out->size = 0;
    add_text(out, ZREG__KEYS_UPLOADS "/");
    add_text(out, id);
    if (part != NULL) {
        add_text(out, "/");
        add_text(out, part);
    }
    return ZREG_OK;
}
