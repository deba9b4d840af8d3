/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/client_referrers.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include "oci/referrers.h"
#include "registry/pages.h"
#include "registry/referrer_list.h"

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

/* A list that is being collected. */
typedef struct collection {
    zreg_referrers *list;
    const char *path;
    zreg__pages pages;
    zreg__buf body; /* of the page that was read last */
    bool has_list;  /* the registry keeps such lists */
} collection;

static void collection_finish(collection *self)
{
    zreg_referrers_free(self->list);
    zreg__buf_finish(&self->body);
    zreg__pages_finish(&self->pages);
}

ZREG__DEFINE_AUTO_VALUE(collection, collection_finish)

static zreg_status add_page(collection *self, zreg__fetch_exchange *exchange, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *list = NULL;
    const char *what = self->pages.what;
    zreg_status status;

    ZREG__TRY(zreg__answer_expect(exchange, 200, what, err));
    status = zreg_manifest_parse(&list, zreg__buf_cstr(&self->body), self->body.size,
                                 ZREG__TYPE_OCI_INDEX, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", what);
    }
    return zreg__referrer_list_add(self->list, list, what, err);
}

static zreg_status take_page(bool *out_more, size_t number, void *user, zreg_error *err)
{
    collection *self = user;
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;

    ZREG__TRY(zreg__pages_send(&exchange, &self->pages, number == 1 ? self->path : NULL, err));
    self->has_list = number > 1 || !has_no_list(exchange);
    if (!self->has_list) {
        *out_more = false;
        return ZREG_OK;
    }
    ZREG__TRY(add_page(self, exchange, err));
    return zreg__pages_turn(out_more, &self->pages, exchange, err);
}

static char *what_of(const zreg_ref *ref, const zreg_digest *subject)
{
    return zreg__asprintf("referrers of %s/%s@%s", zreg_ref_host(ref), zreg_ref_repository(ref),
                          subject->text);
}

static zreg_status print_path(zreg__buf *to, const zreg_ref *ref, const zreg_digest *subject,
                              const char *artifact_type, zreg_error *err)
{
    ZREG__TRY(
        zreg__buf_printf(to, err, "/v2/%s/referrers/%s", zreg_ref_repository(ref), subject->text));
    if (zreg__str_empty(artifact_type)) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__buf_text(to, "?artifactType=", err));
    return zreg__buf_query(to, artifact_type, err);
}

zreg_status zreg__client_referrers_ask(zreg_referrers **out, bool *out_has_list,
                                       zreg_client *client, const zreg_ref *ref,
                                       const zreg_digest *subject, const char *artifact_type,
                                       zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *what = what_of(ref, subject);
    ZREG__AUTO(zreg__buf) zreg__buf path = ZREG__BUF(ZREG__MAX_URL);
    ZREG__AUTO(collection)
    collection self = {
        .pages = {.client = client,
                  .repository = zreg_ref_repository(ref),
                  .accept = "Accept: " ZREG__TYPE_OCI_INDEX,
                  .what = what,
                  .cancel = cancel},
        .body = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES),
    };

    self.pages.answer = &self.body;

    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(print_path(&path, ref, subject, artifact_type, err));
    ZREG__TRY(zreg__client_host(&self.pages.host, client, zreg_ref_host(ref), err));
    ZREG__TRY(zreg__referrer_list_new(&self.list, artifact_type, err));
    self.path = zreg__buf_cstr(&path);
    ZREG__TRY(zreg__pages_walk(what, ZREG__MAX_REFERRERS_PAGES, take_page, &self, err));
    *out_has_list = self.has_list;
    if (self.has_list) {
        *out = zreg__steal(&self.list);
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

zreg_status zreg__client_referrers_read_tag(zreg_referrers **out, zreg_client *client,
                                            const zreg_ref *ref, const zreg_digest *subject,
                                            const char *artifact_type, zreg_cancel *cancel,
                                            zreg_error *err)
{
    zreg__digest_tag tag = zreg__referrers_tag(subject);
    ZREG__AUTO(zreg_ref) zreg_ref *tagged = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *list = NULL;
    ZREG__AUTO(zreg_referrers) zreg_referrers *found = NULL;

    ZREG__TRY(zreg_ref_with_tag(&tagged, ref, tag.text, err));
    ZREG__TRY(get_list(&list, client, tagged, cancel, err));
    ZREG__TRY(zreg__referrer_list_new(&found, artifact_type, err));
    if (list != NULL) {
        ZREG__TRY(zreg__referrer_list_add(found, list, zreg_ref_text(tagged), err));
    }
    *out = zreg__steal(&found);
    return ZREG_OK;
}

zreg_status zreg__client_referrers_add_to_tag(zreg_client *client, const zreg_ref *ref,
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

/* A tag is asked for its digest. */
static zreg_status find_subject(zreg_digest *out, zreg_client *client, const zreg_ref *ref,
                                zreg_cancel *cancel, zreg_error *err)
{
    const zreg_digest *named = zreg_ref_digest(ref);

    if (named == NULL) {
        return zreg_client_manifest_head(out, client, ref, cancel, err);
    }
    *out = *named;
    return ZREG_OK;
}

zreg_status zreg_client_referrers(zreg_referrers **out, zreg_client *client, const zreg_ref *ref,
                                  const zreg_referrers_options *options, zreg_cancel *cancel,
                                  zreg_error *err)
{
    zreg_referrers_options set;
    zreg_digest subject;
    bool has_list = false;

    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(find_subject(&subject, client, ref, cancel, err));
    ZREG__TRY(zreg__client_referrers_ask(out, &has_list, client, ref, &subject, set.artifact_type,
                                         cancel, err));
    return has_list ? ZREG_OK
                    : zreg__client_referrers_read_tag(out, client, ref, &subject, set.artifact_type,
                                                      cancel, err);
}
