/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of names, page by page: tags (distribution-spec, "Listing Tags") and the repositories of a
 * host (the Docker Registry HTTP API V2, "Listing Repositories"). */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/reference.h"
#include "registry/pages.h"

/* One kind of list. */
typedef struct kind {
    const char *key;  /* of the list in an answer */
    const char *name; /* of one entry, in errors */
    size_t maximum;
    bool (*fits)(zreg__span text);
    bool (*is_other)(const char *text); /* some list it too: left out; or NULL */
} kind;

/* zuul-registry lists what was pushed by its digest among the tags. */
static bool is_digest(const char *text)
{
    zreg_digest digest;

    return zreg_digest_parse(&digest, text, NULL) == ZREG_OK;
}

static const kind kind_of_tags = {"tags", "tag", ZREG__MAX_TAGS, zreg__reference_is_tag, is_digest};
static const kind kind_of_catalog = {"repositories", "repository", ZREG__MAX_CATALOG,
                                     zreg__reference_is_repository, NULL};

/* A list that is being collected. */
typedef struct collection {
    const kind *kind;
    const char *path;
    zreg_strings *names;
    zreg__pages pages;
} collection;

static void collection_finish(collection *self)
{
    zreg_strings_free(self->names);
    zreg__pages_finish(&self->pages);
}

ZREG__DEFINE_AUTO_VALUE(collection, collection_finish)

static zreg_status add_name(collection *self, const char *name, zreg_error *err)
{
    const char *what = self->pages.what;
    bool is_other = name != NULL && self->kind->is_other != NULL && self->kind->is_other(name);

    if (is_other) {
        return ZREG_OK;
    }
    if (name == NULL || !self->kind->fits(zreg__span_of(name))) {
        return zreg__fail(err, ZREG_PROTO, "%s: the list holds something that is no %s", what,
                          self->kind->name);
    }
    if (zreg_strings_count(self->names) == self->kind->maximum) {
        return zreg__fail(err, ZREG_LIMIT, "%s: there are more than %zu", what,
                          self->kind->maximum);
    }
    return zreg__strings_add(self->names, name, SIZE_MAX, err);
}

static zreg_status add_names(collection *self, zreg__fetch_exchange *exchange, zreg_error *err)
{
    const zreg__json *list;

    ZREG__TRY(zreg__answer_expect(exchange, 200, self->pages.what, err));
    list = zreg__json_get(self->pages.json, self->kind->key); /* null where there are none */
    for (size_t i = 0; i < zreg__json_length(list); i++) {
        ZREG__TRY(add_name(self, zreg__json_as_text(zreg__json_at(list, i)), err));
    }
    return ZREG_OK;
}

/* Some registries do not take the page size that we ask for, or none at all. */
static bool refuses_page_size(int status)
{
    return status == 400 || status == 405 || status == 413 || status == 414 || status == 416 ||
           status == 422;
}

static unsigned page_size(const zreg__pages *pages)
{
    const zreg__quirks *quirks = pages->host->quirks;

    return quirks->tags_page;
}

static zreg_status send_first(zreg__fetch_exchange **out, collection *self, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    zreg__pages *pages = &self->pages;
    ZREG__AUTO_FREE char *sized = zreg__asprintf("%s?n=%u", self->path, page_size(pages));

    if (sized == NULL) {
        return zreg__fail_nomem(err);
    }
    if (page_size(pages) > 0) {
        ZREG__TRY(zreg__pages_send(&exchange, pages, sized, err));
    }
    /* A challenge has told who answers, when this was the first request. */
    if (page_size(pages) == 0 || refuses_page_size(zreg__fetch_status(exchange))) {
        return zreg__pages_send(out, pages, self->path, err);
    }
    *out = zreg__steal(&exchange);
    return ZREG_OK;
}

/* Many registries let nobody see a catalog. */
static zreg_status check_catalog(const collection *self, const zreg__fetch_exchange *exchange,
                                 zreg_error *err)
{
    int status = zreg__fetch_status(exchange);

    if (self->kind != &kind_of_catalog || (status != 404 && status != 405 && status != 501)) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_UNSUPPORTED,
                      "%s: the registry tells nobody which repositories it has (HTTP %d)",
                      self->pages.what, status);
}

static zreg_status take_page(bool *out_more, size_t number, void *user, zreg_error *err)
{
    collection *self = user;
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;

    ZREG__TRY(number == 1 ? send_first(&exchange, self, err)
                          : zreg__pages_send(&exchange, &self->pages, NULL, err));
    ZREG__TRY(check_catalog(self, exchange, err));
    ZREG__TRY(add_names(self, exchange, err));
    return zreg__pages_turn(out_more, &self->pages, exchange, err);
}

static zreg_status collect(zreg_strings **out, collection *self, const char *host, zreg_error *err)
{
    if (self->path == NULL || self->pages.what == NULL) {
        return zreg__fail_nomem(err);
    }
    self->pages.accept = "Accept: application/json";
    ZREG__TRY(zreg__client_host(&self->pages.host, self->pages.client, host, err));
    ZREG__TRY(zreg__strings_new(&self->names, err));
    ZREG__TRY(zreg__pages_walk(self->pages.what, ZREG__MAX_TAGS_PAGES, take_page, self, err));
    *out = zreg__steal(&self->names);
    return ZREG_OK;
}

zreg_status zreg_client_tags(zreg_strings **out, zreg_client *client, const zreg_ref *ref,
                             zreg_cancel *cancel, zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    ZREG__AUTO_FREE char *path = zreg__asprintf("/v2/%s/tags/list", repository);
    ZREG__AUTO_FREE char *what = zreg__asprintf("tags of %s/%s", zreg_ref_host(ref), repository);
    ZREG__AUTO(collection)
    collection self = {
        .kind = &kind_of_tags,
        .path = path,
        .pages = {.client = client, .repository = repository, .what = what, .cancel = cancel},
    };

    zreg__error_clear(err);
    return collect(out, &self, zreg_ref_host(ref), err);
}

zreg_status zreg_client_catalog(zreg_strings **out, zreg_client *client, const char *host,
                                zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *what = zreg__asprintf("catalog of %s", host);
    ZREG__AUTO(collection)
    collection self = {
        .kind = &kind_of_catalog,
        .path = "/v2/_catalog",
        .pages = {.client = client, .what = what, .cancel = cancel},
    };

    zreg__error_clear(err);
    return collect(out, &self, host, err);
}
