/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests (distribution-spec, "Pulling manifests", "Pushing Manifests", "Deleting"). */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/digest.h"
#include "oci/errors.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/origin.h"
#include "registry/request.h"

#include <string.h>

/* Path and name of one manifest. */
typedef struct manifest_target {
    zreg__host *host;
    char *path;
    char *blob_path; /* NULL: a tag */
    char *what;
    char *accept;
} manifest_target;

static void target_finish(manifest_target *target)
{
    free(target->path);
    free(target->blob_path);
    free(target->what);
    free(target->accept);
}

ZREG__DEFINE_AUTO_VALUE(manifest_target, target_finish)

static zreg_status target_of(manifest_target *out, zreg_client *client, const zreg_ref *ref,
                             zreg_error *err)
{
    const zreg_digest *digest = zreg_ref_digest(ref);

    ZREG__TRY(zreg__client_host(&out->host, client, zreg_ref_host(ref), err));
    out->path =
        zreg__asprintf("/v2/%s/manifests/%s", zreg_ref_repository(ref), zreg_ref_reference(ref));
    if (digest != NULL) {
        out->blob_path = zreg__asprintf("/v2/%s/blobs/%s", zreg_ref_repository(ref), digest->text);
    }
    out->what = zreg__asprintf("manifest %s", zreg_ref_text(ref));
    out->accept = zreg__asprintf("Accept: %s", zreg__mediatype_accept);
    if (out->path == NULL || out->what == NULL || out->accept == NULL ||
        (digest != NULL && out->blob_path == NULL)) {
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

/* Reads Docker-Content-Digest; `*out_has` is false when there is none. */
static zreg_status told_digest(zreg_digest *out, bool *out_has,
                               const zreg__fetch_exchange *exchange, const char *what,
                               zreg_error *err)
{
    const char *text = zreg__fetch_header(exchange, "docker-content-digest");

    *out_has = !zreg__str_empty(text);
    if (*out_has && zreg_digest_parse(out, text, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_PROTO, "%s: its Docker-Content-Digest is not a digest", what);
    }
    return ZREG_OK;
}

static bool same_algorithm(const zreg_digest *a, const zreg_digest *b)
{
    size_t size = strcspn(a->text, ":");

    return strncmp(a->text, b->text, size + 1) == 0;
}

/* The type that the answer was sent as; NULL for those that say nothing, such as text/plain. */
static char *told_type(const zreg__fetch_exchange *exchange)
{
    zreg__span type = zreg__span_of(zreg__fetch_header(exchange, "content-type"));

    if (type.text == NULL || zreg__mediatype_kind_of(type) == ZREG__KIND_UNKNOWN) {
        return NULL;
    }
    return zreg__strndup(type.text, type.size);
}

/* What was asked for by digest must have that digest, and what the registry says must be true. */
static zreg_status parse_answer(zreg_manifest **out, const zreg__buf *body,
                                const zreg__fetch_exchange *exchange, const zreg_ref *ref,
                                const char *what, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__AUTO_FREE char *type = told_type(exchange);
    const zreg_digest *wanted = zreg_ref_digest(ref);
    const char *bytes = zreg__buf_cstr(body);
    zreg_digest told;
    zreg_digest seen;
    bool has_told;

    ZREG__TRY(told_digest(&told, &has_told, exchange, what, err));
    if (has_told) {
        ZREG__TRY(zreg__digest_like(&seen, &told, bytes, body->size, err));
        if (!zreg_digest_equal(&seen, &told)) {
            return zreg__fail(err, ZREG_CORRUPT, "%s: the registry says %s but sent %s", what,
                              told.text, seen.text);
        }
    }
    ZREG__TRY(wanted != NULL
                  ? zreg__manifest_parse_verified(&manifest, bytes, body->size, type, wanted, err)
                  : zreg_manifest_parse(&manifest, bytes, body->size, type, err));
    *out = zreg__steal(&manifest);
    return ZREG_OK;
}

static int64_t modified_s(const zreg__fetch_exchange *exchange)
{
    return zreg__fetch_date(zreg__fetch_header(exchange, "last-modified"));
}

/* A manifest that is being read. */
typedef struct reading {
    const zreg_ref *ref;
    const char *what;
    zreg_manifest *manifest;
    int64_t modified_s; /* 0: the registry does not tell */
} reading;

static bool is_json(const zreg__buf *body)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;

    return zreg__json_parse(&json, body->data, body->size, "manifest", NULL) == ZREG_OK;
}

/* What is no JSON is no manifest that could be wrong: something else answered, or half of it came. */
static zreg_status take_manifest(bool *out_passing, void *user,
                                 const zreg__fetch_exchange *exchange, const zreg__buf *body,
                                 zreg_error *err)
{
    reading *self = user;
    zreg_error failed = {0};
    zreg_status status =
        parse_answer(&self->manifest, body, exchange, self->ref, self->what, &failed);

    self->modified_s = modified_s(exchange);
    *out_passing =
        status == ZREG_PROTO || status == ZREG_CORRUPT || (status == ZREG_INVAL && !is_json(body));
    if (status != ZREG_OK) {
        zreg__fail_again(err, &failed);
        return zreg__error_prefix(err, status, "%s", zreg_ref_text(self->ref));
    }
    return ZREG_OK;
}

/* `out_modified_s` may be NULL. */
static zreg_status get(zreg_manifest **out, int64_t *out_modified_s, zreg_client *client,
                       const zreg_ref *ref, const manifest_target *target, zreg_cancel *cancel,
                       zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    reading read = {.ref = ref, .what = target->what};
    const zreg__request request = {
        .method = "GET",
        .path = target->path,
        .blob_path = target->blob_path,
        .repository = zreg_ref_repository(ref),
        .actions = ZREG__PULL,
        .headers = {target->accept},
        .answer = &body,
        .judge = take_manifest,
        .judge_user = &read,
        .what = target->what,
    };

    ZREG__TRY(zreg__request_send(&exchange, client, target->host, &request, cancel, err));
    ZREG__TRY(zreg__answer_expect(exchange, 200, target->what, err));
    *out = read.manifest;
    if (out_modified_s != NULL) {
        *out_modified_s = read.modified_s;
    }
    return ZREG_OK;
}

zreg_status zreg_client_manifest_get(zreg_manifest **out, zreg_client *client, const zreg_ref *ref,
                                     zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(manifest_target) manifest_target target = {0};

    zreg__error_clear(err);
    ZREG__TRY(target_of(&target, client, ref, err));
    return get(out, NULL, client, ref, &target, cancel, err);
}

zreg_status zreg__client_manifest_get_dated(zreg_manifest **out, int64_t *out_modified_s,
                                            zreg_client *client, const zreg_ref *ref,
                                            zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(manifest_target) manifest_target target = {0};

    ZREG__TRY(target_of(&target, client, ref, err));
    return get(out, out_modified_s, client, ref, &target, cancel, err);
}

/* Some registries refuse HEAD, answer it with 403 for 404, or leave the digest out: GET knows. */
static zreg_status get_digest(zreg_digest *out, zreg_client *client, const zreg_ref *ref,
                              const manifest_target *target, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;

    ZREG__TRY(get(&manifest, NULL, client, ref, target, cancel, err));
    *out = *zreg_manifest_digest(manifest);
    return ZREG_OK;
}

static zreg_status head(zreg_digest *out, zreg_client *client, const zreg_ref *ref,
                        const manifest_target *target, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    const zreg_digest *wanted = zreg_ref_digest(ref);
    const zreg__request request = {
        .method = "HEAD",
        .path = target->path,
        .blob_path = target->blob_path,
        .repository = zreg_ref_repository(ref),
        .actions = ZREG__PULL,
        .headers = {target->accept},
        .what = target->what,
    };
    zreg_digest told;
    bool has_told = false;

    ZREG__TRY(zreg__request_send(&exchange, client, target->host, &request, cancel, err));
    if (zreg__fetch_status(exchange) == 404) {
        return zreg__answer_fail(exchange, target->what, err);
    }
    if (zreg__fetch_status(exchange) == 200) {
        ZREG__TRY(told_digest(&told, &has_told, exchange, target->what, err));
    }
    if (!has_told) {
        return get_digest(out, client, ref, target, cancel, err);
    }
    if (wanted != NULL && same_algorithm(wanted, &told) && !zreg_digest_equal(wanted, &told)) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: the registry says that it has %s", target->what,
                          told.text);
    }
    *out = wanted != NULL ? *wanted : told;
    return ZREG_OK;
}

zreg_status zreg_client_manifest_head(zreg_digest *out, zreg_client *client, const zreg_ref *ref,
                                      zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(manifest_target) manifest_target target = {0};
    zreg_error failed = {0};

    zreg__error_clear(err);
    ZREG__TRY(target_of(&target, client, ref, err));
    zreg_status status = head(out, client, ref, &target, cancel, &failed);
    bool is_wrong = status == ZREG_CORRUPT || status == ZREG_PROTO;
    if (is_wrong && zreg__mirrors_doubt(client->mirrors, target.what)) {
        return head(out, client, ref, &target, cancel, err);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

/* Bytes may only be stored under a digest that is theirs. */
static zreg_status check_reference(const zreg_ref *ref, const void *bytes, size_t size,
                                   zreg_error *err)
{
    const zreg_digest *wanted = zreg_ref_digest(ref);
    zreg_digest seen;

    if (wanted == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__digest_like(&seen, wanted, bytes, size, err));
    if (!zreg_digest_equal(&seen, wanted)) {
        return zreg__fail(err, ZREG_INVAL, "%s: the manifest to store has the digest %s",
                          zreg_ref_text(ref), seen.text);
    }
    return ZREG_OK;
}

/* What the registry says it stored, if it says so, must be what was sent. */
static zreg_status check_stored(const zreg__fetch_exchange *exchange, const zreg_manifest *manifest,
                                const char *what, zreg_error *err)
{
    const zreg_digest *ours = zreg_manifest_digest(manifest);
    zreg_digest told;
    bool has_told;

    ZREG__TRY(told_digest(&told, &has_told, exchange, what, err));
    if (has_told && same_algorithm(&told, ours) && !zreg_digest_equal(&told, ours)) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: the registry stored %s in place of %s", what,
                          told.text, ours->text);
    }
    return ZREG_OK;
}

/* Where a tag keeps what it meant before beside what it is to mean, the old may still win. */
static zreg_status check_tag(zreg_client *client, const zreg__host *host, const zreg_ref *ref,
                             const zreg_manifest *manifest, zreg_cancel *cancel, zreg_error *err)
{
    const zreg__quirks *quirks = host->quirks;
    zreg_digest now;

    if (!quirks->tags_keep_types || zreg_ref_digest(ref) != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg_client_manifest_head(&now, client, ref, cancel, err));
    if (zreg_digest_equal(&now, zreg_manifest_digest(manifest))) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_CONFLICT,
                      "%s: the tag still means %s, for %s keeps one manifest of each media type "
                      "under a tag and gives an index first; use another tag",
                      zreg_ref_text(ref), now.text, quirks->software);
}

zreg_status zreg_client_manifest_put(zreg_client *client, const zreg_ref *ref,
                                     const zreg_manifest *manifest, zreg_cancel *cancel,
                                     zreg_error *err)
{
    return zreg__client_manifest_put_from(client, ref, manifest, NULL, NULL, cancel, err);
}

static bool is_there(const void *manifest, const zreg__fetch_exchange *found)
{
    zreg_digest told;
    bool has_told = false;

    return zreg__fetch_status(found) == 200 &&
           told_digest(&told, &has_told, found, "", NULL) == ZREG_OK && has_told &&
           zreg_digest_equal(&told, zreg_manifest_digest(manifest));
}

/* A registry that reads its link to a blob while another push of that blob writes it calls the digest in
 * it invalid (docker-registry). Those in a manifest were checked here, so this passes. */
static bool is_half_written(const zreg_error *failed)
{
    return failed->http_status == 400 &&
           zreg__str_equal(failed->registry_code, zreg__errors_name(ZREG__DIGEST_INVALID));
}

static zreg_status put_once(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                            const zreg__request *request, zreg_strings *missing,
                            zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;

    ZREG__TRY(zreg__request_send(&exchange, client, host, request, cancel, err));
    if (zreg__fetch_status(exchange) / 100 != 2) {
        return zreg__answer_fail_telling(exchange, request->what, missing, err);
    }
    *out = zreg__steal(&exchange);
    return ZREG_OK;
}

static zreg_status put_until_taken(zreg__fetch_exchange **out, zreg_client *client,
                                   zreg__host *host, const zreg__request *request,
                                   zreg_strings *missing, zreg_cancel *cancel, zreg_error *err)
{
    for (unsigned tries = 0;;) {
        zreg_error failed = {0};

        if (put_once(out, client, host, request, missing, cancel, &failed) == ZREG_OK) {
            return ZREG_OK;
        }
        if (!is_half_written(&failed)) {
            return zreg__fail_again(err, &failed);
        }
        ZREG__TRY(zreg__client_again(&tries, client, request->what, &failed, cancel, err));
    }
}

zreg_status zreg__client_manifest_put_from(zreg_client *client, const zreg_ref *ref,
                                           const zreg_manifest *manifest, const char *origin,
                                           zreg_strings *missing, zreg_cancel *cancel,
                                           zreg_error *err)
{
    ZREG__AUTO(manifest_target) manifest_target target = {0};
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *type =
        zreg__asprintf("Content-Type: %s", zreg_manifest_media_type(manifest));
    ZREG__AUTO_FREE char *told =
        origin == NULL ? NULL : zreg__asprintf(ZREG__ORIGIN_HEADER ": %s", origin);
    zreg__request request = {
        .method = "PUT",
        .repository = zreg_ref_repository(ref),
        .actions = ZREG__PULL | ZREG__PUSH,
        .headers = {type, told},
        .commits = true,
    };
    zreg__request_look look = {.shows_done = is_there, .user = manifest};

    zreg__error_clear(err);
    if (type == NULL || (origin != NULL && told == NULL)) {
        return zreg__fail_nomem(err);
    }
    request.body = zreg_manifest_bytes(manifest, &request.body_bytes);
    ZREG__TRY(check_reference(ref, request.body, request.body_bytes, err));
    ZREG__TRY(target_of(&target, client, ref, err));
    request.path = target.path;
    request.what = target.what;
    look.accept = target.accept;
    request.look = &look;
    ZREG__TRY(put_until_taken(&exchange, client, target.host, &request, missing, cancel, err));
    ZREG__TRY(check_stored(exchange, manifest, target.what, err));
    return check_tag(client, target.host, ref, manifest, cancel, err);
}

static zreg_status delete (zreg_client *client, const zreg_ref *ref, bool is_tag,
                           zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(manifest_target) manifest_target target = {0};
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg__request request = {
        .method = "DELETE",
        .repository = zreg_ref_repository(ref),
        .actions = ZREG__DELETE,
    };
    zreg__request_look look = {.shows_done = zreg__answer_is_missing};
    bool in_doubt = false;
    int status;

    ZREG__TRY(target_of(&target, client, ref, err));
    request.path = target.path;
    request.what = target.what;
    request.out_in_doubt = &in_doubt;
    look.accept = target.accept;
    request.look = &look;
    ZREG__TRY(zreg__request_send(&exchange, client, target.host, &request, cancel, err));
    status = zreg__fetch_status(exchange);
    if (is_tag && (status == 400 || status == 405 || status == 501)) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "%s: %s cannot delete a tag (HTTP %d); use its own interface",
                          zreg_ref_text(ref), target.host->name, status);
    }
    return zreg__answer_expect_deleted(exchange, target.host, in_doubt, target.what, err);
}

zreg_status zreg_client_manifest_delete(zreg_client *client, const zreg_ref *ref,
                                        zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    if (zreg_ref_digest(ref) == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: write the digest of the manifest to delete",
                          zreg_ref_text(ref));
    }
    return delete (client, ref, false, cancel, err);
}

zreg_status zreg__client_manifest_untag(zreg_client *client, const zreg_ref *ref,
                                        zreg_cancel *cancel, zreg_error *err)
{
    return delete (client, ref, true, cancel, err);
}

zreg_status zreg_client_ping(zreg_client *client, const char *host, zreg_cancel *cancel,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *what = NULL;
    zreg__host *known = NULL;
    zreg__request request = {.method = "GET", .path = "/v2/"};

    zreg__error_clear(err);
    ZREG__TRY(zreg__client_host(&known, client, host, err));
    what = zreg__asprintf("registry %s", known->name);
    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    request.what = what;
    ZREG__TRY(zreg__request_send(&exchange, client, known, &request, cancel, err));
    return zreg__answer_expect(exchange, 200, what, err);
}
