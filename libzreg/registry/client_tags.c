/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tags (distribution-spec, "Listing Tags"), page by page. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/link.h"
#include "oci/reference.h"
#include "registry/request.h"

/* A list being collected. */
typedef struct tag_list {
    zreg_client *client;
    zreg__host *host;
    const char *repository;
    zreg_cancel *cancel;
    char *what;
    zreg_strings *tags;
    zreg__map *seen;     /* targets of the pages so far */
    zreg__fetch_url url; /* of the next page */
} tag_list;

static void tag_list_finish(tag_list *list)
{
    free(list->what);
    zreg_strings_free(list->tags);
    zreg__map_free(list->seen);
    zreg__fetch_url_finish(&list->url);
}

ZREG__DEFINE_AUTO_VALUE(tag_list, tag_list_finish)

static zreg_status add_tags(tag_list *list, const zreg__buf *body, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    zreg__json *tags;

    if (zreg__json_parse(&json, zreg__buf_cstr(body), body->size, list->what, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer is not JSON", list->what);
    }
    tags = zreg__json_get(json, "tags"); /* null where there are none */
    for (size_t i = 0; i < zreg__json_length(tags); i++) {
        const char *tag = json_object_get_string(zreg__json_at(tags, i));

        if (tag == NULL || !zreg__reference_is_tag(zreg__span_of(tag))) {
            return zreg__fail(err, ZREG_PROTO, "%s: the list holds something that is no tag",
                              list->what);
        }
        ZREG__TRY(zreg__strings_add(list->tags, tag, ZREG__MAX_TAGS, err));
    }
    return ZREG_OK;
}

/* Turns to the page that Link names; `*out_more` is false at the end. */
static zreg_status turn(bool *out_more, tag_list *list, const zreg__fetch_exchange *exchange,
                        zreg_error *err)
{
    const char *link = zreg__fetch_header(exchange, "link");
    const zreg__fetch_url *here = zreg__fetch_answerer(exchange);
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url next = {0};
    ZREG__AUTO_FREE char *target = NULL;

    *out_more = false;
    if (link != NULL) {
        ZREG__TRY(zreg__link_next(&target, link, err));
    }
    if (target == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__fetch_url_resolve(&next, here, target, err));
    if (!zreg__fetch_url_same_origin(&next, here)) {
        return zreg__fail(err, ZREG_PROTO, "%s: the next page is on another host, %s", list->what,
                          next.host);
    }
    if (zreg__map_get(list->seen, next.target) != NULL ||
        zreg__map_count(list->seen) >= ZREG__MAX_TAGS_PAGES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: the pages go round in a circle or never end",
                          list->what);
    }
    ZREG__TRY(zreg__map_set(list->seen, next.target, list, err));
    zreg__fetch_url_finish(&list->url);
    list->url = next;
    next = (zreg__fetch_url){0};
    *out_more = true;
    return ZREG_OK;
}

static zreg_status send(zreg__fetch_exchange **out, tag_list *list, const char *path,
                        zreg_error *err)
{
    const zreg__request request = {
        .method = "GET",
        .path = path,
        .url = path == NULL ? &list->url : NULL,
        .repository = list->repository,
        .actions = ZREG__PULL,
        .headers = {"Accept: application/json"},
        .what = list->what,
    };

    return zreg__request_send(out, list->client, list->host, &request, list->cancel, err);
}

/* Some registries do not take the page size that we ask for, or none at all. */
static bool refuses_page_size(int status)
{
    return status == 400 || status == 405 || status == 413 || status == 414 || status == 416 ||
           status == 422;
}

static unsigned page_size(const tag_list *list)
{
    const zreg__quirks *quirks = list->host->quirks;

    return quirks->tags_page;
}

static zreg_status send_first(zreg__fetch_exchange **out, tag_list *list, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *plain = zreg__asprintf("/v2/%s/tags/list", list->repository);
    ZREG__AUTO_FREE char *sized =
        zreg__asprintf("/v2/%s/tags/list?n=%u", list->repository, page_size(list));

    if (plain == NULL || sized == NULL) {
        return zreg__fail_nomem(err);
    }
    if (page_size(list) > 0) {
        ZREG__TRY(send(&exchange, list, sized, err));
    }
    /* A challenge has told who answers, when this was the first request. */
    if (page_size(list) == 0 || refuses_page_size(zreg__fetch_status(exchange))) {
        return send(out, list, plain, err);
    }
    *out = zreg__steal(&exchange);
    return ZREG_OK;
}

static zreg_status take_page(bool *out_more, tag_list *list, bool first, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(ZREG__MAX_TAGS_PAGE_BYTES);
    zreg_status status;

    ZREG__TRY(first ? send_first(&exchange, list, err) : send(&exchange, list, NULL, err));
    ZREG__TRY(zreg__request_expect(exchange, 200, list->what, err));
    status = zreg__fetch_body(&body, exchange, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", list->what);
    }
    ZREG__TRY(add_tags(list, &body, err));
    return turn(out_more, list, exchange, err);
}

zreg_status zreg_client_tags(zreg_strings **out, zreg_client *client, const zreg_ref *ref,
                             zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(tag_list)
    tag_list list = {
        .client = client,
        .repository = zreg_ref_repository(ref),
        .cancel = cancel,
    };
    bool more = true;

    zreg__error_clear(err);
    ZREG__TRY(zreg__client_host(&list.host, client, zreg_ref_host(ref), err));
    ZREG__TRY(zreg__strings_new(&list.tags, err));
    ZREG__TRY(zreg__map_new(&list.seen, NULL, err));
    list.what = zreg__asprintf("tags of %s/%s", zreg_ref_host(ref), zreg_ref_repository(ref));
    if (list.what == NULL) {
        return zreg__fail_nomem(err);
    }
    for (bool first = true; more; first = false) {
        ZREG__TRY(take_page(&more, &list, first, err));
    }
    *out = zreg__steal(&list.tags);
    return ZREG_OK;
}
