/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Lists that come page by page. A registry's page names the next one by its Link (distribution-spec,
 * "Listing Tags", "Listing Referrers"), on the same origin, never in a circle.
 */
#ifndef ZREG_REGISTRY_PAGES_H
#define ZREG_REGISTRY_PAGES_H

#include "base/compiler.h"
#include "registry/request.h"

/** Takes page `number`, from 1; `*out_more` tells whether there is another. */
typedef zreg_status zreg__pages_take(bool *out_more, size_t number, void *user, zreg_error *err);

/** Takes page after page. Errors: LIMIT (more than `maximum`), those of `take`. */
zreg_status zreg__pages_walk(const char *what, size_t maximum, zreg__pages_take *take, void *user,
                             zreg_error *err);

/** Pages that are linked. */
typedef struct zreg__pages {
    zreg_client *client;
    zreg__host *host;
    const char *repository;
    const char *accept;  /* a header */
    const char *what;    /* for errors: "tags of HOST/REPOSITORY" */
    zreg_cancel *cancel; /* all of these are the caller's */
    zreg__buf *answer;   /* of the caller: each page is read into it; NULL: it is read as `json` */
    zreg__json *json;
    zreg__map *seen;     /* targets of the pages so far */
    zreg__fetch_url url; /* of the next page */
} zreg__pages;

/** Asks for the page at `path`, or with NULL for the next one. */
zreg_status zreg__pages_send(zreg__fetch_exchange **out, zreg__pages *pages, const char *path,
                             zreg_error *err);

/** Turns to the page that Link names; `*out_more` is false at the end. Errors: PROTO, LIMIT (a page
 *  that was there before). */
zreg_status zreg__pages_turn(bool *out_more, zreg__pages *pages,
                             const zreg__fetch_exchange *exchange, zreg_error *err);

void zreg__pages_finish(zreg__pages *pages);

ZREG__DEFINE_AUTO_VALUE(zreg__pages, zreg__pages_finish)

#endif
