/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/host.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "oci/reference.h"

/* Cancel tokens cannot wake a condition variable, so waits are cut into these. */
#define WAIT_MS 50

static void free_scopes(void *scopes)
{
    zreg__scopes_finish(scopes);
    free(scopes);
}

static void init_locks(zreg__host *host)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&host->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&host->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

zreg_status zreg__host_new(zreg__host **out, const char *name, zreg_error *err)
{
    ZREG__AUTO(zreg__host) zreg__host *host = zreg__new(zreg__host);

    if (host == NULL) {
        return zreg__fail_nomem(err);
    }
    init_locks(host);
    host->name = zreg__strdup(zreg__quirks_canonical(name));
    if (host->name == NULL) {
        return zreg__fail_nomem(err);
    }
    const zreg__quirks *quirks = zreg__quirks_find(host->name);
    host->quirks = quirks;
    host->authority = quirks->authority != NULL ? quirks->authority : host->name;
    host->loopback = zreg__reference_is_loopback(host->name);
    ZREG__TRY(zreg__map_new(&host->expected, free_scopes, err));
    *out = zreg__steal(&host);
    return ZREG_OK;
}

bool zreg__host_uses_tls(zreg__host *host)
{
    bool tls;

    pthread_mutex_lock(&host->lock);
    tls = host->known ? host->tls : !host->plain_http;
    pthread_mutex_unlock(&host->lock);
    return tls;
}

bool zreg__host_speaks_plain(zreg__host *host)
{
    if (!host->loopback && !host->plain_http) {
        return false;
    }
    pthread_mutex_lock(&host->lock);
    if (!host->known) {
        host->plain_http = true;
    }
    pthread_mutex_unlock(&host->lock);
    return true;
}

zreg_status zreg__host_wait(zreg__host *host, zreg_cancel *cancel, zreg_error *err)
{
    struct timespec until = zreg__clock_deadline(WAIT_MS);

    pthread_cond_timedwait(&host->changed, &host->lock, &until);
    return zreg__cancel_check(cancel, err);
}

static uint64_t quiet_ms(zreg__host *host)
{
    uint64_t now = zreg__clock_ms();
    uint64_t until;

    pthread_mutex_lock(&host->lock);
    until = host->quiet_until_ms;
    pthread_mutex_unlock(&host->lock);
    return until > now ? until - now : 0;
}

zreg_status zreg__host_enter(bool *out_first, zreg__host *host, zreg_cancel *cancel,
                             zreg_error *err)
{
    zreg_status status = ZREG_OK;

    for (uint64_t ms; (ms = quiet_ms(host)) > 0;) {
        ZREG__TRY(zreg__cancel_sleep(cancel, ms, err));
    }
    pthread_mutex_lock(&host->lock);
    while (status == ZREG_OK && host->contacting) {
        status = zreg__host_wait(host, cancel, err);
    }
    *out_first = status == ZREG_OK && !host->known;
    host->contacting = host->contacting || *out_first;
    pthread_mutex_unlock(&host->lock);
    return status;
}

void zreg__host_leave(zreg__host *host)
{
    pthread_mutex_lock(&host->lock);
    host->contacting = false;
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
}

void zreg__host_answered(zreg__host *host, bool tls, bool peer_is_private)
{
    pthread_mutex_lock(&host->lock);
    if (!host->known) {
        host->known = true;
        host->tls = tls;
        host->peer_is_private = peer_is_private;
    }
    pthread_mutex_unlock(&host->lock);
}

void zreg__host_quiet(zreg__host *host, uint64_t ms)
{
    uint64_t until = zreg__clock_ms() + ms;

    pthread_mutex_lock(&host->lock);
    if (until > host->quiet_until_ms) {
        host->quiet_until_ms = until;
    }
    pthread_mutex_unlock(&host->lock);
}

void zreg__host_free(zreg__host *host)
{
    if (host == NULL) {
        return;
    }
    zreg__token_free_all(host->tokens);
    zreg__challenge_finish(&host->challenge);
    zreg__map_free(host->expected);
    zreg__free_secret(host->login);
    zreg__host_settings_finish(host);
    pthread_cond_destroy(&host->changed);
    pthread_mutex_destroy(&host->lock);
    free(host->name);
    free(host);
}
