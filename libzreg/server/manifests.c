/* SPDX-License-Identifier: Apache-2.0 */
#include "server/handlers.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include "server/call.h"
#include "server/send.h"
#include <string.h>

#define MAX_TAGS_OF_PUT 32
#define MAX_MISSING_TOLD 256

static bool is_digest(const char *reference)
{
    return strchr(reference, ':') != NULL;
}

/* False: the reference is neither; answered. */
static bool check_reference(zreg__call *call)
{
    zreg_digest digest;
    if (is_digest(call->last)) {
        return zreg__call_digest(&digest, call, call->last);
    }
    if (!zreg__reference_is_tag(zreg__span_of(call->last))) {
        bool reads = call->is_head || zreg__str_equal(call->request->method, "GET");
        zreg__call_fail(call, reads ? ZREG__MANIFEST_UNKNOWN : ZREG__MANIFEST_INVALID,
                        "this is neither a tag nor a digest");
        return false;
    }
    return true;
}

static void release_manifest(void *manifest)
{
    zreg_manifest_free(manifest);
}

/* Sets status and headers; false: there is nothing to send. */
static bool describe(zreg__call *call, const char *digest, const char *media_type)
{
    zreg__str_copy(call->digest, sizeof(call->digest), digest);
    if (zreg__call_content(call, digest)) {
        return false;
    }
    zreg__call_field(call, "Content-Type", media_type);
    zreg__call_empty(call, 200);
    return true;
}

/* Takes the manifest. */
static void answer_manifest(zreg__call *call, zreg_manifest *taken)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = taken;
    zreg__serve_response *response = &call->request->response;
    if (!describe(call, zreg_manifest_digest(manifest)->text, zreg_manifest_media_type(manifest))) {
        return;
    }
    response->bytes = zreg_manifest_bytes(manifest, &response->size);
    response->release = release_manifest;
    response->holder = zreg__steal(&manifest);
    call->answer_bytes = response->size;
}

void zreg__manifests_get(zreg__call *call)
{
    zreg_error err;
    zreg__error_clear(&err);
    zreg_manifest *manifest = NULL;
    if (!check_reference(call)) {
        return;
    }
    if (zreg__store_manifest_get_small(&manifest, call->server->store, call->repository, call->last,
                                       &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__MANIFEST_UNKNOWN);
    } else if (manifest != NULL) {
        answer_manifest(call, manifest);
    }
}

void zreg__manifests_get_work(zreg__call *call, zreg__store *store)
{
    zreg_error err;
    zreg_digest digest;
    char media_type[ZREG__MAX_MEDIA_TYPE + 1];
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = NULL;
    zreg__error_clear(&err);
    if (zreg__store_manifest_open(&blob, &digest, media_type, store, call->repository, call->last,
                                  &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__MANIFEST_UNKNOWN);
    } else if (describe(call, digest.text, media_type)) {
        call->answer_bytes = zreg__store_blob_size(blob);
        call->request->response.source.size = call->answer_bytes;
        zreg__send_blob(call, zreg__steal(&blob));
    }
}

static void too_large(zreg__call *call)
{
    zreg__call_fail_as(call, 413, ZREG__SIZE_INVALID, "a manifest may have 4 MiB");
}

/* More than we set at once are refused, none is left out in silence. */
static bool check_tag_count(zreg__call *call)
{
    ZREG__AUTO_FREE char *excess = zreg__call_query(call, "tag", MAX_TAGS_OF_PUT);
    if (excess != NULL) {
        zreg__call_fail_as(call, 414, ZREG__MANIFEST_INVALID, "more than %d tags at once",
                           MAX_TAGS_OF_PUT);
    }
    return excess == NULL;
}

static bool are_tags(zreg__call *call)
{
    for (size_t i = 0; i < MAX_TAGS_OF_PUT; i++) {
        ZREG__AUTO_FREE char *tag = zreg__call_query(call, "tag", i);
        if (tag == NULL) {
            return true;
        }
        if (!zreg__reference_is_tag(zreg__span_of(tag))) {
            zreg__call_fail_as(call, 400, ZREG__MANIFEST_INVALID, "\"%s\" is no tag", tag);
            return false;
        }
    }
    return true;
}

bool zreg__manifests_put_begin(zreg__call *call)
{
    uint64_t size = call->request->body_size;
    if (!check_reference(call) || !check_tag_count(call) || !are_tags(call)) {
        return false;
    }
    if (size > ZREG__MAX_MANIFEST_BYTES && size != UINT64_MAX) {
        too_large(call);
        return false;
    }
    return true;
}

static zreg_status parse(zreg_manifest **out, const zreg__call *call, zreg_error *err)
{
    zreg_digest digest;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    const char *media_type = zreg__serve_header(call->request, "Content-Type");
    if (media_type != NULL &&
        zreg__mediatype_kind_of(zreg__span_of(media_type)) == ZREG__KIND_UNKNOWN) {
        return zreg__fail(err, ZREG_INVAL, "the Content-Type is not that of a manifest or index");
    }
    const char *bytes = zreg__buf_cstr(&call->body);
    if (is_digest(call->last)) {
        ZREG__TRY(zreg_digest_parse(&digest, call->last, err));
        ZREG__TRY(zreg__manifest_parse_verified(&manifest, bytes, call->body.size, media_type,
                                                &digest, err));
    } else {
        ZREG__TRY(zreg_manifest_parse(&manifest, bytes, call->body.size, media_type, err));
    }
    ZREG__TRY(zreg__manifest_check_strictly(manifest, err));
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

/* Tags of ?tag=, of which there may be several. */
static zreg_status set_tags(zreg__call *call, zreg__store *store, const zreg_manifest *manifest,
                            const zreg__origin *origin, zreg_error *err)
{
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    for (size_t i = 0; i < MAX_TAGS_OF_PUT; i++) {
        ZREG__AUTO_FREE char *tag = zreg__call_query(call, "tag", i);
        if (tag == NULL) {
            return ZREG_OK;
        }
        ZREG__TRY(zreg__store_tag_set(store, call->repository, tag, digest, err));
        call->tags_set++;
        zreg__origins_note(call->server->origins, store, call->repository, tag, manifest, origin);
    }
    return ZREG_OK;
}

/* Once all are set. */
static void tell_tags(zreg__call *call)
{
    for (size_t i = 0; i < MAX_TAGS_OF_PUT; i++) {
        ZREG__AUTO_FREE char *tag = zreg__call_query(call, "tag", i);
        if (tag == NULL) {
            return;
        }
        zreg__call_field(call, "OCI-Tag", tag);
    }
}

/* The header is for the access log; a client that sends one means it, so a wrong one is refused. */
static zreg_status read_origin(zreg__origin *out, bool *out_told, const zreg__call *call,
                               zreg_error *err)
{
    const char *text = zreg__serve_header(call->request, ZREG__ORIGIN_HEADER);
    *out_told = text != NULL;
    return text == NULL ? ZREG_OK : zreg__origin_parse(out, text, err);
}

/* Nothing is stored when one of the tags is immutable; one that another push sets meanwhile is found when
 * it is its turn. */
static zreg_status check_tags(const zreg__call *call, zreg__store *store,
                              const zreg_manifest *manifest, zreg_error *err)
{
    for (size_t i = 0; i < MAX_TAGS_OF_PUT; i++) {
        ZREG__AUTO_FREE char *tag = zreg__call_query(call, "tag", i);
        if (tag == NULL) {
            return ZREG_OK;
        }
        ZREG__TRY(zreg__store_tag_check(store, call->repository, tag,
                                        zreg_manifest_digest(manifest), err));
    }
    return ZREG_OK;
}

static zreg_status keep(zreg__call *call, zreg__store *store, const zreg_manifest *manifest,
                        zreg_error *err)
{
    const char *tag = is_digest(call->last) ? NULL : call->last;
    zreg__origin origin;
    bool told;
    ZREG__TRY(read_origin(&origin, &told, call, err));
    ZREG__TRY(check_tags(call, store, manifest, err));
    zreg_status status =
        zreg__store_manifest_put(&call->is_stored, store, call->repository, tag, manifest, err);
    if (call->is_stored) {
        zreg__str_copy(call->digest, sizeof(call->digest), zreg_manifest_digest(manifest)->text);
    }
    ZREG__TRY(status);
    call->tags_set = tag == NULL ? 0 : 1;
    zreg__origins_note(call->server->origins, store, call->repository, tag, manifest,
                       told ? &origin : NULL);
    return set_tags(call, store, manifest, told ? &origin : NULL, err);
}

/* {"missing": [DIGEST, ...]}, or NULL. */
static zreg__json *list_missing(const zreg__call *call, zreg__store *store,
                                const zreg_manifest *manifest)
{
    ZREG__AUTO(zreg_strings) zreg_strings *missing = NULL;
    ZREG__AUTO(zreg__json) zreg__json *detail = zreg__json_new_object();
    bool listed =
        zreg__store_manifest_missing(&missing, store, call->repository, manifest, MAX_MISSING_TOLD,
                                     NULL) == ZREG_OK &&
        zreg__json_set_texts(detail, "missing", zreg__strings_array(missing), NULL) == ZREG_OK;
    return listed ? zreg__steal(&detail) : NULL;
}

static void refuse(zreg__call *call, zreg__store *store, const zreg_manifest *manifest,
                   const zreg_error *err)
{
    if (zreg__str_equal(err->registry_code, "MANIFEST_BLOB_UNKNOWN")) {
        zreg__call_fail_detailed(call, ZREG__MANIFEST_BLOB_UNKNOWN, err->message,
                                 list_missing(call, store, manifest));
    } else if (err->code == ZREG_INVAL || err->code == ZREG_UNSUPPORTED) {
        zreg__call_fail_as(call, 400, ZREG__MANIFEST_INVALID, "%s", err->message);
    } else {
        zreg__call_error(call, err, ZREG__MANIFEST_UNKNOWN);
    }
}

void zreg__manifests_put(zreg__call *call)
{
    if (call->body_error.code == ZREG_LIMIT) {
        too_large(call);
    } else if (call->body_error.code != ZREG_OK) {
        zreg__call_error(call, &call->body_error, ZREG__MANIFEST_UNKNOWN);
    }
}

void zreg__manifests_put_work(zreg__call *call, zreg__store *store)
{
    zreg_error err;
    zreg__error_clear(&err);
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    zreg_status status = parse(&manifest, call, &err);
    if (status == ZREG_OK) {
        status = keep(call, store, manifest, &err);
    }
    if (status != ZREG_OK) {
        refuse(call, store, manifest, &err);
        return;
    }
    const zreg_digest *digest = zreg_manifest_digest(manifest);
    const zreg_descriptor *subject = zreg_manifest_subject(manifest);
    zreg__call_location(call, "manifests", digest->text);
    zreg__call_field(call, "Docker-Content-Digest", digest->text);
    if (subject != NULL) {
        zreg__call_field(call, "OCI-Subject", subject->digest.text);
    }
    tell_tags(call);
    zreg__call_empty(call, 201);
}

void zreg__manifests_delete(zreg__call *call, zreg__store *store)
{
    zreg_digest digest;
    zreg_error err;
    zreg__error_clear(&err);
    zreg_status status;
    if (!check_reference(call)) {
        return;
    }
    if (!is_digest(call->last)) {
        status = zreg__store_tag_delete(store, call->repository, call->last, &err);
    } else if (zreg__call_digest(&digest, call, call->last)) {
        status = zreg__store_manifest_delete(store, call->repository, &digest, &err);
    } else {
        return;
    }
    if (status != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__MANIFEST_UNKNOWN);
        return;
    }
    zreg__call_empty(call, 202);
}
