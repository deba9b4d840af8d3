/* SPDX-License-Identifier: Apache-2.0 */
/** Requests to the interfaces that vendors have beside the registry's protocol. */
#ifndef ZREG_REGISTRY_VENDOR_H
#define ZREG_REGISTRY_VENDOR_H

#include "registry/tagapi.h"

/** Lists tags page by page. */
zreg_status zreg__vendor_list(zreg__dated_tags *out, const zreg__tagapi *api, zreg_client *client,
                              const zreg_ref *ref, zreg_cancel *cancel, zreg_error *err);

/** Deletes one tag. Errors: DENIED (there is no token to do it with), those of the client. */
zreg_status zreg__vendor_remove(const zreg__tagapi *api, zreg_client *client, const zreg_ref *ref,
                                zreg_cancel *cancel, zreg_error *err);

/** One request. */
typedef struct zreg__vendor_call {
    const char *method;
    const char *path;
    const char *authorization; /* or NULL */
    const zreg__buf *body;     /* JSON, secret; or NULL */
    zreg__json **json;         /* what the answer is read into, see registry/request.h; or NULL */
    bool *out_in_doubt;        /* see registry/request.h; or NULL */
    const char *what;          /* for errors */
} zreg__vendor_call;

/** Sends it for a registry's host, with retries. */
zreg_status zreg__vendor_send(zreg__fetch_exchange **out, const zreg__tagapi *api,
                              zreg_client *client, zreg__host *registry,
                              const zreg__vendor_call *call, zreg_cancel *cancel, zreg_error *err);

#endif
