/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A list that a registry gives page by page (distribution-spec, "Listing Tags", "Listing
 * Referrers"): each page names the next one by its Link, on the same origin, never in a circle.
 */
#ifndef ZREG_REGISTRY_PAGES_H
#define ZREG_REGISTRY_PAGES_H

#include "base/compiler.h"
#include "registry/request.h"

typedef struct zreg__pages {
    zreg_client *client;
    zreg__host *host;
    const char *repository;
    const char *accept;  /* a header */
    const char *what;    /* for errors: "tags of HOST/REPOSITORY" */
    size_t maximum;      /* pages */
    zreg_cancel *cancel; /* all of these are the caller's */
    zreg__map *seen;     /* targets of the pages so far */
    zreg__fetch_url url; /* of the next page */
} zreg__pages;

/** Asks for the page at `path`, or with NULL for the next one. */
zreg_status zreg__pages_send(zreg__fetch_exchange **out, zreg__pages *pages, const char *path,
                             zreg_error *err);

/** Turns to the page that Link names; `*out_more` is false at the end. Errors: PROTO, LIMIT. */
zreg_status zreg__pages_turn(bool *out_more, zreg__pages *pages,
                             const zreg__fetch_exchange *exchange, zreg_error *err);

void zreg__pages_finish(zreg__pages *pages);

ZREG__DEFINE_AUTO_VALUE(zreg__pages, zreg__pages_finish)

#endif
