/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/pages.h"

#include "base/error.h"
#include "base/mem.h"
#include "oci/link.h"

zreg_status zreg__pages_walk(const char *what, size_t maximum, zreg__pages_take *take, void *user,
                             zreg_error *err)
{
    bool more = true;

    for (size_t number = 1; more; number++) {
        if (number > maximum) {
            return zreg__fail(err, ZREG_LIMIT, "%s: there are more than %zu pages", what, maximum);
        }
        ZREG__TRY(take(&more, number, user, err));
    }
    return ZREG_OK;
}

zreg_status zreg__pages_send(zreg__fetch_exchange **out, zreg__pages *pages, const char *path,
                             zreg_error *err)
{
    const zreg__request request = {
        .method = "GET",
        .path = path,
        .url = path == NULL ? &pages->url : NULL,
        .repository = pages->repository,
        .actions = ZREG__PULL,
        .headers = {pages->accept},
        .answer = pages->answer,
        .json = pages->answer == NULL ? &pages->json : NULL,
        .json_bytes = ZREG__MAX_TAGS_PAGE_BYTES,
        .what = pages->what,
    };

    return zreg__request_send(out, pages->client, pages->host, &request, pages->cancel, err);
}

static zreg_status remember(zreg__pages *pages, const zreg__fetch_url *next, zreg_error *err)
{
    if (pages->seen == NULL) {
        ZREG__TRY(zreg__map_new(&pages->seen, NULL, err));
    }
    if (zreg__map_get(pages->seen, next->target) != NULL) {
        return zreg__fail(err, ZREG_LIMIT, "%s: the pages go round in a circle", pages->what);
    }
    return zreg__map_set(pages->seen, next->target, pages, err);
}

zreg_status zreg__pages_turn(bool *out_more, zreg__pages *pages,
                             const zreg__fetch_exchange *exchange, zreg_error *err)
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
        return zreg__fail(err, ZREG_PROTO, "%s: the next page is on another host, %s", pages->what,
                          next.host);
    }
    ZREG__TRY(remember(pages, &next, err));
    zreg__fetch_url_finish(&pages->url);
    pages->url = next;
    next = (zreg__fetch_url){0};
    *out_more = true;
    return ZREG_OK;
}

void zreg__pages_finish(zreg__pages *pages)
{
    zreg__json_free(pages->json);
    zreg__map_free(pages->seen);
    zreg__fetch_url_finish(&pages->url);
}
