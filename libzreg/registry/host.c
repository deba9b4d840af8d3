/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/host.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/reference.h"

static void free_scopes(void *scopes)
{
    zreg__scopes_finish(scopes);
    free(scopes);
}

char *zreg__host_name(const char *given)
{
    char *name = zreg__strdup(zreg__quirks_canonical(given));

    for (char *c = name; c != NULL && *c != '\0'; c++) {
        *c = zreg__to_lower(*c);
    }
    return name;
}

zreg_status zreg__host_new(zreg__host **out, const char *name, zreg_error *err)
{
    ZREG__AUTO(zreg__host) zreg__host *host = zreg__new(zreg__host);

    if (host == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__turn_lock_init(&host->lock);
    host->name = zreg__host_name(name);
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

    pthread_mutex_lock(&host->lock.lock);
    tls = host->known ? host->tls : !host->plain_http;
    pthread_mutex_unlock(&host->lock.lock);
    return tls;
}

bool zreg__host_speaks_plain(zreg__host *host)
{
    if (!host->loopback && !host->plain_http) {
        return false;
    }
    pthread_mutex_lock(&host->lock.lock);
    if (!host->known) {
        host->plain_http = true;
    }
    pthread_mutex_unlock(&host->lock.lock);
    return true;
}

static uint64_t quiet_ms(zreg__host *host)
{
    uint64_t now = zreg__clock_ms();
    uint64_t until;

    pthread_mutex_lock(&host->lock.lock);
    until = host->quiet_until_ms;
    pthread_mutex_unlock(&host->lock.lock);
    return until > now ? until - now : 0;
}

zreg_status zreg__host_enter(bool *out_first, zreg__fetch_failure *out_failure, zreg__host *host,
                             zreg_cancel *cancel, zreg_error *err)
{
    for (uint64_t ms; (ms = quiet_ms(host)) > 0;) {
        ZREG__TRY(zreg__cancel_sleep(cancel, ms, err));
    }
    pthread_mutex_lock(&host->lock.lock);
    uint64_t failures = host->contact.failures;
    zreg_status status = zreg__turn_wait(&host->contact, &host->lock, cancel, err);
    *out_first = status == ZREG_OK && !host->known;
    host->contact.taken = host->contact.taken || *out_first;
    if (status != ZREG_OK && host->contact.failures != failures) {
        *out_failure = ZREG__FETCH_TRANSIENT;
    }
    pthread_mutex_unlock(&host->lock.lock);
    return status;
}

void zreg__host_leave(zreg__host *host, const zreg_error *failed)
{
    pthread_mutex_lock(&host->lock.lock);
    zreg__turn_end(&host->contact, &host->lock, failed);
    pthread_mutex_unlock(&host->lock.lock);
}

void zreg__host_answered(zreg__host *host, bool tls, bool peer_is_private)
{
    pthread_mutex_lock(&host->lock.lock);
    if (!host->known) {
        host->known = true;
        host->tls = tls;
        host->peer_is_private = peer_is_private;
    }
    pthread_mutex_unlock(&host->lock.lock);
}

void zreg__host_quiet(zreg__host *host, uint64_t ms)
{
    uint64_t until = zreg__clock_ms() + ms;

    pthread_mutex_lock(&host->lock.lock);
    if (until > host->quiet_until_ms) {
        host->quiet_until_ms = until;
    }
    pthread_mutex_unlock(&host->lock.lock);
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
    zreg__turn_lock_finish(&host->lock);
    free(host->name);
    free(host);
}
