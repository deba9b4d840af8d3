/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tags (distribution-spec, "Listing Tags"), page by page. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/reference.h"
#include "registry/pages.h"

static zreg_status add_tags(zreg_strings *to, const zreg__buf *body, const char *what,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    zreg__json *tags;

    if (zreg__json_parse(&json, zreg__buf_cstr(body), body->size, what, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer is not JSON", what);
    }
    tags = zreg__json_get(json, "tags"); /* null where there are none */
    for (size_t i = 0; i < zreg__json_length(tags); i++) {
        const char *tag = json_object_get_string(zreg__json_at(tags, i));

        if (tag == NULL || !zreg__reference_is_tag(zreg__span_of(tag))) {
            return zreg__fail(err, ZREG_PROTO, "%s: the list holds something that is no tag", what);
        }
        ZREG__TRY(zreg__strings_add(to, tag, ZREG__MAX_TAGS, err));
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

static zreg_status send_first(zreg__fetch_exchange **out, zreg__pages *pages, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *plain = zreg__asprintf("/v2/%s/tags/list", pages->repository);
    ZREG__AUTO_FREE char *sized =
        zreg__asprintf("/v2/%s/tags/list?n=%u", pages->repository, page_size(pages));

    if (plain == NULL || sized == NULL) {
        return zreg__fail_nomem(err);
    }
    if (page_size(pages) > 0) {
        ZREG__TRY(zreg__pages_send(&exchange, pages, sized, err));
    }
    /* A challenge has told who answers, when this was the first request. */
    if (page_size(pages) == 0 || refuses_page_size(zreg__fetch_status(exchange))) {
        return zreg__pages_send(out, pages, plain, err);
    }
    *out = zreg__steal(&exchange);
    return ZREG_OK;
}

static zreg_status take_page(bool *out_more, zreg_strings *to, zreg__pages *pages, bool first,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__buf) zreg__buf body = ZREG__BUF(ZREG__MAX_TAGS_PAGE_BYTES);
    zreg_status status;

    ZREG__TRY(first ? send_first(&exchange, pages, err)
                    : zreg__pages_send(&exchange, pages, NULL, err));
    ZREG__TRY(zreg__request_expect(exchange, 200, pages->what, err));
    status = zreg__fetch_body(&body, exchange, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", pages->what);
    }
    ZREG__TRY(add_tags(to, &body, pages->what, err));
    return zreg__pages_turn(out_more, pages, exchange, err);
}

zreg_status zreg_client_tags(zreg_strings **out, zreg_client *client, const zreg_ref *ref,
                             zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *what =
        zreg__asprintf("tags of %s/%s", zreg_ref_host(ref), zreg_ref_repository(ref));
    ZREG__AUTO(zreg_strings) zreg_strings *tags = NULL;
    ZREG__AUTO(zreg__pages)
    zreg__pages pages = {
        .client = client,
        .repository = zreg_ref_repository(ref),
        .accept = "Accept: application/json",
        .what = what,
        .maximum = ZREG__MAX_TAGS_PAGES,
        .cancel = cancel,
    };
    bool more = true;

    zreg__error_clear(err);
    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&pages.host, client, zreg_ref_host(ref), err));
    ZREG__TRY(zreg__strings_new(&tags, err));
    for (bool first = true; more; first = false) {
        ZREG__TRY(take_page(&more, tags, &pages, first, err));
    }
    *out = zreg__steal(&tags);
    return ZREG_OK;
}
