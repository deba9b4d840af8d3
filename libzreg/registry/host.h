/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One registry host: all that a client knows of it. How it is reached and what was set for it, what
 * its answers taught, its tokens and logins, its counters.
 *
 * Lives as long as its client. What the first answer teaches (TLS or not, the challenge) is learned
 * by one thread while the others wait, so that a cold host costs one 401 whatever the concurrency.
 * Usable from many threads by the functions below, which alone take its lock.
 */
#ifndef ZREG_REGISTRY_HOST_H
#define ZREG_REGISTRY_HOST_H

#include "base/map.h"
#include "base/turn.h"
#include "http/fetch.h"
#include "oci/challenge.h"
#include "registry/quirks.h"
#include "registry/scope.h"
#include "registry/token.h"

#include <pthread.h>
#include <stdatomic.h>
#include <zreg/client.h>

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

/** A call to the token service: others that want no more than it asks for wait for it. */
typedef struct zreg__token_call {
    struct zreg__token_call *next;
    zreg__turn turn;
    unsigned holders; /* who asks, and who waits */
    uint64_t generation;
    char *credential_key;
    zreg__scopes scopes;
} zreg__token_call;

typedef struct zreg__host {
    char *name;                         /* canonical: "docker.io" */
    const zreg__quirks *_Atomic quirks; /* a challenge may tell of others */
    const char *authority;              /* where it answers: "registry-1.docker.io" */
    bool loopback;

    zreg__host_trust *_Atomic trust; /* the latest; NULL: the usual authorities */
    atomic_bool plain_http, http2;
    atomic_bool may_be_plain; /* it is spoken to without TLS where it has none */
    atomic_bool is_set;       /* by the program: what files say of the host does not count */
    atomic_bool is_suggested; /* files have said something, and the first of it counts */
    zreg__tagapi_settings *_Atomic tag_api; /* the latest; NULL: none */

    zreg__fetch_counters wire;
    _Atomic uint64_t auth_requests;
    _Atomic uint64_t blob_requests;
    atomic_bool mounts_fail; /* with an answer of 5xx, which says nothing about a plain upload */
    _Atomic uint64_t upload_piece; /* of blobs that are pushed, see registry/upload.c */
    atomic_bool pushed_to;         /* it has answered a push, so what it asks for then is known */

    zreg__turn_lock lock; /* guards all that follows */
    bool known;           /* has answered once */
    zreg__turn contact;   /* one thread makes the first request, and learns from its answer */
    bool tls;             /* valid once known */
    bool peer_is_private;
    uint64_t quiet_until_ms; /* the host asked to be left alone until then */
    zreg__challenge challenge;
    zreg__token *tokens;
    uint64_t serials;        /* of tokens, so far */
    zreg__token_call *calls; /* to the token service, one for each thing that is wanted */
    bool token_by_post;      /* it takes a user and a password by POST only */
    uint64_t generation;     /* of the credentials; tokens and logins of others are not kept */
    zreg__map *expected;     /* repository -> zreg__scopes that its first token should have */
    char *login;             /* Authorization for the vendor's interface, or NULL */
} zreg__host;

/** The one name of a host that was named so: case does not count in it, nor which of several names it is. New
 *  memory; NULL when it runs out. */
char *zreg__host_name(const char *given);

zreg_status zreg__host_new(zreg__host **out, const char *name, zreg_error *err);

void zreg__host_free(zreg__host *host);

/* Contact: host.c. */

/**
 * Begins a request. `*out_first` tells that nothing is known of the host yet: the caller then must
 * call zreg__host_leave, until which others wait here. Waits too while the host wants to be left
 * alone. Errors: CANCELLED; that of the first contact which it has waited for, with `*out_failure` as of
 * zreg__fetch_open.
 */
zreg_status zreg__host_enter(bool *out_first, zreg__fetch_failure *out_failure, zreg__host *host,
                             zreg_cancel *cancel, zreg_error *err);

/** Ends the first contact. `failed` says why the host did not answer, to those who have waited as well; NULL: it
 *  did, or what failed was the caller's own. */
void zreg__host_leave(zreg__host *host, const zreg_error *failed);

/** Remembers what the first answer shows. */
void zreg__host_answered(zreg__host *host, bool tls, bool peer_is_private);

/** Nobody sends to this host for so long. */
void zreg__host_quiet(zreg__host *host, uint64_t ms);

/** Whether to speak TLS: as the host answered, or else as was set. */
bool zreg__host_uses_tls(zreg__host *host);

/** Whether plain HTTP may be spoken: it was allowed, or nobody is on the way to the host. It then is
 *  spoken, unless the host has answered by TLS already. */
bool zreg__host_speaks_plain(zreg__host *host);

/* What the program set: host_settings.c. */

/** Copies the options of zreg_client_set_host. */
zreg_status zreg__host_configure(zreg__host *host, const zreg_host_options *options,
                                 zreg_error *err);

/** What files say of how a host is reached, and whom to trust there. */
typedef struct zreg__host_suggestion {
    zreg_host_options options;
    bool may_be_plain; /* without TLS where it speaks none */
} zreg__host_suggestion;

/** Holds where the program has set nothing, and nothing was suggested before. */
zreg_status zreg__host_suggest(zreg__host *host, const zreg__host_suggestion *suggested,
                               zreg_error *err);

/** The same for the same suggestions, and for no others; it shows no secret. New memory; NULL when it runs out. */
char *zreg__host_suggestion_key(const zreg__host_suggestion *suggested);

/** Trust settings for the fetcher; they point into the host. */
zreg__fetch_tls zreg__host_tls(const zreg__host *host);

/** How its tags are listed and deleted; never NULL. */
const zreg__tagapi_settings *zreg__host_tag_api(const zreg__host *host);

/** Takes over the settings, unless they are those that hold already; new ones end the login. */
void zreg__host_set_tag_api(zreg__host *host, zreg__tagapi_settings **settings);

void zreg__tagapi_settings_free(zreg__tagapi_settings *settings);

/** Frees all settings. */
void zreg__host_settings_finish(zreg__host *host);

/* Authorization: host_auth.c. */

/** What the host asks for, as far as it is known. */
zreg__challenge_scheme zreg__host_scheme(zreg__host *host);

/** Whether it takes user and password itself beside what zreg__host_scheme tells. */
bool zreg__host_offers_basic(zreg__host *host);

/** From now on it is shown these, until it asks again. */
void zreg__host_prefer_basic(zreg__host *host);

/** Keeps a challenge for the requests to come, and takes it over, unless it asks for nothing. */
void zreg__host_learn(zreg__host *host, zreg__challenge *challenge);

/** The token service that the challenge named, and how the host itself was reached. */
typedef struct zreg__host_realm {
    char *realm;
    char *service; /* or NULL */
    bool tls;
    bool peer_is_private;
} zreg__host_realm;

/** Whether the token service that it named answers at this host, which is named without a port. */
bool zreg__host_asks_at(zreg__host *host, const char *name);

/** Errors: PROTO (none was named), NOMEM. */
zreg_status zreg__host_realm_of(zreg__host_realm *out, zreg__host *host, zreg_error *err);

void zreg__host_realm_finish(zreg__host_realm *realm);

/** Says what the first token for a repository should allow: `actions`, and to pull from `from` (may
 *  be NULL). Errors: NOMEM. */
zreg_status zreg__host_expect(zreg__host *host, const char *repository, unsigned actions,
                              const char *from, zreg_error *err);

/** Adds what is expected of a repository. Errors: NOMEM. */
zreg_status zreg__host_expected(zreg__scopes *to, zreg__host *host, const char *repository,
                                zreg_error *err);

/** Changes with the credentials: it is taken before they are looked up, and given with what is made of them. */
uint64_t zreg__host_generation(zreg__host *host);

/** What a request wants of the token service. */
typedef struct zreg__token_want {
    const char *credential_key;
    uint64_t generation;
    const zreg__scopes *needed; /* by the request */
    const zreg__scopes *wanted; /* these, and what is expected */
} zreg__token_want;

/**
 * Copies the value of a kept token that covers what is needed, after having waited for one that another thread
 * asks for. When there is none, `*out_value` stays NULL and the caller asks for what is wanted, then calls
 * zreg__host_give_token with `*out_call`. Errors: what the call has failed with which it has waited for;
 * CANCELLED, NOMEM.
 */
zreg_status zreg__host_take_token(char **out_value, uint64_t *out_serial,
                                  zreg__token_call **out_call, zreg__host *host,
                                  const zreg__token_want *want, zreg_cancel *cancel,
                                  zreg_error *err);

/** A copy of the value of a kept token that covers `needed`; NULL: there is none. Nobody waits. */
char *zreg__host_kept_token(zreg__host *host, const char *credential_key,
                            const zreg__scopes *needed);

/** Ends a call; keeps what came of it and takes it over, or NULL, and then `failed` as of zreg__host_leave. Gives
 *  its serial, or 0. */
uint64_t zreg__host_give_token(zreg__host *host, zreg__token_call *call, zreg__token *token,
                               const zreg_error *failed);

/** Whether user and password go to the token service by POST, as it was found out. */
bool zreg__host_token_by_post(zreg__host *host);
void zreg__host_learn_token_by_post(zreg__host *host);

/** Drops a token that was refused. */
void zreg__host_drop_token(zreg__host *host, uint64_t serial);

/** A copy of the Authorization for the vendor's interface; NULL: none is kept. */
char *zreg__host_login(zreg__host *host);

/** Keeps a copy of it, unless the credentials have changed since; NULL: it was refused. */
void zreg__host_keep_login(zreg__host *host, const char *login, uint64_t generation);

/** Drops tokens and login, those to come of calls under way too: they were made with credentials that no longer
 *  count. */
void zreg__host_forget(zreg__host *host);

ZREG__DEFINE_AUTO(zreg__host, zreg__host_free)
ZREG__DEFINE_AUTO(zreg__tagapi_settings, zreg__tagapi_settings_free)
ZREG__DEFINE_AUTO_VALUE(zreg__host_realm, zreg__host_realm_finish)

#endif
