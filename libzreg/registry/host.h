/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One registry host: how it is reached, what was learned of it, its tokens and its counters.
 *
 * Lives as long as its client. What the first answer teaches (TLS or not, the challenge) is learned
 * by one thread while the others wait, so that a cold host costs one 401 whatever the concurrency.
 */
#ifndef ZREG_REGISTRY_HOST_H
#define ZREG_REGISTRY_HOST_H

#include "base/map.h"
#include "http/fetch.h"
#include "oci/challenge.h"
#include "registry/quirks.h"
#include "registry/scope.h"

#include <pthread.h>
#include <stdatomic.h>
#include <zreg/client.h>

typedef struct zreg__token zreg__token;

/** How tags are listed and deleted where the registry's own protocol does not do. Never changed:
 *  others replace it, and it lives as long as the host, since a request may be using it. */
typedef struct zreg__tagapi_settings {
    struct zreg__tagapi_settings *older;
    zreg_tag_api api;
    struct zreg__host *host; /* where the vendor's interface answers; NULL: where it usually does */
    char *path;              /* what stands before its paths; NULL: nothing */
    char *token;             /* or NULL */
} zreg__tagapi_settings;

/** Whom to trust at a host, and as whom. Replaced as the former are. */
typedef struct zreg__host_trust {
    struct zreg__host_trust *older;
    char *ca_pem, *client_cert_pem, *client_key_pem;
    bool insecure;
} zreg__host_trust;

typedef struct zreg__host {
    char *name;                         /* canonical: "docker.io" */
    const zreg__quirks *_Atomic quirks; /* a challenge may tell of others */
    const char *authority;              /* where it answers: "registry-1.docker.io" */
    bool loopback;

    zreg__host_trust *_Atomic trust; /* the latest; NULL: the usual authorities */
    atomic_bool plain_http, http2;
    zreg__tagapi_settings *_Atomic tag_api; /* the latest; NULL: none */

    zreg__fetch_counters wire;
    _Atomic uint64_t auth_requests;
    _Atomic uint64_t blob_requests;

    pthread_mutex_t lock; /* guards all that follows */
    pthread_cond_t changed;
    bool known;      /* has answered once */
    bool contacting; /* one thread makes the first request */
    bool tls;        /* valid once known */
    bool peer_is_private;
    zreg__challenge challenge;
    bool token_wanted; /* one thread asks the token service */
    zreg__token *tokens;
    zreg__map *expected;     /* repository -> zreg__scopes that its first token should have */
    uint64_t quiet_until_ms; /* the host asked to be left alone until then */
    char *login;             /* Authorization for the vendor's interface, or NULL */
} zreg__host;

zreg_status zreg__host_new(zreg__host **out, const char *name, zreg_error *err);

/** Copies the options of zreg_client_set_host. */
zreg_status zreg__host_configure(zreg__host *host, const zreg_host_options *options,
                                 zreg_error *err);

/** Trust settings for the fetcher; they point into the host. */
zreg__fetch_tls zreg__host_tls(const zreg__host *host);

/**
 * Begins a request. `*out_first` tells that nothing is known of the host yet: the caller then must
 * call zreg__host_leave, until which others wait here. Waits too while the host wants to be left
 * alone. Errors: CANCELLED.
 */
zreg_status zreg__host_enter(bool *out_first, zreg__host *host, zreg_cancel *cancel,
                             zreg_error *err);

/** Whether plain HTTP may be spoken: it was allowed, or nobody is on the way to the host. It then is
 *  spoken, unless the host has answered by TLS already. */
bool zreg__host_speaks_plain(zreg__host *host);

/** Ends the first contact. */
void zreg__host_leave(zreg__host *host);

/** Remembers what the first answer shows. */
void zreg__host_answered(zreg__host *host, bool tls, bool peer_is_private);

/** Nobody sends to this host for so long. */
void zreg__host_quiet(zreg__host *host, uint64_t ms);

/** Waits on host->changed, at most 50 ms, with the lock held. Errors: CANCELLED. */
zreg_status zreg__host_wait(zreg__host *host, zreg_cancel *cancel, zreg_error *err);

void zreg__host_free(zreg__host *host);

ZREG__DEFINE_AUTO(zreg__host, zreg__host_free)

#endif
