/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lanes share: answers of name servers and sessions of TLS. A session that is taken up again shows no certificate,
 * so those who trust other authorities share none with each other: there is one of these for each trust.
 */
#include "base/error.h"
#include "http/fetch_inner.h"

static void lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *user)
{
    zreg__fetch *fetch = user;

    (void)easy;
    (void)access;
    pthread_mutex_lock(&fetch->share_locks[data]);
}

static void unlock(CURL *easy, curl_lock_data data, void *user)
{
    zreg__fetch *fetch = user;

    (void)easy;
    pthread_mutex_unlock(&fetch->share_locks[data]);
}

static bool set_up(CURLSH *share, zreg__fetch *fetch)
{
    return curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock) == CURLSHE_OK &&
           curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock) == CURLSHE_OK &&
           curl_share_setopt(share, CURLSHOPT_USERDATA, fetch) == CURLSHE_OK &&
           curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
           curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
}

zreg_status zreg__fetch_share_new(CURLSH **out, zreg__fetch *fetch, zreg_error *err)
{
    CURLSH *share = curl_share_init();

    if (share == NULL || !set_up(share, fetch)) {
        zreg__fetch_share_free(share);
        return zreg__fail_nomem(err);
    }
    *out = share;
    return ZREG_OK;
}

void zreg__fetch_share_free(CURLSH *share)
{
    if (share != NULL) {
        curl_share_cleanup(share);
    }
}
