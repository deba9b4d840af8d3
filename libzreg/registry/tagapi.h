/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The interfaces over which the tags of a repository are listed with their age, and one of them is
 * deleted: a row and a file each. None of them ever deletes a digest, so other tags of an image
 * stay.
 */
#ifndef ZREG_REGISTRY_TAGAPI_H
#define ZREG_REGISTRY_TAGAPI_H

#include "registry/dated_tags.h"
#include "registry/request.h"

/** What one vendor's interface has of its own. */
typedef struct zreg__tagapi {
    const char *name; /* "Docker Hub" */
    const char *host; /* where it answers when no other place is set; NULL: the registry */
    /* Paths: REPOSITORIES repository TAGS, then QUERY "&page=N" or tag TAG_END. */
    const char *repositories, *tags, *query, *tag_end;
    const char *key; /* of the list in a page */
    bool (*has_more)(const zreg__json *page);
    int64_t (*pushed_s)(const zreg__json *tag); /* or ZREG__NO_TIME */
    /** Where no token is set: the Authorization for a repository, or NULL to go without. */
    zreg_status (*log_in)(char **out, zreg_client *client, zreg__host *host, const char *repository,
                          zreg_cancel *cancel, zreg_error *err);
    const char *wants_token; /* in words, when it deletes for a token only; else NULL */
} zreg__tagapi;

extern const zreg__tagapi zreg__tagapi_hub;
extern const zreg__tagapi zreg__tagapi_quay;

/** The one that is set for a host, or that suits it. NULL: the registry's own protocol, which tells
 *  no age. */
const zreg__tagapi *zreg__tagapi_of(const zreg__host *host);

/** Lists all tags of a repository. Errors: PROTO, LIMIT, those of the client. */
zreg_status zreg__tagapi_list(zreg__dated_tags *out, const zreg__tagapi *api, zreg_client *client,
                              const zreg_ref *ref, zreg_cancel *cancel, zreg_error *err);

#endif
