/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/referrers.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include "oci/referrers.h"
#include "registry/pages.h"

static zreg_status add_children(zreg_strings *to, const zreg_manifest *list, const char *what,
                                zreg_error *err)
{
    for (size_t i = 0; i < zreg_manifest_count(list); i++) {
        if (zreg_strings_count(to) == ZREG__MAX_REFERRERS) {
            return zreg__fail(err, ZREG_LIMIT, "%s: there are more than %d", what,
                              ZREG__MAX_REFERRERS);
        }
        ZREG__TRY(zreg__strings_add(to, zreg_manifest_at(list, i)->digest.text, SIZE_MAX, err));
    }
    return ZREG_OK;
}

/* Registries that know nothing of referrers find no such endpoint; some find no such method. A
 * proxy before one may answer with a page of its own. */
static bool has_no_list(const zreg__fetch_exchange *exchange)
{
    int status = zreg__fetch_status(exchange);
    zreg__span type = zreg__span_of(zreg__fetch_header(exchange, "content-type"));

    return status == 400 || status == 404 || status == 405 || status == 501 ||
           (status == 200 && zreg__mediatype_kind_of(type) != ZREG__KIND_INDEX &&
            !zreg__mediatype_is_generic(type));
}

static zreg_status take_page(bool *out_more, zreg_strings *to, zreg__pages *pages,
                             zreg__fetch_exchange *exchange, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    ZREG__AUTO(zreg_manifest) zreg_manifest *list = NULL;
    zreg_status status;

    ZREG__TRY(zreg__request_expect(exchange, 200, pages->what, err));
    status = zreg__fetch_body(&body, exchange, err);
    if (status == ZREG_OK) {
        status =
            zreg_manifest_parse(&list, zreg__buf_cstr(&body), body.size, ZREG__TYPE_OCI_INDEX, err);
    }
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", pages->what);
    }
    ZREG__TRY(add_children(to, list, pages->what, err));
    return zreg__pages_turn(out_more, pages, exchange, err);
}

static zreg_status ask(bool *out_has_list, zreg_strings *to, zreg__pages *pages, const char *path,
                       zreg_error *err)
{
    bool more = true;

    for (bool first = true; more; first = false) {
        ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;

        ZREG__TRY(zreg__pages_send(&exchange, pages, first ? path : NULL, err));
        if (first && has_no_list(exchange)) {
            *out_has_list = false;
            return ZREG_OK;
        }
        ZREG__TRY(take_page(&more, to, pages, exchange, err));
    }
    *out_has_list = true;
    return ZREG_OK;
}

static char *what_of(const zreg_ref *ref, const zreg_digest *subject)
{
    return zreg__asprintf("referrers of %s/%s@%s", zreg_ref_host(ref), zreg_ref_repository(ref),
                          subject->text);
}

zreg_status zreg__referrers_ask(zreg_strings **out, bool *out_has_list, zreg_client *client,
                                const zreg_ref *ref, const zreg_digest *subject,
                                zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *what = what_of(ref, subject);
    ZREG__AUTO_FREE char *path =
        zreg__asprintf("/v2/%s/referrers/%s", zreg_ref_repository(ref), subject->text);
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;
    ZREG__AUTO(zreg__pages)
    zreg__pages pages = {
        .client = client,
        .repository = zreg_ref_repository(ref),
        .accept = "Accept: " ZREG__TYPE_OCI_INDEX,
        .what = what,
        .maximum = ZREG__MAX_REFERRERS_PAGES,
        .cancel = cancel,
    };

    if (what == NULL || path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&pages.host, client, zreg_ref_host(ref), err));
    ZREG__TRY(zreg__strings_new(&digests, err));
    ZREG__TRY(ask(out_has_list, digests, &pages, path, err));
    if (*out_has_list) {
        *out = zreg__steal(&digests);
    }
    return ZREG_OK;
}

/* `*out` stays NULL when there is no such tag. */
static zreg_status get_list(zreg_manifest **out, zreg_client *client, const zreg_ref *tagged,
                            zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status = zreg_client_manifest_get(out, client, tagged, cancel, err);

    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return ZREG_OK;
    }
    if (status == ZREG_OK &&
        !zreg__str_equal(zreg_manifest_media_type(*out), ZREG__TYPE_OCI_INDEX)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "%s is for a list of referrers and holds something else, a manifest of "
                          "type %s",
                          zreg_ref_text(tagged), zreg_manifest_media_type(*out));
    }
    return status;
}

zreg_status zreg__referrers_read_tag(zreg_strings **out, zreg_client *client, const zreg_ref *ref,
                                     const zreg_digest *subject, zreg_cancel *cancel,
                                     zreg_error *err)
{
    zreg__digest_tag tag = zreg__referrers_tag(subject);
    ZREG__AUTO(zreg_ref) zreg_ref *tagged = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *list = NULL;
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;

    ZREG__TRY(zreg_ref_with_tag(&tagged, ref, tag.text, err));
    ZREG__TRY(get_list(&list, client, tagged, cancel, err));
    ZREG__TRY(zreg__strings_new(&digests, err));
    if (list != NULL) {
        ZREG__TRY(add_children(digests, list, zreg_ref_text(tagged), err));
    }
    *out = zreg__steal(&digests);
    return ZREG_OK;
}

zreg_status zreg__referrers_add_to_tag(zreg_client *client, const zreg_ref *ref,
                                       const zreg_digest *subject,
                                       const zreg_manifest *const *manifests, size_t count,
                                       zreg_cancel *cancel, zreg_error *err)
{
    zreg__digest_tag tag = zreg__referrers_tag(subject);
    ZREG__AUTO(zreg_ref) zreg_ref *tagged = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *before = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *after = NULL;
    zreg_status status;

    ZREG__TRY(zreg_ref_with_tag(&tagged, ref, tag.text, err));
    ZREG__TRY(get_list(&before, client, tagged, cancel, err));
    status = zreg__referrers_list_add(&after, before, manifests, count, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", zreg_ref_text(tagged));
    }
    if (before != NULL &&
        zreg_digest_equal(zreg_manifest_digest(before), zreg_manifest_digest(after))) {
        return ZREG_OK;
    }
    return zreg_client_manifest_put(client, tagged, after, cancel, err);
}
