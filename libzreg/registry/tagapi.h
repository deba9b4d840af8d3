/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The interfaces over which the tags of a repository are listed with their age, and one of them is
 * deleted: a row and a file each. None of them ever deletes a digest, so other tags of an image
 * stay.
 */
#ifndef ZREG_REGISTRY_TAGAPI_H
#define ZREG_REGISTRY_TAGAPI_H

#include "base/json.h"
#include "base/map.h"
#include "registry/request.h"

/** A tag whose age is not known. */
#define ZREG__NO_TIME INT64_MIN

typedef struct zreg__dated_tag {
    char *name;
    int64_t pushed_s; /* since 1970, or ZREG__NO_TIME */
} zreg__dated_tag;

/** Tags in the order of the answers, each once; begin with all zero. */
typedef struct zreg__dated_tags {
    zreg__dated_tag *items;
    size_t count;
    size_t capacity;
    zreg__map *seen;
} zreg__dated_tags;

/** Adds a tag, unless it is there: pages move when somebody pushes meanwhile. Errors: PROTO (no
 *  tag), LIMIT, NOMEM. */
zreg_status zreg__dated_tags_add(zreg__dated_tags *tags, const char *name, int64_t pushed_s,
                                 zreg_error *err);

void zreg__dated_tags_finish(zreg__dated_tags *tags);

/** One interface. */
typedef struct zreg__tagapi {
    bool tells_age;
    zreg_status (*list)(zreg__dated_tags *out, zreg_client *client, const zreg_ref *ref,
                        zreg_cancel *cancel, zreg_error *err);
    zreg_status (*remove)(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                          zreg_error *err);
} zreg__tagapi;

/** The one that is set for a host, or that suits it. */
const zreg__tagapi *zreg__tagapi_of(const zreg__host *host);

extern const zreg__tagapi zreg__tagapi_hub;
extern const zreg__tagapi zreg__tagapi_quay;

/** Deletes a tag by the registry's own protocol. */
zreg_status zreg__manifest_tag_delete(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                                      zreg_error *err);

/** One request to a vendor's interface. */
typedef struct zreg__vendor_call {
    const char *usual_host; /* where it answers when no other place is set; NULL: the registry */
    const char *method;
    const char *path;
    const char *authorization; /* or NULL */
    const zreg__buf *body;     /* JSON, secret; or NULL */
    const char *what;          /* for errors */
} zreg__vendor_call;

/** Sends it for a registry's host, with retries. */
zreg_status zreg__vendor_send(zreg__fetch_exchange **out, zreg_client *client, zreg__host *registry,
                              const zreg__vendor_call *call, zreg_cancel *cancel, zreg_error *err);

/** The body of a 200 as JSON; else the error that the answer stands for. */
zreg_status zreg__vendor_json(zreg__json **out, zreg__fetch_exchange *exchange, const char *what,
                              zreg_error *err);

ZREG__DEFINE_AUTO_VALUE(zreg__dated_tags, zreg__dated_tags_finish)

#endif
